"""Sweep something over named axes: what is missing in the journal is sent to workers, what they finish is written."""

import multiprocessing
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from geomsup import checks
from geomsup.sweeps.executors import RETRIES, carried_out, opened
from geomsup.sweeps.journal import Journal
from geomsup.sweeps.kinds import evaluate
from geomsup.sweeps.outcome import Outcome
from geomsup.sweeps.plan import Plan, make_plan
from geomsup.sweeps.result import Sweep, read_sweep
from geomsup.threads import Progress

__all__ = ["UNIT_SECONDS", "do_unit", "run_plan", "sweep"]

# Work that a worker is sent at a time: long beside the milliseconds that sending and writing take; little to lose.
UNIT_SECONDS = 1.0
MOST_IN_A_UNIT = 4096  # points; their results are on the way together
GROWTH = 8  # by which a unit may have more points than the one that it is sized by

Item = tuple[int, dict[str, Any]]  # a position, and the values of the axes there


def sweep(
    what: str | Callable[..., Any],
    axes: Any,
    *,
    output: str | Path | None = None,
    executor: Executor | str | None = None,
    workers: int | None = None,
    unit_seconds: float = UNIT_SECONDS,
    retries: int = RETRIES,
    again: bool = False,
    progress: Progress = None,
    **fixed: Any,
) -> Sweep:
    """Call something at every point of a grid, in many processes, and keep what is finished in a file.

    A point is one value of each axis. Points are sent to workers in units of about a second. Each unit that is finished
    is written to the journal `output` at once, as a whole. After an interruption, a kill, or a crash of the machine,
    the same call goes on with what is missing, and ends with the same bits. Ctrl-C ends it within two seconds.

    Parameters
    ----------
    what
        "train" (or ``gs.train``), "optimum" (``gs.optimum``), "energy" (``gs.minimize_energy``), "classify"
        (``gs.classify``, of the file that the argument `path` names); or a function of yours, called with a point's
        arguments by name, that returns a number or text, an array, or a dictionary of these; or "module:function".
    axes
        The values of each axis by name: numbers, texts, or lists. They are arguments of what is called. For "train" and
        "optimum" those of `Features` are among them, with `n_features` for n. There, one number as `importance` is that
        of the last feature, others having 1, as in `phase_diagram`; `correlation` is that of the presences of all
        pairs. Models that differ in these and in `seed` only are trained together, each as it would be alone.
    output
        The journal, one SQLite file, which can be read meanwhile (`Sweep.load`). None keeps it in memory.
    executor
        Where the work is done: None for processes of this machine, each with one thread; the address of a Dask
        scheduler, as "tcp://host:8786" (extra ``dask``); or any ``concurrent.futures.Executor``. Workers need geomsup.
    workers
        Units that are under way at once; by default one for each processor, or what the executor has.
    unit_seconds
        Work that a worker is sent at a time; 0 sends every point by itself.
    retries
        How often a point is tried again whose worker was lost. Then, as after an error of its own, the point counts as
        failed, with its error, and the others go on.
    again
        Whether points that failed in an earlier call are tried again.
    progress
        Called as ``progress("sweeping", fraction)`` when a unit is finished.
    fixed
        Arguments that all points share.

    Returns
    -------
    Sweep
        Arrays with an axis for each of the sweep's, NaN where a point failed; `Sweep.failed` says why.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind or range, an axis is no argument of what is called, or `output` is the journal
        of another sweep.
    OSError
        If `output` cannot be written, another process writes it, or there are no workers; what is done is kept.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> found = sweep("optimum", {"probability": [0.1, 0.9], "importance": [0.5, 2]}, n_features=2, n_hidden=1,
    ...               executor=ThreadPoolExecutor(1))
    >>> print(found)
    sweep of optimum: 4 points, all done
      probability: 2 values from 0.1 to 0.9
      importance: 2 values from 0.5 to 2
    >>> found["phase"].tolist()[0]
    ['extra in a digon', 'extra in a digon']
    """
    plan = make_plan(what, axes, fixed)
    path = None if output is None else checks.folder_or_file("output", output)
    if executor is None:
        _check_processes(plan)
    with Journal.begun(path, plan) as journal:
        if checks.boolean("again", again):
            journal.forget_failed()
        run_plan(
            journal, executor=executor, workers=workers, unit_seconds=unit_seconds, retries=retries, progress=progress
        )
        return read_sweep(journal)


def run_plan(
    journal: Journal,
    *,
    executor: Executor | str | None = None,
    workers: int | None = None,
    unit_seconds: float = UNIT_SECONDS,
    retries: int = RETRIES,
    progress: Progress = None,
) -> None:
    """Do what a journal lacks, and write it there."""
    if not checks.number("unit_seconds", unit_seconds) >= 0:
        raise ValueError(f"`unit_seconds` must be at least 0; got {unit_seconds}. Pass 1 for about a second.")
    checks.integer("retries", retries, minimum=0)
    checks.callback("progress", progress)
    plan = journal.plan
    if journal.done.all():
        return
    sizer, done = _Sizer(float(unit_seconds)), int(journal.done.sum())
    function = partial(do_unit, plan.what, plan.function, plan.fixed)
    missing = ((position, plan.labels(position)) for position in range(plan.size) if not journal.done[position])
    with opened(executor, workers) as crowd:
        for unit in carried_out(crowd, function, sizer.units(missing), retries=retries):
            outcomes = [Outcome(None, unit.lost, 0.0)] if unit.lost else unit.result
            journal.write({position: outcome for (position, _), outcome in zip(unit.items, outcomes, strict=True)})
            sizer.tell(outcomes)
            done += len(outcomes)
            if progress is not None:
                progress("sweeping", done / plan.size)


def do_unit(
    what: str, function: Callable[..., Any] | None, fixed: dict[str, Any], items: Sequence[Item]
) -> list[Outcome]:
    """Return what becomes of points, each a position with the values of the axes; workers are sent this function."""
    return evaluate(what, function, [fixed | labels for _, labels in items])


class _Sizer:
    """How many points a unit has: as many as take `seconds`, by the units that have ended."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.size = seconds, 1

    def units(self, items: Iterator[Item]) -> Iterator[list[Item]]:
        """Yield items in units of the size that is best when they are asked for."""
        while unit := list(islice(items, self.size)):
            yield unit

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Hear how long a unit took."""
        each = max(sum(outcome.seconds for outcome in outcomes) / len(outcomes), 1e-9)
        self.size = max(1, min(int(self.seconds / each), GROWTH * self.size, MOST_IN_A_UNIT))


def _check_processes(plan: Plan) -> None:
    """Refuse what processes of this machine could not do, before it is begun."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RuntimeError(
            '`sweep` must be called under `if __name__ == "__main__":` in a script: its processes import the script, '
            "and would sweep too. Put the call there."
        )
    try:
        pickle.dumps(plan.function)
        importable = not plan.what.startswith("__main__:") or hasattr(__import__("__main__"), "__file__")
    except (pickle.PicklingError, AttributeError, TypeError):
        importable = False
    if not importable:
        raise TypeError(
            f"`what` must be a function that other processes can import; {plan.what} is not. Put it into a file, or "
            "pass executor=ThreadPoolExecutor()."
        )
