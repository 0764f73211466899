"""The report of an experiment that was run, and the folder of its files."""

import json
import shutil
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geomsup.experiments.declaration import Experiment
from geomsup.experiments.fingerprint import fingerprints
from geomsup.experiments.lab import DATA, Lab, read_data, write_data
from geomsup.experiments.verdict import Verdict
from geomsup.files import replacing, write_json, write_text

__all__ = ["Report", "is_current", "run_experiment"]

FIGURE, REPORT, PARTS = "figure.png", "report.json", "parts"


@dataclass(frozen=True)
class Report:
    """An experiment that was run: its verdict and files, or the error that ended it.

    Attributes
    ----------
    id, title, claim
        Those of the experiment.
    size
        "quick" or "paper".
    verdict
        The `Verdict`; None if the experiment failed.
    error
        What went wrong; empty if nothing did.
    cpu_seconds
        Processor time that it took, over all interrupted runs together.
    folder
        Folder with its data, figure and report.

    Examples
    --------
    >>> import geomsup as gs
    >>> from pathlib import Path
    >>> report = gs.Report("E6", "Phase change", "Losses cross.", "quick", None, "ValueError: no", 0.1, Path("E6"))
    >>> report.status
    'failed'
    >>> sorted(report.to_dict())
    ['claim', 'cpu_seconds', 'error', 'id', 'size', 'title', 'verdict']
    """

    id: str
    title: str
    claim: str
    size: str
    verdict: Verdict | None
    error: str
    cpu_seconds: float
    folder: Path

    @property
    def data(self) -> dict[str, Any]:
        """The arrays that were measured, by name."""
        return read_data(self.folder / DATA)

    @property
    def status(self) -> str:
        """The verdict in words, or "failed"."""
        return self.verdict.status if self.verdict else "failed"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "id": self.id,
            "title": self.title,
            "claim": self.claim,
            "size": self.size,
            "verdict": self.verdict.to_dict() if self.verdict else None,
            "error": self.error,
            "cpu_seconds": round(self.cpu_seconds, 1),
        }


def run_experiment(
    experiment: Experiment, size: str, arguments: Mapping[str, Any], folder: Path, threads: int, read: bool = False
) -> Report:
    """Run an experiment in its folder, or return the report that is there; an error is written into the report.

    What an earlier run has measured is used again, unless something that it depends on has changed (`fingerprints`).
    If another experiment is to `read` the data, a report without them (the docs keep no data) is not enough.
    """
    measured, shown = fingerprints(experiment, arguments, _used(experiment, folder))
    folder.mkdir(parents=True, exist_ok=True)
    before = _earlier(folder, measured)
    if before.get("verdict") and before["shown"] == shown and ((folder / DATA).is_file() or not read):
        return _report(experiment, size, before, folder)
    if not before:
        for name in (DATA, FIGURE):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / PARTS, ignore_errors=True)
    spent, begin = before.get("cpu_seconds", 0.0), time.process_time()
    result: dict[str, Any] = {"measured": measured, "shown": shown, "size": size, "verdict": None, "error": ""}
    write_json(
        folder / REPORT, result | {"cpu_seconds": spent}
    )  # says what the parts belong to, if this run is stopped
    try:
        if not (folder / DATA).is_file():
            write_data(folder / DATA, experiment.run(Lab(folder / PARTS, threads, others=folder.parent), arguments))
        data = read_data(folder / DATA)
        with replacing(folder / FIGURE) as temporary:
            experiment.draw(data).savefig(temporary, dpi=110)
        result["verdict"] = experiment.judge(data).to_dict()
    except Exception as error:
        result["error"] = f"{type(error).__name__}: {error}"
        write_text(folder / "error.txt", traceback.format_exc())
    finally:
        result["cpu_seconds"] = round(spent + time.process_time() - begin, 1)
        write_json(folder / REPORT, result)
    return _report(experiment, size, result, folder)


def is_current(experiment: Experiment, found: Mapping[str, Any], folder: Path) -> bool:
    """Return whether the present code would measure, draw and judge as the code that made a report in `folder`."""
    try:
        used = _used(experiment, folder)
    except OSError:
        return False
    return (found["measured"], found["shown"]) == fingerprints(experiment, getattr(experiment, found["size"]), used)


def _report(experiment: Experiment, size: str, result: dict[str, Any], folder: Path) -> Report:
    verdict = Verdict.from_dict(result["verdict"]) if result["verdict"] else None
    return Report(
        experiment.id, experiment.title, experiment.claim, size, verdict, result["error"], result["cpu_seconds"], folder
    )


def _earlier(folder: Path, measured: str) -> dict[str, Any]:
    try:
        found = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if found.get("measured") == measured else {}


def _used(experiment: Experiment, folder: Path) -> str:
    """Return the fingerprint of the data that this experiment uses; empty if it uses none."""
    if not experiment.uses:
        return ""
    return json.loads((folder.parent / experiment.uses / REPORT).read_text(encoding="utf-8"))["measured"]
