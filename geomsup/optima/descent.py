"""Descents of the exact expected loss of the tied ReLU output model, side by side on all cores."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from geomsup.features import Features
from geomsup.loss.objective import SERIES_RTOL, has_few_sets, pack, relu_objective, unpack
from geomsup.loss.ordinary import CLOSE, ordinary, times_power
from geomsup.loss.plan import make_inputs
from geomsup.optima.deadline import ENDLESS, Deadline
from geomsup.optima.quasi_newton import lbfgs
from geomsup.threads import check_stop, in_threads, stop_flag

__all__ = ["COARSE", "FINE", "MANY", "MOST_STEPS", "SPARSEST", "End", "Start", "descend", "rough"]

# Largest slope left, of the loss as a fraction of what storing nothing costs: this one distinguishes basins.
COARSE = 1e-6
# The same for the last descent: it gives some 14 digits of the loss. (Series descend to a relative 1e-7, and stop where
# that accuracy ends.)
FINE = 1e-10
MOST_STEPS = 5000
# Of more features than MANY the bounds by which series are cut are far too careful: asked for 1e-3 they are right to
# 6e-6 at (100, 20) and to 3e-9 at (400, 30), in a third of the time. So they are asked for this much less.
MANY, CAREFUL = 60, 100
# Of sparser features the loss is first descended at this probability. At p the loss is a curved valley along a wall at
# b = 0 that is 1/p times as steep, and from far away descents would creep along it for all their steps.
SPARSEST = 1e-6
# Slopes of these are lost in rounding: at p = 1e-15 a row that is off by 1e-11 costs a millionth of the digon's loss.
# There rows and biases of so many decimals are tried.
DECIMALS = 8
# Steps of the second descent, at the features' own probability: it is not far.
LAST_STEPS = 200

Start = tuple[np.ndarray, np.ndarray]  # W (n, m) and b (n,)


class End(NamedTuple):
    """Where a descent ended."""

    loss: float
    W: np.ndarray
    b: np.ndarray


def descend(
    features: Features, starts: Sequence[Start], *, slope: float = COARSE, most_steps: int = MOST_STEPS,
    accuracy: float = SERIES_RTOL, deadline: Deadline = ENDLESS,
) -> list[End]:  # fmt: skip
    """Descend from every start (W, b); return where each descent ended, in the order of the starts.

    They descend in units in which sizes are near 1, for which steps and tolerances are made. Losses that are series are
    computed to the relative `accuracy`. When the deadline passes, descents under way end where they are. Those that
    have not begun stay at their starts, with a loss of infinity.
    """
    if not starts:
        return []
    law, value_unit, loss_unit = ordinary(features, CLOSE)
    starts = [(W, np.ldexp(b, -value_unit)) for W, b in starts]
    sparsest = 0 < law.probability.max() < SPARSEST and not law.joint  # what tables say cannot be scaled
    if sparsest:
        starts = [(W, b) for _, W, b in descend(
            _denser(law), starts, slope=slope, most_steps=most_steps, accuracy=accuracy, deadline=deadline
        )]  # fmt: skip
        most_steps = min(most_steps, LAST_STEPS)
    m = starts[0][0].shape[1]
    descender = _descender(law, m, slope, most_steps, accuracy, deadline)
    still = _descender(law, m, slope, 0, accuracy, deadline)

    def run(start: Start) -> End:
        if deadline.passed():
            return End(np.inf, *start)
        end = descender(start)
        return min(end, still(_rounded(end)), key=lambda one: one.loss) if sparsest else end

    ends = in_threads(run, starts)
    return [End(float(times_power(loss, loss_unit)), W, np.ldexp(b, value_unit)) for loss, W, b in ends]


def rough(features: Features, accuracy: float) -> float:
    """Return what series must be asked for, to be right to a relative `accuracy`."""
    return accuracy if features.n <= MANY else CAREFUL * accuracy


def _denser(features: Features) -> Features:
    """Return the same features, denser: at the probability at which descents are still quick."""
    factor = SPARSEST / float(features.probability.max())
    return replace(features, probability=features.probability * factor)


def _rounded(end: End) -> Start:
    return np.round(end.W, DECIMALS) + 0.0, np.round(end.b, DECIMALS) + 0.0  # no minus zeros


def _descender(
    features: Features, m: int, slope: float, most_steps: int, accuracy: float, deadline: Deadline
) -> Callable[[Start], End]:
    cost = float(features.importance @ features.variance) or 1.0
    if has_few_sets(features):
        return _exact(features, m, cost, slope, most_steps)
    return _series(features, cost, slope, most_steps, accuracy, deadline)


def _exact(features: Features, m: int, cost: float, slope: float, most_steps: int) -> Callable[[Start], End]:
    from geomsup.optima.descent_kernels import bfgs

    importance, inputs = features.importance / cost, make_inputs(features)

    def run(start: Start) -> End:
        loss, vector, _ = bfgs(pack(*start), features.n, m, importance, inputs, 0.0, slope, most_steps, stop_flag())
        check_stop()
        return End(cost * loss, *unpack(vector, features.n))

    return run


def _series(
    features: Features, cost: float, slope: float, most_steps: int, accuracy: float, deadline: Deadline
) -> Callable[[Start], End]:
    objective = relu_objective(features, rough(features, accuracy))

    def scaled(vector: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient = objective(vector)
        return loss / cost, gradient / cost

    def run(start: Start) -> End:
        loss, vector = lbfgs(
            scaled, pack(*start), slope=slope, accuracy=accuracy, most_steps=most_steps, deadline=deadline
        )
        return End(cost * loss, *unpack(vector, features.n))

    return run
