"""Ctrl-C in a terminal: what a command says, and what it keeps."""

import json
import os
import pty
import re
import signal
import subprocess
import sys

import pytest

BEGUN = re.compile(rb"searching[^%]*?[1-9]\d*%")  # the bar has moved: something is done
UNLIKE = [str(0.9**i) for i in range(30)]
MOST = 2**20  # bytes of a bar that is drawn again and again


def usual_signals():
    """Hear Ctrl-C also where the tests were started in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(folder, *arguments, begun=BEGUN, **more):
    """Send Ctrl-C to a command when its bar shows what is waited for; return the exit code, and what was shown."""
    terminal, other = pty.openpty()
    environment = os.environ | {"GEOMSUP_CACHE": str(folder), "COLUMNS": "200", "TERM": "xterm"} | more
    command = [sys.executable, "-m", "geomsup", *arguments]
    program = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=other, env=environment, preexec_fn=usual_signals
    )
    os.close(other)
    seen, sent = b"", False
    while len(seen) < MOST:
        try:
            seen += os.read(terminal, 4096)
        except OSError:  # the program has closed it
            break
        plain = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", seen)
        if not sent and begun.search(plain):
            program.send_signal(signal.SIGINT)
            sent = True
    os.close(terminal)
    assert sent, seen
    return program.wait(), plain.decode()


@pytest.mark.slow
def test_ctrl_c_keeps_the_rows_of_a_phase_diagram(tmp_path):
    """100 x 100 cells of (4, 2) are a minute of work: no machine is done before it hears the signal."""
    code, shown = interrupted(tmp_path, "phase-diagram", "4", "2", "--points", "100")
    assert code == 130
    said = re.search(r"geomsup: (\d+) of 100 rows of cells are kept; the same search goes on from there\s", shown)
    assert said, shown
    assert shown.rstrip().endswith("geomsup: interrupted")
    (file,) = tmp_path.glob("rows of phase diagrams/*.json")
    assert 1 <= int(said[1]) <= 100
    assert file.stat().st_size > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("problem", "begun", "said", "kept"),
    [
        (("30", "6", "--importance", *UNLIKE), BEGUN, "the search so far is kept", "searches"),
        (("60", "8"), re.compile(rb"rank 2[^%]*?\d+%"), "the blocks found so far are kept", "blocks"),
    ],
)
def test_ctrl_c_keeps_what_a_search_for_the_optimum_has_found(tmp_path, problem, begun, said, kept):
    """Both are tens of seconds of work on any machine."""
    code, shown = interrupted(tmp_path, "optimum", *problem, "--sparsity", "0.9", begun=begun)
    assert code == 130
    assert f"geomsup: {said}; the same search goes on from there" in " ".join(shown.split())
    assert shown.rstrip().endswith("geomsup: interrupted")
    assert list(tmp_path.glob(f"{kept}/*.json"))


@pytest.mark.slow
def test_ctrl_c_ends_the_processes_that_compile(tmp_path):
    code, shown = interrupted(tmp_path, "warm", begun=re.compile(rb"compiling"), NUMBA_CACHE_DIR=str(tmp_path))
    assert code == 130
    assert shown.rstrip().endswith("geomsup: interrupted")


@pytest.mark.slow
def test_ctrl_c_of_a_training_says_where_it_is_and_shows_no_source(tmp_path):
    """Ten million steps are minutes of work; a warning would show a line of the program's source."""
    output = tmp_path / "run.npz"
    code, shown = interrupted(
        tmp_path, "train", "5", "2", "--steps", "10000000", "-o", str(output), begun=re.compile(rb"training[^%]*?\d+%")
    )
    assert code == 130
    said = re.search(r"geomsup: what is done is in\s+(\S+);\s+the\s+same\s+command\s+goes\s+on\s+from\s+there", shown)
    assert said, shown
    assert [str(path) for path in tmp_path.glob("run.part-*.npz")] == [said[1]]
    assert "Warning" not in shown
    assert ".py" not in shown
    assert not output.exists()


@pytest.mark.slow
def test_ctrl_c_of_a_search_for_points_shows_the_best_so_far(tmp_path):
    """300 charges and any number of starts: their symmetry alone takes longer than anybody waits."""
    code, shown = interrupted(
        tmp_path, "thomson", "300", "--starts", "100000", "-o", str(tmp_path / "points.json"),
        begun=re.compile(rb"minimising[^%]*?\d+%"),
    )  # fmt: skip
    assert code == 130
    assert json.loads((tmp_path / "points.json").read_text())["complete"] is False
    assert "Traceback" not in shown
