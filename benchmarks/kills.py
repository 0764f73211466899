"""SIGKILL, SIGTERM and SIGINT at random moments of long commands: what is left, and what the next run makes of it.

    python -m benchmarks.kills [--times 20] [--seed 0] [--signals SIGTERM SIGINT] [name ...]

Each command is run once to its end, for its results and its time. Then, for each signal, it is killed at random moments
in an empty folder. Checked each time: no process is left; the results it leaves are whole, or not there; the same
command then ends well, leaves nothing else, and its results have the bits of the first. Ends with 1 if any failed.
"""

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
ENDS = {  # exit codes: as told; before the program was there to hear it; and where it was just done
    signal.SIGKILL: {-signal.SIGKILL, 0},
    signal.SIGTERM: {128 + signal.SIGTERM, -signal.SIGTERM, 0},
    signal.SIGINT: {128 + signal.SIGINT, -signal.SIGINT, 1, 0},
}
PATIENCE = 60.0  # seconds until processes that should have ended count as left
LONGEST = 600.0  # seconds that a command may take


@dataclass(frozen=True)
class Command:
    """A command, run in a folder, and how to read its results there: by name, what is whole; else it raises."""

    words: tuple[str, ...]
    results: Callable[[Path], dict[str, Any]]
    unfinished: str  # pattern of the files of unfinished work: none is left by a run that ends
    files: Mapping[str, str] = field(default_factory=dict)  # that the command reads, by name


def arrays_in(path: Path) -> dict[str, Any]:
    """Return bytes and types of the arrays of a file, without the description of a training."""
    with np.load(path, allow_pickle=False) as file:
        names = [name for name in file.files if name != "description"]
        return {f"{path.name}/{name}": (file[name].dtype.str, file[name].tobytes()) for name in names}


def training(folder: Path) -> dict[str, Any]:
    path = folder / "run.npz"
    if not path.exists():
        return {}
    from geomsup import TrainingRun

    run = TrainingRun.load(path)
    assert not run.interrupted, "run.npz holds an unfinished training"
    return arrays_in(path) | {"config": run.config}


def experiments(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("results/*/report.json")):
        report = json.loads(path.read_text())
        if report["verdict"]:
            assert (path.parent / "figure.png").read_bytes().endswith(b"IEND\xaeB`\x82"), "half a figure"
            data = arrays_in(path.parent / "data.npz")
            found |= {f"{path.parent.name}/{name}": value for name, value in data.items()}
            found[path.parent.name] = report["verdict"]
        assert not report["error"], report["error"]
    return found


def swept(folder: Path) -> dict[str, Any]:
    """Return which point is where in the journal, and what was found there, without times."""
    path = folder / "run.sqlite"
    ids = points(path, "position, id")
    assert len(set(ids.values())) == len(ids), "a point is there twice"
    return {name: (ids[name], *found) for name, found in points(path, "position, result, error").items()}


def points(path: Path, columns: str) -> dict[str, Any]:
    """Return columns of the points in a journal, by the first of them; nothing where there is none yet."""
    if not path.exists():
        return {}
    with closing(sqlite3.connect(path)) as journal:
        assert journal.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if not journal.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return {}  # killed before the tables were made
        rows = journal.execute(f"SELECT {columns} FROM points").fetchall()
    return {f"point {position}": found[0] if len(found) == 1 else found for position, *found in rows}


def optimum(folder: Path) -> dict[str, Any]:
    blocks = {path.name: json.loads(path.read_text())["result"] for path in folder.glob("cache/blocks/*.json")}
    path = folder / "optimum.json"
    return blocks | ({"optimum": json.loads(path.read_text())} if path.exists() else {})


PLANE = """
what = "train"
[axes]
probability = {from = 0.01, to = 1.0, points = 12, spacing = "log"}
importance = {from = 0.1, to = 10.0, points = 12, spacing = "log"}
seed = {from = 0, to = 4}
[fixed]
n_features = 2
n_hidden = 1
steps = 500
batch = 256
learning_rate = 0.02
schedule = "cosine"
"""

