"""Runs on a GPU: copies what they need there, launches the kernels, and copies the results back."""

import warnings
from concurrent.futures import Executor
from typing import Any, NamedTuple

import numpy as np

from geomsup.threads import Progress
from geomsup.training.cuda.device import cuda
from geomsup.training.cuda.form import LANES, SLOTS, SMALL_WARPS, make_form
from geomsup.training.cuda.large import UPDATE_WARPS, make_add_gradients, make_take_step
from geomsup.training.cuda.samples import BLOCK
from geomsup.training.cuda.small import make_train_steps
from geomsup.training.kernels.draws import Law
from geomsup.training.kernels.rule import factors_of_steps
from geomsup.training.trainee import Trainee
from geomsup.training.turns import train_in_turns

__all__ = ["Fleet", "Large", "Small", "Tables", "train_on_device"]

SCRATCH_BYTES = 2**30  # for inputs and sums of large models; if not all models fit, they take turns
MOST_TOGETHER = 2**16 - 1  # large models in a launch: a device takes so many rows of thread blocks
MOST_STEPS = 1000  # steps of small models in a launch; of large models, steps handed over together
STEP_BLOCKS = 16  # thread blocks that share the weights of a large model in a step: 20 runs then fill an H100


class Tables(NamedTuple):
    """Tables of all runs, on the host or on the device, in the order in which kernels take them.

    Stretches, pieces and sets are those of a `draws.Law`. Scales are its own, and the spread of `draws.Gaps`.
    `normalised` says of which runs samples are.
    Rates are those of the gaps, 0 where all features are drawn.
    """

    stretches: Any
    scales: Any
    pieces: Any
    sets: Any
    normalised: Any
    importance: Any
    rates: Any
    keys: Any


def train_on_device(trainees: list[Trainee], steps: int, progress: Progress) -> int:
    """Advance the runs to `steps`, or until Ctrl-C; return the number of steps that all have done."""
    fleet = Fleet(trainees)
    completed = train_in_turns([fleet], steps, 1, progress)
    fleet.fetch()
    return completed


