"""A run under way: its weights, the state of its optimiser, its records, and the steps that continue it."""

from concurrent.futures import Executor

import numpy as np

from geomsup.features import Features
from geomsup.samples import SampledFeatures
from geomsup.training.arguments import NO_GAPS, make_extras, make_form, make_inputs, make_rule
from geomsup.training.kernels.buffers import Buffers, make_buffers
from geomsup.training.kernels.compiled import BLOCK
from geomsup.training.kernels.form import Shape
from geomsup.training.kernels.rows import prepare_orders
from geomsup.training.kernels.steps import Task, part_gradient, take_step, train_steps
from geomsup.training.layout import layout, pack, split
from geomsup.training.settings import Settings

__all__ = ["Trainee"]

# Least number of blocks in a part of a batch: 512 samples.
SMALLEST_PART = 4
# Weights times blocks in a part. Parts of small models have more samples, so that a part takes about 0.3 ms: long
# compared with the time that it takes to hand it to a thread.
PART_WORK = 2**14


class Trainee:
    """A run that can be advanced by any number of steps; the result does not depend on how calls share the steps.

    Parameters
    ----------
    number
        Number of the run; with the seed it names the stream of random numbers.
    features
        What the run is trained on.
    weights
        Arrays to start from, by name; see `layout`.
    marks
        Steps at which a record is made, increasing.
    settings
        Settings of `train`.

    Attributes
    ----------
    diverged
        The step after which a weight or a loss was not finite; None while all are. A diverged run takes no more steps.
    """

    turn_seconds = 0.005  # handing a turn to a thread costs 0.05 ms

    def __init__(
        self,
        number: int,
        features: Features | SampledFeatures,
        weights: dict[str, np.ndarray],
        marks: np.ndarray,
        settings: Settings,
    ) -> None:
        self.number, self.marks, self.settings = number, marks, settings
        self.layout = layout(features.n, settings)
        with np.errstate(over="ignore"):  # what single precision cannot hold becomes inf, and is reported
            self.theta = pack(weights, self.layout).astype(np.float32)
            self.importance = features.importance.astype(np.float32)
        self.inputs = make_inputs(features)
        if settings.attack:  # attacked inputs are dense
            self.inputs = self.inputs._replace(gaps=NO_GAPS)
        self.form, self.extras, self.rule = make_form(settings), make_extras(settings, features), make_rule(settings)
        self.moments = np.zeros((2, self.theta.size), np.float32)
        seed, place = settings.stream(number)
        self.key = np.array([_stream(seed), place], np.uint32)
        self.done = self.recorded = self.last_record = 0
        self.total = 0.0  # of the losses since the last record
        self.diverged: int | None = None
        self.chunk = 1  # steps of one turn; the caller tunes it
        # Gradients of parts of a batch are added in order, whoever computed them: same bits on any number of threads.
        self.part_size = BLOCK * max(SMALLEST_PART, PART_WORK // int(np.prod(self.layout["W"])))
        self.helpers: Executor | None = None  # threads that share the parts of a batch
        self.losses = np.empty(len(marks))
        snapshots = len(marks) if settings.record else 0
        self.history = np.empty((snapshots, self.theta.size), np.float32)

    def compile(self) -> None:
        """Compile the kernels for this form of model, by taking no step."""
        self._train(self.done, *self._buffers(1))

    @property
    def task(self) -> Task:
        """The arguments of the kernels that say what is trained, and on what."""
        (n, m), (_, last) = self.layout["W"], self.layout.get("W_out", self.layout["W"])
        return Task(Shape(n, m, last), self.form, *self.inputs, self.importance, self.key)

    def _buffers(self, count: int) -> list[Buffers]:
        sparse = self.inputs.gaps.sparse
        return [make_buffers(self.task.shape, self.form, self.extras, sparse) for _ in range(count)]

    def advance(self, until: int) -> None:
        """Take steps, recording on the way, until `until` of them are done."""
        alone = self.helpers is None or self.parts == 1
        buffers = self._buffers(1 if alone else self.parts)
        while self.done < until:
            mark = int(self.marks[self.recorded])
            stop = min(until, mark)
            if self.diverged is None:
                (self._step if alone else self._step_together)(stop, buffers)
            self.done = stop
            if stop == mark:
                self.record()

    @property
    def parts(self) -> int:
        """Number of parts of a batch; the gradient of each is summed separately."""
        return -(-self.settings.batch // self.part_size)

    def _step(self, stop: int, buffers: list[Buffers]) -> None:
        reached, self.total = self._train(stop, buffers[0])
        self._check(reached)

    def _train(self, stop: int, buffers: Buffers) -> tuple[int, float]:
        return train_steps(
            self.theta, self.moments, self.task, self.extras, self.done, stop, self.settings.batch, self.part_size,
            self.rule, self.total, buffers,
        )  # fmt: skip

    def _step_together(self, stop: int, buffers: list[Buffers]) -> None:
        """Take the steps of `train_steps`, with the parts of a batch in several threads at the same time."""
        assert self.helpers is not None
        task, batch, size = self.task, self.settings.batch, self.part_size
        gradients = np.empty((self.parts, self.theta.size), np.float32)
        reached = stop
        for step in range(self.done, stop):
            prepare_orders(task.rows, step, batch, task.key)

            def gradient_of(part: int, step: int = step) -> float:
                begin, end = part * size, min((part + 1) * size, batch)
                return part_gradient(
                    gradients[part], self.theta, task, self.extras, step, begin, end, batch, buffers[part]
                )

            loss, gradient = 0.0, np.zeros_like(self.theta)
            for part, of_part in enumerate(self.helpers.map(gradient_of, range(self.parts))):
                loss += of_part
                gradient += gradients[part]
            finite = take_step(self.theta, gradient, self.moments, task.shape, step, batch, self.rule)
            self.total += 1.0 / batch * loss
            if not (finite and np.isfinite(self.total)):
                reached = step + 1
                break
        self._check(reached)

    def _check(self, reached: int) -> None:
        if not (np.isfinite(self.total) and np.isfinite(self.theta).all() and np.isfinite(self.moments).all()):
            self.diverged = reached
            self.total = np.nan

    def record(self) -> None:
        """Record the mean loss since the last record and, if asked for, the weights."""
        self.losses[self.recorded] = self.total / (self.done - self.last_record)
        if len(self.history):
            self.history[self.recorded] = self.theta
        self.recorded += 1
        self.last_record = self.done
        self.total = 0.0 if self.diverged is None else np.nan

    def split(self, theta: np.ndarray) -> dict[str, np.ndarray]:
        """Return the arrays, by name, of packed weights ``(..., theta.size)``."""
        return split(theta, self.layout)


def _stream(seed: int) -> int:
    """Return a word that depends on the whole of `seed`, of any size."""
    return int(np.random.SeedSequence(seed).generate_state(1)[0])
