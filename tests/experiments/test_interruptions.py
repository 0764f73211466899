"""Real signals to real processes: nothing is left running, and nothing is taken for a result that is none."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from geomsup import workers
from tests.processes import is_gone

PATIENCE = 600.0  # seconds until what does not end counts as endless; kernels may have to be compiled first


def usual_signals():
    """Hear SIGINT also where the tests were started in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(scope="module")
def compiled():
    """Compile what trains, once: programs begun then hear signals while they train, not while they compile."""
    import geomsup as gs

    for probability in (0.5, 0.05):  # drawn in full, and by gaps
        gs.train(gs.Features(40, probability), 2, steps=1, batch=1, threads=1, device="cpu")


@pytest.fixture
def begin(tmp_path, compiled):
    """Return a function that starts the command line in a session of its own; what is left is killed at the end."""
    children = []

    def begin(*arguments, setting=""):
        program = f"import sys\n{setting}\nfrom geomsup.cli import main\nif __name__ == '__main__': sys.exit(main())"
        child = subprocess.Popen(
            [sys.executable, "-c", program, *arguments], cwd=tmp_path, start_new_session=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=usual_signals,
        )  # fmt: skip
        children.append(child)
        return child

    yield begin
    for child in children:
        if not ends(lambda child=child: is_gone(child.pid), seconds=0.0):
            os.killpg(child.pid, signal.SIGKILL)


def ends(condition, seconds=PATIENCE):
    """Wait until the condition holds; return whether it does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize(
    ("kind", "codes"), [(signal.SIGINT, {130}), (signal.SIGTERM, {143}), (signal.SIGKILL, {-signal.SIGKILL})]
)
def test_experiments_end_with_their_program_and_leave_no_verdict(begin, tmp_path, kind, codes, jobs):
    child = begin("reproduce", "E8", "E18", "--quick", "-o", "d", "--jobs", jobs)
    parts = [tmp_path / "d" / id / "parts" for id in (("E8", "E18") if jobs == "2" else ("E8",))]
    assert ends(lambda: all(part.is_dir() for part in parts))  # all are at work
    child.send_signal(kind)
    out, said = child.communicate(timeout=PATIENCE)  # ends when nobody holds the pipes any more
    assert child.returncode in codes
    assert out == "", said
    assert ends(lambda: is_gone(child.pid))
    reports = [json.loads(path.read_text()) for path in (tmp_path / "d").glob("*/report.json")]
    assert reports
    assert {report["verdict"] for report in reports} == {None}
    assert {report["error"] for report in reports} == {""}
    assert not list(tmp_path.glob("d/*/data.npz"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_an_interrupted_training_leaves_a_file_beside(begin, tmp_path, kind, code):
    """What is done is a training of its own kind; the file asked for is not there."""
    import geomsup as gs

    arguments = ("train", "5", "2", "--models", "1", "--steps", "1000000000", "--threads", "1", "-o", "run.npz")
    child = begin(*arguments, setting="from geomsup.training import whole; whole.SITTING_SECONDS = 0.0")
    assert ends(lambda: list(tmp_path.glob("run.part-*.npz")))
    child.send_signal(kind)
    _, said = child.communicate(timeout=PATIENCE)
    assert child.returncode == code
    assert not (tmp_path / "run.npz").exists()
    (part,) = tmp_path.glob("run.part-*.npz")
    hint = f"geomsup: what is done is in {part.name}; the same command goes on from there\ngeomsup: interrupted\n"
    assert said == ("" if kind == signal.SIGKILL else hint)
    left = gs.TrainingRun.load(part)
    assert 0 < left.config["completed_steps"] < 10**9
    whole = gs.train(left.features[0], 2, steps=left.config["completed_steps"], threads=1)
    assert (left.W == whole.W).all()


def test_a_worker_that_is_ended_from_outside_is_one_line():
    ended = pytest.raises(OSError, match="one of the processes was ended from outside; run the same again")
    with ended, workers.processes(1) as pool:
        pool.submit(workers.work, os._exit, 1).result()


def test_what_fails_in_a_worker_comes_through():
    with pytest.raises(ZeroDivisionError), workers.processes(1) as pool:
        pool.submit(workers.work, divmod, 1, 0).result()


def test_a_worker_that_was_told_to_end_begins_nothing(monkeypatch):
    monkeypatch.setattr(workers._ME, "told", True)
    done = []
    with pytest.raises(KeyboardInterrupt):
        workers.work(done.append, 1)
    assert (done, workers._ME.busy) == ([], False)
