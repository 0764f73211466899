"""Run experiments, several at a time, and write their reports."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from geomsup import checks
from geomsup.experiments.registry import experiment, experiments
from geomsup.experiments.report import Report, run_experiment
from geomsup.experiments.summary import write_summary
from geomsup.sweeps.executors import carried_out, opened
from geomsup.threads import Progress, processors
from geomsup.workers import work

__all__ = ["SIZES", "in_order", "reproduce", "run_each", "run_line", "run_one"]

SIZES = ("quick", "paper")


def reproduce(
    ids: str | Sequence[str] | None = None,
    *,
    size: str = "paper",
    output: str | Path = "geomsup-experiments",
    jobs: int | None = None,
    executor: Executor | str | None = None,
    progress: Progress = None,
) -> tuple[Report, ...]:
    """Run experiments of the paper and others about it; return their reports, in the order of the paper.

    Every experiment has a folder of its own under `output` with its data (``data.npz``), figure (``figure.png``) and
    report (``report.json``: verdict and numbers). A chapter for every group and a table of all verdicts are written
    beside them. After an interruption, the same call continues with what is not finished. An experiment that fails does
    not stop the others. An interruption, by Ctrl-C or by the end of this process, ends all processes, and is never
    taken for a result.

    Parameters
    ----------
    ids
        One id ("E5") or several; all by default.
    size
        "paper", or "quick": smaller, minutes in all.
    output
        Folder for the results; it is made if it does not exist.
    jobs
        Number of experiments that run at the same time, each in its own process; by default one for each processor.
        One whose process was lost is run again, twice at most.
    executor
        Where they run, as in `sweep`: None for processes of this machine, the address of a Dask scheduler, or an
        executor. Its workers must see the folder `output`.
    progress
        Called as ``progress(id, fraction)`` when an experiment ends, with the fraction of experiments that have ended.

    Raises
    ------
    ValueError, TypeError
        If an id, the size or the number of jobs is not valid.

    References
    ----------
    Elhage et al. 2022, "Toy models of superposition".

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     reproduce("E6", size="quick", output=folder, jobs=1)[0].status
    'holds'
    """
    checks.callback("progress", progress)
    reports: list[Report] = []
    for report, fraction in run_each(ids, size=size, output=output, jobs=jobs, executor=executor):
        reports.append(report)
        if progress is not None:
            progress(report.id, fraction)
    return in_order(reports)


def run_each(
    ids: str | Sequence[str] | None = None,
    *,
    size: str = "paper",
    output: str | Path = "geomsup-experiments",
    jobs: int | None = None,
    executor: Executor | str | None = None,
) -> Iterator[tuple[Report, float]]:
    """Run experiments as `reproduce` does; yield each report when it is there, and the fraction that is done."""
    chosen = _chosen(ids)
    checks.one_of("size", size, SIZES)
    folder = checks.folder_or_file("output", output)
    folder.mkdir(parents=True, exist_ok=True)
    lines = _lines(chosen)
    asked = None if jobs is None else checks.integer("jobs", jobs, minimum=1)
    here = min(len(lines), asked or processors())
    if executor is None and here == 1:
        reports = _run_in_turn(lines, size, folder, processors())
    else:
        reports = _run_all(lines, size, folder, executor, here if executor is None else asked)
    for done, report in enumerate(reports, 1):
        yield report, done / len(chosen)
    write_summary(folder)


def in_order(reports: Iterable[Report]) -> tuple[Report, ...]:
    """Return reports in the order of the paper."""
    places = {entry.id: place for place, entry in enumerate(experiments())}
    return tuple(sorted(reports, key=lambda report: places[report.id]))


def run_one(id: str, size: str, folder: Path, threads: int, read: bool = False) -> Report:
    """Run the experiment of this id, whose data others may be about to `read`; return its report."""
    entry = experiment(id)
    return run_experiment(entry, size, getattr(entry, size), folder / entry.id, threads, read)


def _chosen(ids: str | Sequence[str] | None) -> list[str]:
    """Return the ids asked for and those whose data they use, in the order of the paper."""
    wanted = [entry.id for entry in experiments()] if ids is None else [ids] if isinstance(ids, str) else ids
    if not isinstance(wanted, Sequence) or not wanted:
        raise ValueError(f"`ids` must be an id or a list of them; got {checks.shown(ids)}. Leave it out to run all.")
    asked = [experiment(id) for id in wanted]
    needed = {entry.id for entry in asked} | {entry.uses for entry in asked}
    return [entry.id for entry in experiments() if entry.id in needed]


def _lines(ids: list[str]) -> list[list[str]]:
    """Return lists of ids to run in order: an experiment comes after the one whose data it uses."""
    lines: dict[str, list[str]] = {}
    for id in ids:
        lines.setdefault(experiment(id).uses or id, []).append(id)
    return list(lines.values())


def run_line(size: str, folder: Path, threads: int, lines: Sequence[list[str]]) -> list[Report]:
    """Run experiments one after the other; return their reports. The function can be sent to a process."""
    return list(_run_in_turn(lines, size, folder, threads))


def _run_in_turn(lines: Sequence[list[str]], size: str, folder: Path, threads: int) -> Iterator[Report]:
    for line in lines:
        for id in line:
            yield run_one(id, size, folder, threads, read=id != line[-1])  # the others of its line use its data


def _run_all(
    lines: list[list[str]], size: str, folder: Path, executor: Executor | str | None, workers: int | None
) -> Iterator[Report]:
    threads = max(1, processors() // workers) if executor is None and workers else 1
    place = folder if executor is None else folder.resolve()  # other machines are in other folders
    call = partial(work, run_line, size, place, threads)
    with opened(executor, workers, threads) as crowd:
        for done in carried_out(crowd, call, [[line] for line in lines]):
            if done.lost:
                ids = ", ".join(done.items[0])
                raise OSError(f"{ids} {done.lost}; run the same again: what is done is kept")
            yield from done.result
