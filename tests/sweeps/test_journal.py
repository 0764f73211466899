"""The journal: what is in it after what, who may write it, and what is said of files that are none."""

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from geomsup.sweeps.journal import Journal, Status
from geomsup.sweeps.lock import holder, locked
from geomsup.sweeps.outcome import Outcome
from geomsup.sweeps.plan import Plan

PLAN = Plan("m:f", {"x": (0, 1, 2), "y": (0, 1)}, {"z": 1})


def outcome(value):
    return Outcome(json.dumps({"value": value}), None, 0.5)


def test_what_is_written_is_there_again(tmp_path):
    path = tmp_path / "run.sqlite"
    with Journal.begun(path, PLAN) as journal:
        journal.write({0: outcome(0.1 + 0.2), 4: Outcome(None, "ValueError: no", 0.0)})
    assert sorted(os.listdir(tmp_path)) == ["run.sqlite"]  # no logs, no lock
    with Journal.begun(path, PLAN) as journal:
        assert journal.done.tolist() == [True, False, False, False, True, False]
        assert list(journal.results()) == [(0, {"value": 0.1 + 0.2}, None), (4, None, "ValueError: no")]
        assert journal.failed(5) == [{"point": {"x": 2, "y": 0}, "error": "ValueError: no"}]
        journal.forget_failed()
        assert journal.done.sum() == 1
    rows = sqlite3.connect(path).execute("SELECT position, id FROM points").fetchall()
    assert rows == [(0, PLAN.id(0)), (4, PLAN.id(4))]


def test_a_unit_is_there_as_a_whole_or_not_at_all(tmp_path):
    with Journal.begun(tmp_path / "run.sqlite", PLAN) as journal:
        with pytest.raises((ValueError, sqlite3.Error), match="object"):
            journal.write({0: outcome(1), 1: Outcome(object(), None, 0.0)})
        assert list(journal.results()) == []
        assert not journal.done.any()


@pytest.mark.parametrize(
    ("plan", "difference"),
    [
        (Plan("m:g", PLAN.axes, PLAN.fixed), "what is 'm:f' and not 'm:g'"),
        (Plan("m:f", {"x": (0, 1, 2), "y": (0, 2)}, PLAN.fixed), r"axis y is \[0, 1\] and not \[0, 2\]"),
        (Plan("m:f", {"x": (0, 1, 2)}, PLAN.fixed), r"axis y is \[0, 1\] and not 'nothing'"),
        (Plan("m:f", PLAN.axes, {}), "fixed z is 1 and not 'nothing'"),
        (Plan("m:f", PLAN.axes, PLAN.fixed, "abc"), "the function had another text"),
        (Plan("m:f", {"y": (0, 1), "x": (0, 1, 2)}, PLAN.fixed), "axes come in another order"),
    ],
)
def test_another_sweep_is_refused(tmp_path, plan, difference):
    path = tmp_path / "run.sqlite"
    with Journal.begun(path, PLAN):
        pass
    before = path.read_bytes()
    refused = pytest.raises(ValueError, match=f"`output` must be the journal of this sweep; .* {difference}. Name")
    with refused, Journal.begun(path, plan):
        pass
    assert path.read_bytes() == before


def test_another_version_is_another_sweep(tmp_path, monkeypatch):
    with Journal.begun(tmp_path / "run.sqlite", PLAN):
        pass
    monkeypatch.setattr("geomsup.sweeps.plan.__version__", "9.9")
    with (
        pytest.raises(ValueError, match=r"geomsup is '.*' and not '9.9'"),
        Journal.begun(tmp_path / "run.sqlite", PLAN),
    ):
        pass


def test_what_is_no_journal_is_refused_and_left_alone(tmp_path):
    text, other = tmp_path / "text", tmp_path / "other.sqlite"
    text.write_text("not a database, but longer than the header of one would be" * 9)
    sqlite3.connect(other).executescript("CREATE TABLE points (x)")
    for path in (text, other):
        before = path.read_bytes()
        with pytest.raises(ValueError, match="`output` must be the journal of a sweep"), Journal.begun(path, PLAN):
            pass
        with pytest.raises(ValueError, match="`output` must be the journal of a sweep"), Journal.read(path):
            pass
        assert path.read_bytes() == before
    with pytest.raises(FileNotFoundError, match="`path` must be the journal of a sweep; there is no file"):
        Journal.read(tmp_path / "nothing").__enter__()