COMMANDS = {
    "train": Command(
        ("train", "20", "5", "--steps", "40000", "--models", "2", "--schedule", "cosine", "-o", "run.npz"),
        training,
        "run.part-*.npz",
    ),
    "train, exact": Command(
        ("train", "7", "3", "--objective", "exact", "--models", "30", "-o", "run.npz"), training, "run.part-*.npz"
    ),
    "reproduce": Command(
        ("reproduce", "E1", "E2", "E16", "Q1", "--jobs", "2", "--quick", "-o", "results"),
        experiments,
        "results/*/parts/*.part.npz",
    ),
    "sweep": Command(("sweep", "plane.toml", "-o", "run.sqlite"), swept, "run.sqlite-*", {"plane.toml": PLANE}),
    "optimum": Command(
        ("optimum", "12", "3", "--probability", "0.05", "-o", "optimum.json"), optimum, "cache/**/*.part*"
    ),
}


@contextmanager
def begun(command: Command, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a command in a session of its own, with the signals that a shell in front would give it."""
    for name, text in command.files.items():
        (folder / name).write_text(text)
    child = subprocess.Popen(
        [sys.executable, "-m", "geomsup", *command.words], cwd=folder, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=usual_signals,
        env=os.environ | {"GEOMSUP_CACHE": str(folder / "cache"), "MPLBACKEND": "Agg"},
    )  # fmt: skip

    try:
        yield child
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


def usual_signals() -> None:
    """Hear SIGINT also where this was started in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def ended(child: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait until the command has ended and nobody holds its pipes; return its exit code and what it said."""
    _, said = child.communicate(timeout=LONGEST)
    assert all_gone(child.pid), "processes are left"
    return child.returncode, said


def all_gone(session: int) -> bool:
    """Whether the processes of the session end by themselves."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def whole(command: Command, folder: Path) -> dict[str, Any]:
    """Run the command to its end; return its results."""
    with begun(command, folder) as child:
        code, said = ended(child)
    assert code == 0, f"exit code {code}: {said}"
    left = [path.name for path in folder.glob(command.unfinished)]
    assert not left, f"unfinished work is left: {left}"
    return command.results(folder)


def trial(command: Command, kind: signal.Signals, moment: float, truth: dict[str, Any]) -> float:
    """Kill the command after so many seconds; return how long it took to end. Raises AssertionError at a fault."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with begun(command, folder) as child:
            time.sleep(moment)
            begin = time.monotonic()
            child.send_signal(kind)
            code, said = ended(child)
            late = time.monotonic() - begin
        assert code in ENDS[kind], f"exit code {code}: {said}"
        assert code == 1 or "Traceback" not in said or code < 0, said
        kept = command.results(folder)
        assert kept.items() <= truth.items(), "a result that is not that of the whole run"
        before = finished(folder)
        again = whole(command, folder)
        assert again == truth, "the run after it has other bits"
        after = finished(folder)
        redone = [what for what, when in before.items() if after.get(what) != when]
        assert not redone, f"what was finished was done again: {redone}"
        return late


def finished(folder: Path) -> dict[str, Any]:
    """Return when each finished part of the work was made, by its name: none of them is to be made again."""
    files = [
        *folder.glob("cache/blocks/*.json"),
        *folder.glob("results/*/data.npz"),
        *(path for path in folder.glob("results/*/parts/*.npz") if ".part." not in path.name),
    ]
    return {str(path): path.stat().st_mtime_ns for path in files} | points(folder / "run.sqlite", "position, ended")


def trials(name: str, times: int, kinds: Sequence[signal.Signals], rng: random.Random) -> int:
    """Kill one command `times` times by each signal; print what came of it, and return the number of faults."""
    command, faults = COMMANDS[name], 0
    with TemporaryDirectory() as folder:
        whole(command, Path(folder))  # compiles what is not compiled yet
    with TemporaryDirectory() as folder:
        begin = time.monotonic()
        truth = whole(command, Path(folder))
        seconds = time.monotonic() - begin
    for kind in kinds:
        late = 0.0
        for _ in range(times):
            moment = rng.uniform(0.0, seconds)
            try:
                late = max(late, trial(command, kind, moment, truth))
            except (AssertionError, subprocess.TimeoutExpired) as fault:
                faults += 1
                print(f"{name}, {kind.name} after {moment:.2f} s: {fault}", flush=True)
        print(f"{name:<10} {kind.name:<8} {times} times in {seconds:.1f} s: ended within {late:.2f} s", flush=True)
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="commands; all by default")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--signals", nargs="+", choices=[kind.name for kind in SIGNALS], help="all by default")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    kinds = [kind for kind in SIGNALS if kind.name in (options.signals or [kind.name])]
    faults = sum(trials(name, options.times, kinds, rng) for name in options.names or COMMANDS)
    print(f"{faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
