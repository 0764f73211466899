"""Command that reproduces the paper: ``reproduce``."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from geomsup.cli.console import print_json, print_table, progress_bars, say
from geomsup.cli.options import Json, Whole

if TYPE_CHECKING:
    from geomsup.experiments import Experiment

__all__ = ["reproduce"]

Flag = Annotated[bool, Parameter(negative="")]


def reproduce(
    *ids: str,
    all_: Annotated[Flag, Parameter("--all")] = False,
    list_: Annotated[Flag, Parameter("--list")] = False,
    quick: Flag = False,
    output: Annotated[Path, Parameter(("--output", "-o"))] = Path("geomsup-experiments"),
    jobs: Whole | None = None,
    as_json: Json = False,
) -> None:
    """Run experiments of the paper; write data, figure and verdict of each, and a table of verdicts, to a folder.

    Examples: ``geomsup reproduce --list``; ``geomsup reproduce E5 E9 --quick``.

    Parameters
    ----------
    ids
        Experiments to run, E5 for one.
    all_
        Run all of them.
    list_
        Only list them; with --json also claims, and the criteria by which they are judged.
    quick
        Smaller sizes: minutes instead of hours.
    output
        Folder for the results; a run that was stopped goes on there.
    jobs
        Experiments at a time; by default one for each processor.
    """
    from geomsup.experiments.engine import in_order, run_each

    if list_:
        _list(as_json)
        return
    if bool(ids) == all_:
        raise ValueError("`reproduce` needs ids or --all, and not both; see them with: geomsup reproduce --list")
    found = []
    with progress_bars() as progress:
        progress("reproducing", 0.0)
        for report, fraction in run_each(ids or None, size="quick" if quick else "paper", output=output, jobs=jobs):
            found.append(report)
            if not as_json:
                words = report.verdict.summary if report.verdict else report.error
                say(f"{report.id:<4} {report.status}: {words}")
            progress("reproducing", fraction)
    reports = in_order(found)
    if as_json:
        print_json([report.to_dict() for report in reports])
    else:
        minutes = sum(report.cpu_seconds for report in reports) / 60
        say(f"{minutes:.1f} minutes of processor time; table of verdicts: {output / 'index.md'}")
    failed = [report.id for report in reports if report.verdict is None]
    if failed:
        raise OSError(f"{', '.join(failed)} failed; see error.txt in {os.fspath(output)!r}")


def _list(as_json: bool) -> None:
    from geomsup.experiments import experiments

    if as_json:
        fields = ("id", "group", "title", "claim", "source")
        print_json([{name: getattr(entry, name) for name in fields} | _criterion(entry) for entry in experiments()])
        return
    rows = [[entry.id, entry.group, entry.title] for entry in experiments()]
    print_table("Experiments; run one with: geomsup reproduce E1", ["id", "group", "what"], rows)


def _criterion(entry: "Experiment") -> dict[str, Any]:
    from geomsup.experiments.criterion import rule, thresholds

    named = {name: {"value": float(value), "reason": value.reason} for name, value in thresholds(entry).items()}
    return {"criterion": rule(entry), "thresholds": named}
