"""Sparse features: every start is descended on the loss to second order, and only the best on the loss itself.

A descent to second order takes 2 to 10 ms at 12 features, and what it finds lies a few millionths above the minimum of
the loss itself: a training on samples takes 100 ms there, and lies a per cent above. But the losses of different minima
differ from their losses to second order by up to a few thousandths, so several go on.
"""

from collections.abc import Sequence

import numpy as np

from geomsup.features import Features
from geomsup.loss.objective import SERIES_RTOL, pack, relu_objective, unpack
from geomsup.loss.sparse.inputs import SparseInputs
from geomsup.optima.deadline import Deadline
from geomsup.optima.descent import COARSE, MOST_STEPS, End, Start
from geomsup.optima.quasi_newton import lbfgs
from geomsup.optima.searching.losses import losses
from geomsup.optima.starts import revived
from geomsup.threads import check_stop, in_threads, stop_flag

__all__ = ["SparseDescents"]

# Ends of the lowest losses to second order whose losses are compared, and how many of the lowest of those are
# descended. (12, 4), 0.7^i, p = 0.02 has minima whose losses to second order are 0.3 % out of order.
COMPARED, REFINED = 16, 2
# None is descended that is this much above the best known, relatively: they gain 1e-5 at Σ p = 0.2, 1e-3 at 0.6.
NEAR = 0.005
DIFFERENT = 1e-6  # relative difference of losses to second order that makes two ends different
# Descents of the loss itself begin with the curvature to second order, and need few steps: after 12, what is left to
# gain is 1e-9 of the loss, or 3e-6 where a valley is very flat.
STEPS = 12
# Accuracy that series are asked for meanwhile: they are right to 1e-8 then, in 0.4 of the time that the usual one takes
# for values in [½, 1].
MEANWHILE = 1e-6
LAST_STEPS = 200  # of the best in the end: they stop sooner, where nothing more is gained
# Of the largest curvature: turns of all rows together cost nothing, and other ways are not trusted more. With 1e-5
# steps are too long: 12 from a minimum of (12, 5), U[½, 1], take 28 losses, not 11, and end up to 7e-5 too high.
FLATTEST = 1e-3


class SparseDescents:
    """Descents to second order from every start, and a few steps on the loss itself from the best of their ends."""

    quick = True

    def __init__(self, features: Features, inputs: SparseInputs, deadline: Deadline) -> None:
        self.features, self.inputs, self.deadline = features, inputs, deadline
        self.cost = float(features.importance @ features.variance) or 1.0

    def first(self, starts: Sequence[Start], seed: int) -> list[End]:
        """Return the lowest minima found from random starts."""
        return self._best(starts, (), seed)

    def again(self, starts: Sequence[Start], seed: int, known: Sequence[End], moves: int) -> list[End]:
        """Return the lowest minima found from moves of good models, without the `known` ones."""
        return self._best(starts, known, seed)

    def polish(self, starts: Sequence[Start], steps: int | None = None) -> list[End]:
        """Return the lowest minima found; with `steps`, whatever they are, those of the loss to second order."""
        return self._best(starts, (), 0) if steps is None else _different(self._second_order(starts, 0))

    def losses(self, starts: Sequence[Start]) -> np.ndarray:
        """Return the losses of starts to second order, well enough to put them in order."""
        from geomsup.loss.sparse.kernels import sparse_loss

        n, importance, slopes = self.features.n, self.features.importance, np.empty(pack(*starts[0]).size)
        return np.array([sparse_loss(pack(W, b), n, W.shape[1], importance, self.inputs, slopes) for W, b in starts])

    def last(self, end: End) -> End:
        """Descend from the best end of a search until nothing more is gained."""
        return self._refined(end, LAST_STEPS, SERIES_RTOL)

    def _best(self, starts: Sequence[Start], known: Sequence[End], seed: int) -> list[End]:
        """Return the lowest of the minima that are not known, and were found from these starts."""
        found = self._second_order([*((end.W, end.b) for end in known), *starts], seed)
        pairs = [(end.W, end.b) for end in _different(found[len(known) :], found[: len(known)])[:COMPARED]]
        loss = losses(self.features, pairs, self.deadline)
        best = min((end.loss for end in known), default=np.inf)
        near = [End(float(loss[k]), *pairs[k]) for k in np.argsort(loss, kind="stable") if loss[k] < best * (1 + NEAR)]
        return sorted([*in_threads(self._refined, near[:REFINED]), *near[REFINED:]], key=lambda end: end.loss)

    def _second_order(self, starts: Sequence[Start], seed: int) -> list[End]:
        """Return where descents of the loss to second order end, in the order of the starts."""
        from geomsup.optima.descent_kernels import bfgs

        n, importance = self.features.n, self.features.importance / self.cost

        def descended(start: Start) -> End:
            vector, m = pack(*start), start[0].shape[1]
            loss, vector, _ = bfgs(vector, n, m, importance, self.inputs, 0.0, COARSE, MOST_STEPS, stop_flag())
            check_stop()
            return End(self.cost * loss, *unpack(vector, n))

        def run(number: int) -> End:
            start = starts[number]
            if self.deadline.passed():
                return End(np.inf, *start)
            end = descended(start)
            other = revived(self.features, (end.W, end.b), np.random.default_rng((seed, number)))
            return end if other is None else min(end, descended(other), key=lambda end: end.loss)

        return in_threads(run, range(len(starts)))

    def _refined(self, end: End, steps: int = STEPS, accuracy: float = MEANWHILE) -> End:
        """Descend the loss itself from a minimum of that to second order, whose curvature is about the same."""
        from geomsup.loss.sparse.kernels import sparse_curvature

        if self.deadline.passed():
            return end
        objective, importance = relu_objective(self.features, accuracy), self.features.importance / self.cost
        start = pack(end.W, end.b)

        def scaled(vector: np.ndarray) -> tuple[float, np.ndarray]:
            loss, gradient = objective(vector)
            return loss / self.cost, gradient / self.cost

        curvature = sparse_curvature(start, *end.W.shape, importance, self.inputs)
        loss, vector = lbfgs(
            scaled, start, slope=COARSE, accuracy=SERIES_RTOL, most_steps=steps, inverse=_inverse(curvature),
            deadline=self.deadline,
        )  # fmt: skip
        return End(self.cost * loss, *unpack(vector, self.features.n))


def _different(ends: Sequence[End], known: Sequence[End] = ()) -> list[End]:
    """Return ends of different losses, none of them that of a known end, the lowest first."""
    kept: list[End] = []
    for end in sorted(ends, key=lambda end: end.loss):
        if not any(abs(end.loss - other.loss) <= DIFFERENT * other.loss for other in (*kept[-1:], *known)):
            kept.append(end)
    return kept


def _inverse(curvature: np.ndarray) -> np.ndarray:
    """Return the inverse of a symmetric matrix, with no eigenvalue that is negative or too large to be trusted."""
    values, vectors = np.linalg.eigh((curvature + curvature.T) / 2)
    return vectors / np.maximum(np.abs(values), FLATTEST * np.abs(values).max()) @ vectors.T
