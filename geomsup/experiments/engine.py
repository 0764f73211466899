"""Run experiments, several at a time, and write their reports."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from contextlib import contextmanager
from pathlib import Path

from geomsup import checks
from geomsup.experiments.registry import experiment, experiments
from geomsup.experiments.report import Report, run_experiment
from geomsup.experiments.summary import write_summary
from geomsup.threads import Progress, processors
from geomsup.workers import processes, work

__all__ = ["SIZES", "in_order", "reproduce", "run_each", "run_line", "run_one"]

SIZES = ("quick", "paper")
BLAS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")  # which say how many threads BLAS uses


def reproduce(
    ids: str | Sequence[str] | None = None,
    *,
    size: str = "paper",
    output: str | Path = "geomsup-experiments",
    jobs: int | None = None,
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
    for report, fraction in run_each(ids, size=size, output=output, jobs=jobs):
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
) -> Iterator[tuple[Report, float]]:
    """Run experiments as `reproduce` does; yield each report when it is there, and the fraction that is done."""
    chosen = _chosen(ids)
    checks.one_of("size", size, SIZES)
    folder = checks.folder_or_file("output", output)
    folder.mkdir(parents=True, exist_ok=True)
    lines = _lines(chosen)
    workers = min(len(lines), processors() if jobs is None else checks.integer("jobs", jobs, minimum=1))
    threads = max(1, processors() // workers)
    for done, report in enumerate(_run_all(lines, size, folder, workers, threads), 1):
        yield report, done / len(chosen)
    write_summary(folder)


def in_order(reports: Iterable[Report]) -> tuple[Report, ...]:
    """Return reports in the order of the paper."""
    places = {entry.id: place for place, entry in enumerate(experiments())}
    return tuple(sorted(reports, key=lambda report: places[report.id]))


def run_one(id: str, size: str, folder: Path, threads: int) -> Report:
    """Run the experiment of this id; return its report."""
    entry = experiment(id)
    return run_experiment(entry, size, getattr(entry, size), folder / entry.id, threads)


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


def run_line(ids: list[str], size: str, folder: Path, threads: int) -> list[Report]:
    """Run experiments one after the other; return their reports. The function can be sent to a process."""
    return [run_one(id, size, folder, threads) for id in ids]


def _run_all(lines: list[list[str]], size: str, folder: Path, workers: int, threads: int) -> Iterator[Report]:
    if workers == 1:
        for id in (id for line in lines for id in line):
            yield run_one(id, size, folder, threads)
        return
    with _one_blas_thread(), processes(workers) as pool:
        futures: list[Future[list[Report]]] = [
            pool.submit(work, run_line, line, size, folder, threads) for line in lines
        ]
        for future in as_completed(futures):
            yield from future.result()


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Let processes that start meanwhile use one BLAS thread each, unless the user has chosen a number."""
    ours = [name for name in BLAS if name not in os.environ]
    os.environ |= dict.fromkeys(ours, "1")
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]
