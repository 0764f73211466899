"""Runs on a device: what goes there, the launches, and what comes back."""

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
from geomsup.training.kernels.adam import factors_of_steps
from geomsup.training.trainee import Trainee
from geomsup.training.turns import train_in_turns

__all__ = ["Fleet", "Large", "Small", "Tables", "train_on_device"]

SCRATCH_BYTES = 2**30  # of inputs and sums of large models; more of them than fit take turns
MOST_TOGETHER = 2**16 - 1  # large models in a launch: rows of thread blocks that a device takes
MOST_STEPS = 1000  # in a launch, of small models; handed over at a time, of large ones
STEP_BLOCKS = 16  # thread blocks that share the weights of a large model in a step: 20 runs then fill an H100


class Tables(NamedTuple):
    """What is known of each run, on the host or on the device; kernels take these one after another.

    Stretches and pieces are those of a `draws.Law`, scales its own and the spread of gaps, whose rates are 0 where all
    is drawn.
    """

    stretches: Any
    scales: Any
    pieces: Any
    importance: Any
    rates: Any
    keys: Any


def train_on_device(trainees: list[Trainee], steps: int, progress: Progress) -> int:
    """Advance the runs to `steps`, or as far as Ctrl-C lets them; return how far all of them are."""
    fleet = Fleet(trainees)
    completed = train_in_turns([fleet], steps, 1, progress)
    fleet.fetch()
    return completed


class Fleet:
    """Runs of one form that go in step on a device; has what `train_in_turns` needs of a run.

    Parameters
    ----------
    trainees
        The runs, all as far as each other. What is known of them comes back with `fetch`; their records lie in arrays
        of the fleet, as a thousand small models would wait for a thousand small writes.
    """

    turn_seconds = 0.1  # handing steps over costs a device's time, and Ctrl-C may wait so long

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
        self.device = cuda.gpus.current  # where the arrays are: the caller's choice among several

    def compile(self) -> None:
        """Compile the kernels for this form of model, by launches that do nothing."""
        self.launcher.compile(self._factors(self.done + 1))
        cuda.synchronize()

    def advance(self, until: int) -> None:
        """Take steps, recording on the way, until `until` of them are done."""
        with self.device:  # a thread of `train_in_turns` would take the first
            while self.done < until:
                mark = int(self.marks[self.recorded])
                stop = min(until, mark, self.done + MOST_STEPS)
                factors = self._factors(stop)  # kept until the launches end: what is let go of may be freed at once
                self.launcher.train_steps(self.done, stop, factors)
                cuda.synchronize()
                self.done = stop
                if stop == mark:
                    self._record()

    def fetch(self) -> None:
        """Bring weights, moments, records and what is not yet recorded of the losses back to the runs."""
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
        """Return the sums of losses since the last record, NaN of runs that diverged, and at which step these did."""
        reached = self.reached.copy_to_host()
        return np.where(reached == 0, self.totals.copy_to_host(), np.nan), reached

    def _factors(self, stop: int) -> Any:
        """Return what Adam needs to know of each step up to `stop`, ``(steps, 3)``, on the device."""
        return cuda.to_device(factors_of_steps(self.done, stop, self.rule))

    @property
    def batch(self) -> int:
        """Samples in a step."""
        return self.settings.batch

    @property
    def clip(self) -> float:
        """Longest gradient; 0 for any."""
        return self.rule.clip


class Small:
    """Launches of models that each fit one thread block."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.kernel = _configured(make_train_steps(fleet.form), len(fleet.trainees), SMALL_WARPS)

    def compile(self, each: Any) -> None:
        """Launch no step."""
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
        """Launch a step of the runs behind the last, of which there are none."""
        self._take_step(len(self.fleet.trainees), self.fleet.done, self.fleet.done, each)

    def train_steps(self, start: int, stop: int, each: Any) -> None:
        """Take the steps from `start` to `stop`, in two launches each for as many runs as have room together."""
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
    return Tables(stretches, scales, padded, importance, rates, keys)
