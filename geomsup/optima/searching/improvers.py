"""Improvers: from many starts to a few ends near minima.

Where the exact loss takes microseconds, every start is descended. Where it takes milliseconds, descents to second order
in the probabilities serve sparse features (`sparse`). For denser ones training on samples is a hundred times cheaper
than descents, and its noise leaves shallow minima: every start is trained, and only the best are descended, for a few
steps.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from geomsup.features import Features
from geomsup.loss.exact import sets_needed
from geomsup.loss.halves.states import halves_of
from geomsup.loss.misfit import coarser
from geomsup.loss.sparse.inputs import sparse_inputs
from geomsup.optima.deadline import ENDLESS, Deadline
from geomsup.optima.descent import MANY, SPARSEST, End, Start, descend
from geomsup.optima.searching.endless import lengthened
from geomsup.optima.searching.losses import ROUGH, losses
from geomsup.optima.searching.ranked import ranked
from geomsup.optima.searching.sparse import SparseDescents
from geomsup.optima.starts import revived

__all__ = ["Improver", "Rung", "make_improver", "too_sparse"]

# Sets of present features, times features, as 6 independent ones have: up to here a descent takes 10 to 50 ms. Eleven
# features in five pairs that come together and a single one have as many sets, and take 85 ms.
QUICK_SETS = 2**6 * 6
QUICK_STATES = 64  # of one half of features whose values are points, as 6 binary ones have: 10 to 30 ms at 12 features
# The same as 5 binary ones have, of 10: 8 ms, so that every exchange is descended from. Up to SMALL features, the usual
# effort misses nothing.
QUICKER_STATES, SMALL = 32, 8
ACTIVE = 600  # active features in a batch: with 300, noise hides a tenth of a per cent where features are sparse
# Batches of more samples take seconds per training; with too few active features in the largest, none is tried.
SMALLEST_BATCH, LARGEST_BATCH, LEAST_ACTIVE = 256, 2**13, 100
# So sparse features are descended from every start, if they are up to DESCENDED, of more kinds than these.
FEW_KINDS = 3
# Features up to which every second round of moves is descended without training, whose noise may hide what a move of
# sparse features gains; and steps of these descents.
DESCENDED, MOVED_STEPS = 14, 60
MOST_STEPS = 600  # of descents from every start: minima take up to 450, and valleys without an end all of them
MOST_POLISHED = 6  # ends that are descended after a training
NEAR = 0.02  # and none that is this much above the best known, relatively: descents from trained ends gain 0.1 %
POLISH_STEPS = 20  # of these descents: to 1e-5 of the minimum, which is enough to compare ends


class Rung(NamedTuple):
    """One training of the best `kept` models: steps, batch as a multiple of the usual one, rate of learning."""

    kept: int
    steps: int
    batch: int
    rate: float


ALL = 10**6
FIRST = (Rung(ALL, 1500, 1, 0.02),)  # from random starts: 8 to 30 ms per model of 12 to 20 features
AGAIN = (Rung(ALL, 600, 1, 0.007),)  # after a move: most of the model is right already
# Of large models trainings end lower than descents of the same time: (100, 20), 0.97^i, p = 0.05 ends 0.56 % lower in
# 43 CPU seconds than after 200 of descents. Several are trained with much noise, and the best go on with less.
LARGE_FIRST = (Rung(4, 6000, 1, 0.03), Rung(2, 6000, 4, 0.01), Rung(1, 3000, 8, 0.003))
LARGE_AGAIN = (Rung(ALL, 900, 1, 0.01), Rung(1, 1000, 8, 0.003))


class Improver(Protocol):
    """How starts become ends. Where it is `quick`, hundreds of starts take no more than a second."""

    quick: bool

    def first(self, starts: Sequence[Start], seed: int) -> list[End]:
        """Improve random starts; return ends, the lowest first."""
        ...

    def again(self, starts: Sequence[Start], seed: int, known: Sequence[End], moves: int) -> list[End]:
        """Improve moves of good models, the `known` ends, lowest first, after so many rounds of moves."""
        ...

    def polish(self, starts: Sequence[Start], steps: int | None = None) -> list[End]:
        """Descend from where each is, near a minimum; for so many steps if they are given."""
        ...

    def losses(self, starts: Sequence[Start]) -> np.ndarray:
        """Return the losses of starts, well enough to put them in order; those that there is no time for are inf."""
        ...

    def last(self, end: End) -> End:
        """Improve the best end of a search, so far that searches can be compared."""
        ...


def make_improver(
    features: Features, deadline: Deadline = ENDLESS, polished: int = MOST_POLISHED
) -> Improver | None:  # fmt: skip
    """Return the quicker way for these features; so many ends are descended after a training at most.

    None if they are too sparse to be sampled, unless they are up to 14 of many kinds, which blocks serve badly; and if
    values are discrete and so many that losses are series, which converge slowly. What the deadline leaves no time for
    has a loss of infinity.
    """
    halves = halves_of(features)
    few = sets_needed(np.ones((features.n, features.n)), features) * features.n <= QUICK_SETS
    states = np.inf if halves is None else max(len(half.values) for half in halves)
    unlike = features.n <= DESCENDED and len(features.kinds) > FEW_KINDS
    # Of 30 features such a descent takes 75 ms, and the search that it is made for minutes.
    small = features.n <= DESCENDED and features.probability.max() >= SPARSEST
    sparse = sparse_inputs(features) if small and (unlike or not too_sparse(features)) else None
    # Twelve sparse binary features are searched in a quarter of the time to second order, and missed less often.
    if few or states <= (QUICK_STATES if sparse is None else QUICKER_STATES):
        return _Descents(features, deadline, features.n > SMALL and states <= QUICKER_STATES)
    if halves is None and any((law.pieces()[2] == 0).any() for law in features.laws):
        return None
    if too_sparse(features) and not unlike:
        return None
    if sparse is not None:
        return SparseDescents(features, sparse, deadline)
    return _Descents(features, deadline) if too_sparse(features) else _Trainings(features, deadline, polished)


def too_sparse(features: Features) -> bool:
    """Whether the largest batch holds too few active features for a training."""
    return features.probability.sum() * LARGEST_BATCH < LEAST_ACTIVE


class _Descents:
    """Descents of the exact loss from every start."""

    def __init__(self, features: Features, deadline: Deadline, quick: bool = False) -> None:
        self.features, self.deadline, self.quick = features, deadline, quick

    def first(self, starts: Sequence[Start], seed: int) -> list[End]:
        return self.polish(starts)

    def again(self, starts: Sequence[Start], seed: int, known: Sequence[End], moves: int) -> list[End]:
        return self.polish(starts)

    def polish(self, starts: Sequence[Start], steps: int | None = None) -> list[End]:
        steps = steps or MOST_STEPS
        ends = descend(self.features, starts, most_steps=steps, deadline=self.deadline)
        rng = np.random.default_rng(len(starts))  # any: the same starts must end at the same bits
        dead = [other for end in ends if (other := revived(self.features, (end.W, end.b), rng)) is not None]
        ends += descend(self.features, dead, most_steps=steps, deadline=self.deadline)
        return sorted(ends, key=lambda end: end.loss)

    def losses(self, starts: Sequence[Start]) -> np.ndarray:
        return losses(self.features, starts, self.deadline)

    def last(self, end: End) -> End:
        return lengthened(self.features, end, self.deadline)[0]


class _Trainings:
    """Trainings from every start, and short descents from the best of their ends."""

    quick = False

    def __init__(self, features: Features, deadline: Deadline, polished: int) -> None:
        self.features, self.rough, self.deadline, self.polished = features, coarser(features), deadline, polished
        batch = int(np.ceil(ACTIVE / features.probability.sum()))
        self.batch = min(max(batch, SMALLEST_BATCH), LARGEST_BATCH)
        self.large = features.n > MANY  # a loss takes as long as 30,000 samples there, and more

    def first(self, starts: Sequence[Start], seed: int) -> list[End]:
        return self._best(starts, LARGE_FIRST if self.large else FIRST, seed, np.inf)

    def again(self, starts: Sequence[Start], seed: int, known: Sequence[End], moves: int) -> list[End]:
        if moves % 2 == 0 and self.features.n <= DESCENDED:
            return self.polish(starts, MOVED_STEPS)
        return self._best(starts, LARGE_AGAIN if self.large else AGAIN, seed, known[0].loss)

    def polish(self, starts: Sequence[Start], steps: int | None = None) -> list[End]:
        ends = descend(self.rough, starts, most_steps=steps or POLISH_STEPS, accuracy=ROUGH, deadline=self.deadline)
        return sorted(ends, key=lambda end: end.loss)

    def losses(self, starts: Sequence[Start]) -> np.ndarray:
        return losses(self.features, starts, self.deadline)

    def last(self, end: End) -> End:
        return end

    def _best(self, starts: Sequence[Start], rungs: Sequence[Rung], seed: int, best: float) -> list[End]:
        from geomsup.training.from_starts import train_from

        ends, known = list(starts), list[End]()
        for number, (kept, steps, larger, rate) in enumerate(rungs):
            ends = train_from(
                self.features, ends[:kept], steps=steps, batch=min(larger * self.batch, LARGEST_BATCH),
                learning_rate=rate, seed=seed + number, deadline=self.deadline,
            )  # fmt: skip
            rng = np.random.default_rng(seed)
            ends = [revived(self.features, end, rng) or end for end in ends]
            known = sorted(ranked(self.rough, ends, self.deadline), key=lambda end: end.loss)
            ends = [(end.W, end.b) for end in known]
            if self.deadline.passed():
                break
        near = [end for end in known if end.loss < best * (1 + NEAR)]
        if self.large:  # nothing is gained by a few steps of a descent
            return near
        polished = self.polish([(end.W, end.b) for end in near[: self.polished]])
        # Descents that were left out have no loss; the trainings have.
        return sorted([*polished, *(near if self.deadline.passed() else [])], key=lambda end: end.loss)