@pytest.mark.parametrize(
    "damage",
    ["UPDATE sweep SET plan = '{'", "UPDATE points SET result = '{'", "UPDATE points SET position = 999"],
)
def test_what_is_damaged_is_told_in_one_line(tmp_path, damage):
    path = tmp_path / "run.sqlite"
    with Journal.begun(path, PLAN) as journal:
        journal.write({0: outcome(1)})
    with sqlite3.connect(path) as connection:
        connection.execute(damage)
    connection.close()
    message = r"`output` must be the journal of a sweep; '.*run.sqlite' is damaged"
    with pytest.raises(ValueError, match=message), Journal.read(path) as journal:
        list(journal.results())


def test_places_that_cannot_be_are_refused(tmp_path):
    with pytest.raises(ValueError, match="`output` must be a file; got the folder"), Journal.begun(tmp_path, PLAN):
        pass
    nowhere = tmp_path / "no" / "run.sqlite"
    with pytest.raises(ValueError, match="`output` must be in an existing folder"), Journal.begun(nowhere, PLAN):
        pass


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder in which not even root can make files")
def test_a_place_that_cannot_be_written_is_one_line():
    with pytest.raises(
        OSError, match=r"`output` must be a file that can be written; '/proc/run.sqlite' is not"
    ) as error:
        Journal.begun(Path("/proc/run.sqlite"), PLAN).__enter__()
    assert "\n" not in str(error.value)


def test_a_second_writer_is_refused_and_readers_are_not(tmp_path):
    path = tmp_path / "run.sqlite"
    with Journal.begun(path, PLAN) as journal:
        journal.write({0: outcome(1), 1: outcome(2)})
        refused = pytest.raises(OSError, match=f"must not be written by two sweeps; process {os.getpid()} writes")
        with refused, Journal.begun(path, PLAN):
            pass
        code = (
            "import sys; from pathlib import Path; from geomsup.sweeps.journal import Journal\n"
            "with Journal.read(Path(sys.argv[1])) as journal: print(*journal.status(), len(list(journal.results())))"
        )
        told = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
        assert told.stdout.split() == ["6", "2", "0", "None", str(os.getpid()), "2"]
        journal.write({2: outcome(3)})
    with Journal.read(path) as journal:
        assert journal.status().process is None


def test_a_reader_does_not_write(tmp_path):
    with Journal.begun(tmp_path / "run.sqlite", PLAN):
        pass
    with Journal.read(tmp_path / "run.sqlite") as journal, pytest.raises(OSError, match="can be written"):
        journal.write({0: outcome(1)})


def test_the_lock_ends_with_its_process(tmp_path):
    path = tmp_path / "lock"
    code = (
        "import sys, time; from pathlib import Path; from geomsup.sweeps.lock import locked\n"
        "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "held\n"
        assert holder(path) == child.pid
        with pytest.raises(BlockingIOError):
            locked(path).__enter__()
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert path.exists()
    assert holder(path) is None
    with locked(path):
        assert holder(path) == os.getpid()
    assert not path.exists()


FULL = """
import resource, sys
from pathlib import Path
from geomsup.sweeps.journal import Journal
from geomsup.sweeps.outcome import Outcome
from geomsup.sweeps.plan import Plan
plan = Plan("m:f", {"x": tuple(range(10000))}, {})
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
with Journal.begun(Path(sys.argv[1]), plan) as journal:
    for position in range(plan.size):
        journal.write({position: Outcome('{"value": "' + "x" * 2000 + '"}', None, 0.0)})
        print(position, flush=True)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="this system cannot limit the size of files")
def test_what_is_on_a_full_disk_is_kept(tmp_path):
    """A limit on the size of files is what a full disk is to SQLite: a write that fails."""
    path = tmp_path / "run.sqlite"
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True)
    assert "OSError: `output` must be a file that can be written;" in done.stderr
    assert "What it holds is kept: make room" in done.stderr
    told = [int(line) for line in done.stdout.split()]
    with Journal.read(path) as journal:
        kept = [position for position, _, _ in journal.results()]
    assert len(told) > 5
    assert kept == told
    with Journal.begun(path, Plan("m:f", {"x": tuple(range(10000))}, {})) as journal:  # room was made
        journal.write({9999: outcome(1)})
        assert journal.done.sum() == len(told) + 1


def test_the_time_left_is_that_of_the_units_of_late(tmp_path, monkeypatch):
    path = tmp_path / "run.sqlite"
    with Journal.begun(path, Plan("m:f", {"x": tuple(range(100))}, {})) as journal:
        for position, now in enumerate((1.0, 2.0, 3.0, 1000.0, 1002.0, 1004.0)):  # it was stopped for a while
            monkeypatch.setattr("time.time", lambda now=now: now)
            journal.write({position: outcome(1)})
            if position == 0:
                assert journal.status() == Status(100, 1, 0, None, os.getpid())
        assert journal.status() == Status(100, 6, 0, 94 * 2.0, os.getpid())