class Fleet:
    """Runs of one form that a device advances together; `train_in_turns` takes them as one run.

    Parameters
    ----------
    trainees
        The runs, all with the same number of steps done. `fetch` copies their weights back. Records are kept in arrays
        of all runs, as separate writes would slow down a thousand small models.
    """

    turn_seconds = 0.1  # the device waits while steps are handed over; Ctrl-C waits no longer than a turn

    def __init__(self, trainees: list[Trainee]) -> None:
        first = trainees[0]
        self.trainees, self.settings, self.marks = trainees, first.settings, first.marks
        self.done, self.chunk = first.done, 1
        self.helpers: Executor | None = None  # of no use here: a device has threads of its own
        self.rule, self.form = first.rule, make_form(first.layout["W"][0], first.settings)
        self.theta = cuda.to_device(np.stack([trainee.theta for trainee in trainees]))
        self.moments = cuda.to_device(np.stack([trainee.moments for trainee in trainees]))
        self.tables = Tables(*map(cuda.to_device, _tables(trainees)))
        self.totals = cuda.to_device(np.array([trainee.total for trainee in trainees]))
        self.reached = cuda.to_device(np.array([trainee.diverged or 0 for trainee in trainees], np.int64))
        self.recorded, self.last_record = first.recorded, first.last_record
        self.losses = np.stack([trainee.losses for trainee in trainees])
        self.history = np.stack([trainee.history for trainee in trainees])
        self.launcher = Small(self) if self.form.small else Large(self)
        self.device = cuda.gpus.current  # where the arrays are: the GPU that the caller has chosen

    def compile(self) -> None:
        """Compile the kernels for this form of model, by launches that do nothing."""
        self.launcher.compile(self._factors(self.done + 1))
        cuda.synchronize()

    def advance(self, until: int) -> None:
        """Take steps, recording on the way, until `until` of them are done."""
        with self.device:  # a thread of `train_in_turns` would use the first GPU
            while self.done < until:
                mark = int(self.marks[self.recorded])
                stop = min(until, mark, self.done + MOST_STEPS)
                factors = self._factors(stop)  # named, so that it is not freed before the launches end
                self.launcher.train_steps(self.done, stop, factors)
                cuda.synchronize()
                self.done = stop
                if stop == mark:
                    self._record()

    def fetch(self) -> None:
        """Copy weights, moments, records, and losses not yet recorded, back to the runs."""
        theta, moments = self.theta.copy_to_host(), self.moments.copy_to_host()
        totals, reached = self._totals()
        for run, trainee in enumerate(self.trainees):
            trainee.theta[:], trainee.moments[:] = theta[run], moments[run]
            trainee.losses, trainee.history = self.losses[run], self.history[run]
            trainee.done, trainee.recorded, trainee.last_record = self.done, self.recorded, self.last_record
            trainee.total, trainee.diverged = float(totals[run]), int(reached[run]) or None

    def _record(self) -> None:
        totals, reached = self._totals()
        self.losses[:, self.recorded] = totals / (self.done - self.last_record)
        if self.settings.record:
            self.history[:, self.recorded] = self.theta.copy_to_host()
        self.recorded, self.last_record = self.recorded + 1, self.done
        self.totals.copy_to_device(np.where(reached == 0, 0.0, np.nan))

    def _totals(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the sums of losses since the last record, NaN if a run diverged, and the steps at which runs did."""
        reached = self.reached.copy_to_host()
        return np.where(reached == 0, self.totals.copy_to_host(), np.nan), reached

    def _factors(self, stop: int) -> Any:
        """Return the factors of each step up to `stop`, ``(steps, 3)``, on the device."""
        return cuda.to_device(factors_of_steps(self.done, stop, self.rule))

    @property
    def batch(self) -> int:
        """Samples in a step."""
        return self.settings.batch

    @property
    def clip(self) -> float:
        """Largest norm of the gradient; 0 for no limit."""
        return self.rule.clip


class Small:
    """Launches of models that each fit one thread block."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.kernel = _configured(make_train_steps(fleet.form), len(fleet.trainees), SMALL_WARPS)

    def compile(self, each: Any) -> None:
        """Compile the kernel, by a launch without a step."""
        self.train_steps(self.fleet.done, self.fleet.done, each)

    def train_steps(self, start: int, stop: int, each: Any) -> None:
        """Take the steps from `start` to `stop` in one launch."""
        fleet = self.fleet
        self.kernel(
            fleet.theta, fleet.moments, *fleet.tables, fleet.totals, fleet.reached,
            start, stop, fleet.batch, each, fleet.clip,
        )  # fmt: skip


class Large:
    """Launches of models whose batches several thread blocks share."""

    def __init__(self, fleet: Fleet) -> None:
        form, runs = fleet.form, len(fleet.trainees)
        units = min(SLOTS, -(-fleet.batch // BLOCK)) * form.halves
        lanes = form.width * LANES
        each = units * (form.n * lanes + form.size + form.split) * 4
        together = min(runs, MOST_TOGETHER, max(1, SCRATCH_BYTES // each))
        self.fleet, self.firsts = fleet, range(0, runs, together)
        self.tiles = cuda.device_array((together, units, form.n, lanes), np.float32)
        self.sums = cuda.device_array((together, units, form.size + form.split), np.float32)
        self.add_gradients = _configured(make_add_gradients(form), (units, together), form.split)
        self.take_step = _configured(make_take_step(form), (STEP_BLOCKS, together), UPDATE_WARPS)

    def compile(self, each: Any) -> None:
        """Compile the kernels, by a step of no runs: those behind the last."""
        self._take_step(len(self.fleet.trainees), self.fleet.done, self.fleet.done, each)

    def train_steps(self, start: int, stop: int, each: Any) -> None:
        """Take the steps from `start` to `stop`, with two launches a step for as many runs as fit in memory."""
        for first in self.firsts:
            for step in range(start, stop):
                self._take_step(first, start, step, each)

    def _take_step(self, first: int, start: int, step: int, each: Any) -> None:
        fleet = self.fleet
        self.add_gradients(fleet.theta, *fleet.tables, fleet.reached, self.sums, self.tiles, first, step, fleet.batch)
        self.take_step(
            fleet.theta, fleet.moments, self.sums, fleet.totals, fleet.reached,
            first, start, step, fleet.batch, each, fleet.clip,
        )  # fmt: skip


def _configured(kernel: Any, grid: Any, warps: int) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numba warns of grids that leave much of the device idle
        return kernel[grid, warps * LANES]


def _tables(trainees: list[Trainee]) -> Tables:
    n = trainees[0].layout["W"][0]
    laws = [trainee.inputs.law for trainee in trainees]
    most = max(law.pieces.shape[2] for law in laws)
    scales, padded = np.zeros((len(laws), 3, n), np.float32), np.zeros((len(laws), 3, n, most), np.float32)
    padded[:, 0] = 2.0  # of padding, never reached
    rates = np.zeros(len(laws))
    for run, (trainee, law) in enumerate(zip(trainees, laws, strict=True)):
        gaps = trainee.inputs.gaps
        scales[run, :2], padded[run, ..., : law.pieces.shape[2]] = law.scales, law.pieces
        if gaps.sparse:
            scales[run, 2], rates[run] = gaps.spread, gaps.rate
    stretches = np.stack([law.stretches for law in laws])
    importance, keys = (np.stack([getattr(trainee, name) for trainee in trainees]) for name in ("importance", "key"))
    normalised = np.array([law.normalised for law in laws])
    return Tables(stretches, scales, padded, _padded_sets(laws), normalised, importance, rates, keys)


def _padded_sets(laws: list[Law]) -> np.ndarray:
    """Sets of all runs, ``(runs, 2, tables, stretches)``: further stretches are copies of the last one."""
    tables, most = (max(1, *(law.sets.shape[axis] for law in laws)) for axis in (1, 2))
    padded = np.zeros((len(laws), 2, tables, most), np.int32)
    for own, law in zip(padded, laws, strict=True):
        _, count, length = law.sets.shape
        if count:
            own[:, :count] = np.pad(law.sets, ((0, 0), (0, 0), (0, most - length)), mode="edge")
    return padded
