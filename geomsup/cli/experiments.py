"""Commands that run many things, and go on where they were stopped: ``reproduce`` and ``sweep``."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from geomsup import checks
from geomsup.cli.console import FIGURES, check_output, print_json, print_table, progress_bars, save_figure, say, written
from geomsup.cli.options import Json, Whole

if TYPE_CHECKING:
    from geomsup.experiments import Experiment
    from geomsup.sweeps.journal import Status

__all__ = ["reproduce", "sweep"]

Flag = Annotated[bool, Parameter(negative="")]

MOST_FAILED = 5  # points whose errors are printed


def reproduce(
    *ids: str,
    all_: Annotated[Flag, Parameter("--all")] = False,
    list_: Annotated[Flag, Parameter("--list")] = False,
    quick: Flag = False,
    output: Annotated[Path, Parameter(("--output", "-o"))] = Path("geomsup-experiments"),
    jobs: Whole | None = None,
    scheduler: str | None = None,
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
    scheduler
        Address of a Dask scheduler, tcp://host:8786, whose workers run them; the folder must be theirs too.
    """
    from geomsup.experiments.engine import in_order, run_each

    if list_:
        _list(as_json)
        return
    if bool(ids) == all_:
        raise ValueError("`reproduce` needs ids or --all, and not both; see them with: geomsup reproduce --list")
    found = []
    size = "quick" if quick else "paper"
    with progress_bars() as progress:
        progress("reproducing", 0.0)
        for report, fraction in run_each(ids or None, size=size, output=output, jobs=jobs, executor=scheduler):
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


def sweep(
    spec: Path | None = None,
    *,
    output: Annotated[Path, Parameter(("--output", "-o"))] = Path("geomsup-sweep.sqlite"),
    status: Flag = False,
    scheduler: str | None = None,
    workers: Whole | None = None,
    unit_seconds: float = 1.0,
    again: Flag = False,
    plot: Path | None = None,
    as_json: Json = False,
) -> None:
    """Call something at every point of a grid that a file describes; what is finished is kept, whatever happens.

    Examples: ``geomsup sweep plane.toml -o run.sqlite``; ``geomsup sweep --status -o run.sqlite``.

    Parameters
    ----------
    spec
        A .toml file: what = "train" (or "optimum", "energy", "classify", "module:function"), the values of every axis
        in a table [axes], other arguments in [fixed]; see the docs' page about sweeps.
    output
        The journal, one SQLite file. A sweep that was stopped goes on there.
    status
        Only say how far the sweep in the journal is; it may be running.
    scheduler
        Address of a Dask scheduler, tcp://host:8786, whose workers do the work.
    workers
        Processes; by default one for each processor.
    unit_seconds
        Work that a worker is sent at a time; more for hundreds of workers.
    again
        Try the points again that failed before.
    plot
        Write a figure to this file (.png, .pdf, .svg), of up to two axes beside seeds.
    """
    from geomsup.sweeps.journal import Journal
    from geomsup.sweeps.outcome import in_one_line
    from geomsup.sweeps.result import Sweep
    from geomsup.sweeps.running import run_plan
    from geomsup.sweeps.specification import read_plan

    if plot is not None:
        check_output("--plot", plot, FIGURES)
    if not status:
        if spec is None:
            raise ValueError("`spec` must be given, unless --status asks for a journal. See: geomsup sweep --help")
        sys.path.insert(0, str(spec.parent.resolve()))  # where a function of the user's may be
        with Journal.begun(output, read_plan(spec)) as journal, progress_bars(time_left=True) as progress:
            if again:
                journal.forget_failed()
            run_plan(journal, executor=scheduler, workers=workers, unit_seconds=unit_seconds, progress=progress)
    with Journal.read(output) as journal:
        found, failed = journal.status(), journal.failed(MOST_FAILED)
    if plot is not None:
        save_figure(Sweep.load(output).plot().figure, plot)
    if as_json:
        print_json({"file": str(output)} | found._asdict() | {"first_failed": failed})
    else:
        lines = [f"{output}: {_far(found)}", *(f"  {one['point']}: {in_one_line(one['error'])}" for one in failed)]
        say("\n".join([*lines, *written(None, plot)]))
    if found.failed and not status:
        raise OSError(f"{found.failed} of {checks.count(found.points, 'point')} failed; --again tries them again")


def _far(status: "Status") -> str:
    """Say how far a sweep is."""
    words = [f"{status.done} of {checks.count(status.points, 'point')} done"]
    if status.failed:
        words.append(f"{status.failed} of them failed")
    if status.done < status.points:
        if status.seconds_left is not None:
            words.append(f"about {_duration(status.seconds_left)} left")
        words.append("stopped" if status.process is None else f"running in process {status.process}")
    return ", ".join(words)


def _duration(seconds: float) -> str:
    """Return a time in the unit that suits it.

    Examples
    --------
    >>> _duration(8), _duration(8000)
    ('8 s', '2.2 h')
    """
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


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
