"""Many starts on all threads: the same result on any number of them."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from geomsup.energy.kernels.descent import descend
from geomsup.energy.kernels.energies import COHERENCE, COULOMB, FRAME, LOG, RELU, RIESZ, SEPARATION
from geomsup.energy.kernels.hopping import run_starts
from geomsup.energy.max_min import largest_product, tighten
from geomsup.energy.minima import Minima, Minimum
from geomsup.energy.potentials import Potential
from geomsup.energy.seeds import make_batch
from geomsup.energy.uncompiled import run_uncompiled
from geomsup.threads import Crew, Progress, Task, check_stop, in_threads, processors, stop_flag

__all__ = ["Budget", "descend_fully", "search", "settled", "work_of_a_start"]

KINDS = {
    "coulomb": COULOMB,
    "riesz": RIESZ,
    "log": LOG,
    "frame": FRAME,
    "relu": RELU,
    "tammes": SEPARATION,
    "coherence": COHERENCE,
}
GAIN = 1e-10  # a descent ends if it promises a smaller relative decrease; the best is polished afterwards
BATCH_SECONDS = 0.05  # work in a batch, roughly: more would delay Ctrl-C, less would waste time on handing over
INLINE_SECONDS = 0.005  # work, roughly, before threads are started
PAIR_SECONDS = 1e-9  # time of one pair, per coordinate
EVALUATIONS = 150  # evaluations of the energy in one descent
SETTLED = 1e-15  # the same where minima are told apart: about the rounding of an energy
FULLY = 20_000  # evaluations of a descent to rounding
CLOSE = 1e-3  # codes whose annealed cosine is this near the best found are worked out to the last digit
SHARP = 5e-6  # how far annealed cosines lie above those worked out, mostly: nearer ones may be known already


@dataclass(frozen=True)
class Budget:
    """When to stop: after a number of starts, at an energy, or at a time (of `time.monotonic`)."""

    starts: int
    target: float = -np.inf
    deadline: float | None = None
    threads: int | None = None


@dataclass(eq=False)
class _Run:
    """Batches in flight, the flag that stops them, and where the next one begins."""

    n: int
    d: int
    potential: Potential
    budget: Budget
    entropy: int
    stop: np.ndarray = field(default_factory=lambda: np.zeros(1, dtype=np.int64))

    def batches(self) -> Iterator[tuple[int, int, int]]:
        """Yield number, first start and length of all batches: doubling up to a fixed amount of work, whatever runs."""
        largest = max(1, int(BATCH_SECONDS / work_of_a_start(self.n, self.d, self.potential)))
        first = number = 0
        while first < self.budget.starts:
            count = min(2**number, largest, self.budget.starts - first)
            yield number, first, count
            first, number = first + count, number + 1

    def one(self, number: int, first: int, count: int) -> tuple[np.ndarray, np.ndarray, int]:
        """Run a batch; return end points, energies and how many were run."""
        batch = make_batch(self.n, self.d, self.potential, first, count, np.random.default_rng([self.entropy, number]))
        energies = np.full(count, np.inf)
        if self.potential.name == "custom":
            done = run_uncompiled(batch, self.potential, self.budget.target, energies, self.stop)
        else:
            done = run_starts(
                batch.points, batch.symmetric, batch.hops, batch.seeds, KINDS[self.potential.name], batch.exponents,
                GAIN, self.budget.target, energies, self.stop,
            )  # fmt: skip
        return batch.points, energies, done


def work_of_a_start(n: int, d: int, potential: Potential) -> float:
    """Return the seconds one start takes, roughly."""
    hard = 20.0 if potential.is_maximum or potential.name == "custom" else 1.0
    return hard * (1e-5 + EVALUATIONS * n * n / 2 * d * PAIR_SECONDS)


def descend_fully(points: np.ndarray, potential: Potential, gain: float = -1.0) -> np.ndarray:
    """Return where a descent ends that stops at rounding only, or where it promises a smaller relative `gain`.

    Under functions of the user's these are the points themselves.
    """
    if potential.name == "custom":
        return points
    X = np.ascontiguousarray(points.T)
    descend(X, KINDS[potential.name], potential.exponent or 1.0, gain, 1e-13, FULLY, stop_flag())
    check_stop()
    return np.ascontiguousarray(X.T)


def settled(minima: Minima, budget: Budget) -> Minima:
    """Return the minima after a descent to rounding from each, those that end in one counted as one.

    A start ends where its descent promises little. In a flat valley that may be far from the minimum: of 21 charges,
    starts that have one minimum ended at energies from 1e-9 to 1e-4 above it, with other distances. What the deadline
    leaves no time for stays as it is.
    """
    if minima.potential.is_maximum or minima.interrupted:  # codes are worked out to the last digit before they count
        return minima

    def settle(minimum: Minimum) -> Minimum:
        if budget.deadline is not None and time.monotonic() >= budget.deadline:
            return minimum
        points = descend_fully(minimum.points, minima.potential, SETTLED)
        return replace(minimum, points=points, energy=minima.potential.energy(points))

    found = Minima(minima.potential)
    try:
        ends = in_threads(settle, minima.found)
    except KeyboardInterrupt:
        minima.interrupted = True
        return minima
    for minimum in ends:
        found.add(minimum.energy, minimum.points, minimum.hits)
    found.starts = minima.starts  # those without a finite energy too
    return found


def search(
    n: int, d: int, potential: Potential, budget: Budget, rng: np.random.Generator, progress: Progress = None
) -> Minima:
    """Run starts and return the minima found.

    Batches are taken in order, and whatever lies behind the start that reached the target is thrown away, so that the
    result does not depend on the number of threads; a deadline does depend on the machine. Ctrl-C, like the deadline,
    ends the search with what is there. While kernels are compiled there is nothing yet, and Ctrl-C is passed on.
    """
    run = _Run(n, d, potential, budget, int(rng.integers(2**63)))
    minima = Minima(potential)
    batches = run.batches()
    if potential.name != "custom":  # compile here, where Ctrl-C is heard, what the threads would
        replace(run, stop=np.ones(1, np.int64)).one(0, 0, 1)
    try:
        if not _begin(run, batches, minima, progress):
            _go_on(run, batches, minima, progress)
    except KeyboardInterrupt:
        minima.interrupted = True
        run.stop[0] = 1
        if not minima.found:  # one start, stopped within an evaluation, is better than nothing
            _add(minima, budget, *run.one(0, 0, 1))
    return minima


def _begin(run: _Run, batches: Iterator[tuple[int, int, int]], minima: Minima, progress: Progress) -> bool:
    """Run what takes no longer than starting threads does; return whether that was enough."""
    if run.budget.deadline is not None and run.potential.name == "custom":
        return False  # nobody knows how long a function of the user's takes: in a thread it can be stopped
    each, left = work_of_a_start(run.n, run.d, run.potential), INLINE_SECONDS
    while each < left:
        batch = next(batches, None)
        if batch is None:
            return True
        left -= each * batch[2]
        if _collect(run, run.one(*batch), minima, progress):
            return True
    return False


def _go_on(run: _Run, batches: Iterator[tuple[int, int, int]], minima: Minima, progress: Progress) -> None:
    """Run batches in threads and collect them in order, until one is the last."""
    threads = run.budget.threads or processors()
    pending: deque[Task] = deque()
    with Crew(threads) as crew:
        try:
            for batch in batches:
                pending.append(crew.put(run.one, *batch))
                if len(pending) >= threads and _next(run, pending, minima, progress):
                    return
            while pending and not _next(run, pending, minima, progress):
                pass
        except KeyboardInterrupt:
            run.stop[0] = 1
            for future in pending:
                if not future.cancel():
                    _add(minima, run.budget, *future.result())
            raise
        finally:
            run.stop[0] = 1  # what still runs ends within an evaluation
            for future in pending:
                future.cancel()


def _next(run: _Run, pending: deque[Task], minima: Minima, progress: Progress) -> bool:
    """Wait for the first batch, no longer than the deadline, and collect it."""
    deadline = run.budget.deadline
    try:
        found = pending[0].result(None if deadline is None else max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        run.stop[0] = 1
        found = pending[0].result()
    pending.popleft()  # not before, as Ctrl-C must find it
    return _collect(run, found, minima, progress)


def _collect(run: _Run, found: tuple[np.ndarray, np.ndarray, int], minima: Minima, progress: Progress) -> bool:
    """Add what a batch found; return whether the search is over."""
    _add(minima, run.budget, *found)
    if progress:
        progress("minimising", min(1.0, minima.starts / run.budget.starts))
    if run.budget.deadline is not None and time.monotonic() >= run.budget.deadline:
        minima.interrupted = True
    return minima.interrupted or (bool(minima.found) and minima.best.energy <= run.budget.target)


def _add(minima: Minima, budget: Budget, points: np.ndarray, energies: np.ndarray, done: int) -> None:
    for X, energy in zip(points[:done], energies[:done], strict=True):
        rows = np.ascontiguousarray(X.T)
        if minima.potential.is_maximum:
            energy = largest_product(rows, minima.potential)
            if minima.found and energy > minima.best.energy + CLOSE:
                energy = np.inf  # not worth following to the end
            elif not minima.count(energy - SHARP, energy, rows):
                rows, _ = tighten(rows, minima.potential, budget.deadline)
                energy = largest_product(rows, minima.potential)
            else:
                continue
        minima.add(float(energy), rows)
        if energy <= budget.target:
            return
