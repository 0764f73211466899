"""Results are written complete or not at all."""

import json
import subprocess
import sys

import numpy as np
import pytest

from geomsup.files import replacing, write_json


def test_json_is_written_whole(tmp_path):
    path = tmp_path / "result.json"
    write_json(path, {"loss": 0.1, "W": [[1.0]]})
    assert json.loads(path.read_text()) == {"loss": 0.1, "W": [[1.0]]}
    write_json(str(path), [1])
    assert json.loads(path.read_text()) == [1]
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


@pytest.mark.parametrize("bad", [{"loss": float("nan")}, {"loss": float("inf")}, {"loss": object()}])
def test_what_json_lacks_leaves_the_old_file(tmp_path, bad):
    path = tmp_path / "result.json"
    write_json(path, 1)
    with pytest.raises((ValueError, TypeError), match="JSON"):
        write_json(path, bad)
    assert path.read_text() == "1\n"
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "result.json"
    write_json(path, 1)

    def full(self, text, **_):
        self.touch()
        raise OSError("disk full")

    monkeypatch.setattr(type(path), "write_text", full)
    with pytest.raises(OSError, match="disk full"):
        write_json(path, 2)
    assert path.read_text() == "1\n"
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


def test_a_failure_of_any_writer_leaves_the_old_file(tmp_path):
    path = tmp_path / "figure.png"
    path.write_text("old")

    def draw():
        with replacing(path) as temporary:
            assert (temporary.parent, temporary.suffix) == (tmp_path, ".png")  # writers look at the suffix
            temporary.write_text("half of the new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        draw()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


WRITER = """
import sys
import numpy as np
from pathlib import Path
from geomsup.experiments.lab import write_data
from geomsup.files import write_json

folder, mark = Path(sys.argv[1]), sys.argv[2]
for k in range(200):
    write_json(folder / "one.json", [mark] * 2000)
    write_data(folder / "one.npz", {"a": np.full(2000, int(mark))})
"""


@pytest.mark.slow
def test_two_processes_may_write_one_file_while_others_read_it(tmp_path):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), mark]) for mark in "12"]
    reads = 0
    while any(writer.poll() is None for writer in writers):
        if (tmp_path / "one.npz").exists():
            whole = json.loads((tmp_path / "one.json").read_text())
            assert (len(whole), len(set(whole))) == (2000, 1)
            assert len(set(np.load(tmp_path / "one.npz")["a"].tolist())) == 1
            reads += 1
    assert [writer.returncode for writer in writers] == [0, 0]
    assert reads > 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["one.json", "one.npz"]
