"""Independent chains: each begins at random, and is changed and improved until nothing helps any more."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geomsup.features import Features
from geomsup.optima.deadline import ENDLESS, Deadline
from geomsup.optima.descent import End, Start
from geomsup.optima.searching.chance import hits
from geomsup.optima.searching.improvers import Improver
from geomsup.optima.searching.kept import Kept, State
from geomsup.optima.searching.losses import rounding
from geomsup.optima.searching.moves import (
    changed,
    exchanged_with_riders,
    exchanges,
    has_riders,
    pairs_to_exchange,
    rotations,
    without_riders,
)
from geomsup.optima.searching.parts import searched_part
from geomsup.optima.starts import catalogue_starts, dedicated_end, random_start
from geomsup.threads import Progress, check_stop

__all__ = ["Effort", "agreed", "chains", "effort_for"]

# Where starts are quick, the first two are descended before the others: one of all features, and one that leaves some
# out. They find the best of 8 equal features in 3 dimensions after 12 ms; all together take 50.
EARLY = 2
KEPT = 6  # different ends that a chain goes on from
LIKELIEST = 0.4  # the best of them is changed with this probability, the next with 0.4 × 0.6, and so on
GAIN, QUICK_GAIN = 1e-5, 1e-6  # relative gain that counts as progress: what series are good to; where that is quick
# Relative difference of losses that makes two ends different; and the same where that is quick. There a chain goes on
# from neighbours of the best that are a millionth higher: 6 of 30 chains find the best known (12, 4), p = 0.05, random
# importances, and 1 of 16 did with 1e-4.
DIFFERENT, QUICK_DIFFERENT = 1e-4, 1e-6
# Exchanges that are descended from: the best so many alone, and several of two features at once. The best are those of
# the lowest loss after a few steps, which are taken from so many of the lowest loss before any: after an exchange, rows
# and biases are those of other features, and the one that gains most may begin 10 % higher ((12, 4), 0.7^i, p = 0.02).
TRIED, FEW_STEPS, SINGLE, TOGETHER = 24, 5, 6, (2, 3)


@dataclass(frozen=True)
class Effort:
    """How much is tried: random starts, moves in a round, rounds without a gain that end a chain, exchanges, chains.

    With `parts`, a round searches a part of the model from so many starts; if it has none, rows are moved.
    Chains end as soon as `agree` of them, and more than half, have ended at the best. Each ends after `rounds` rounds
    at the latest.
    """

    starts: int
    moves: int
    patience: int
    pairs: int
    circles: int
    chains: int
    agree: int
    rounds: int = 500
    parts: int = 0


# Models up to this many features, and what is tried for them: as much as 20 s on two processors allow up to 12
# features, and as one chain allows in a minute at the largest.
EFFORTS = (
    (8, Effort(starts=16, moves=16, patience=2, pairs=100, circles=400, chains=6, agree=3)),
    (14, Effort(starts=32, moves=16, patience=3, pairs=100, circles=400, chains=5, agree=2)),
    (30, Effort(starts=32, moves=16, patience=2, pairs=450, circles=200, chains=3, agree=2)),
    (60, Effort(starts=16, moves=8, patience=4, pairs=0, circles=0, chains=1, agree=1, rounds=60, parts=12)),
)
# The same where hundreds of starts take a second, up to 14 features: chains of 0.2 to 8 s, of which more must agree.
QUICK = Effort(starts=64, moves=64, patience=5, pairs=100, circles=400, chains=7, agree=3)
# The same beyond. Exchanges of two features are not tried: each takes a loss, and ranks do most of what they would do.
LARGE = Effort(starts=4, moves=8, patience=4, pairs=0, circles=0, chains=1, agree=1, rounds=60, parts=12)


def effort_for(n_features: int, quick: bool = False) -> Effort:
    """Return how much is tried by default; `quick` is that of the improver."""
    return QUICK if quick else next((effort for most, effort in EFFORTS if n_features <= most), LARGE)


def chains(
    features: Features,
    n_hidden: int,
    improver: Improver,
    effort: Effort,
    rng: np.random.Generator,
    progress: Progress = None,
    deadline: Deadline = ENDLESS,
) -> list[End]:
    """Return the end of every chain, the lowest first; of those that the deadline leaves no time for, the first.

    An interruption keeps what is done: the same search, from the same state of `rng`, goes on from there.
    """
    kept = Kept(features, n_hidden, effort, rng)
    ends, state = kept.read()
    while True:
        chain = _Chain(features, n_hidden, improver, effort, rng, _Told(progress, len(ends), effort), deadline, state)
        try:
            ends.append(chain.run())
        except KeyboardInterrupt as interruption:
            if (ends or chain.state.ends) and kept.write(ends, chain.state):
                interruption.add_note("the search so far is kept; the same search goes on from there")
            raise
        perfect = min(end.loss for end in ends) <= rounding(features)
        enough = agreed(np.array([end.loss for end in ends]), effort)
        if len(ends) >= effort.chains or perfect or enough or deadline.passed():
            break
        state = State(moves=chain.moves)
    if not deadline.passed():
        kept.drop()
    chain.told.done()
    return sorted(ends, key=lambda end: end.loss)


def agreed(losses: np.ndarray, effort: Effort) -> bool:
    """Whether enough chains of these losses ended at the best of them for the search to end."""
    found = hits(losses)
    return found >= effort.agree and 2 * found > len(losses)


class _Told:
    """What `progress` hears of a chain: how far it is, at least."""

    def __init__(self, progress: Progress, chain: int, effort: Effort) -> None:
        self.progress, self.chain, self.effort = progress, chain, effort

    def round(self, rounds: int) -> None:
        expected = 4 * (self.effort.patience + 1)  # rounds; a chain may take more
        within = rounds / (rounds + expected)
        self._say((self.chain + within) / self.effort.chains)

    def done(self) -> None:
        self._say(1.0)

    def _say(self, fraction: float) -> None:
        if self.progress is not None:
            self.progress("searching", fraction)


class _Chain:
    """One chain: a few different ends, the lowest first, and what has been tried on them."""

    def __init__(
        self, features: Features, m: int, improver: Improver, effort: Effort, rng: np.random.Generator, told: _Told,
        deadline: Deadline, state: State,
    ) -> None:  # fmt: skip
        self.features, self.m, self.improver, self.effort, self.rng = features, m, improver, effort, rng
        self.told, self.deadline = told, deadline
        self.gain, self.different = (QUICK_GAIN, QUICK_DIFFERENT) if improver.quick else (GAIN, DIFFERENT)
        self.pairs = pairs_to_exchange(features) if effort.pairs else []
        self.ends, self.exchanged, self.rotated = list(state.ends), list(state.exchanged), list(state.rotated)
        self.rounds, self.moves, self.wasted = state.rounds, state.moves, state.wasted
        if state.rng:
            rng.bit_generator.state = dict(state.rng)
        self._note()

    def run(self) -> End:
        """Go on until `patience` rounds of moves in a row have gained nothing."""
        if not self.ends:
            self._begin()
        least = rounding(self.features)
        while self.wasted < self.effort.patience and self.rounds < self.effort.rounds and not self.deadline.passed():
            if self.ends[0].loss <= least:
                break
            self._note()
            self._round()
            self.told.round(self.rounds)
            check_stop()
        return self.improver.last(self.ends[0])

    def _note(self) -> None:
        """Note where the chain is, in case the next round is interrupted."""
        self.state = State(
            tuple(self.ends), tuple(self.exchanged), tuple(self.rotated), self.rounds, self.moves, self.wasted,
            self.rng.bit_generator.state,
        )  # fmt: skip

    def _begin(self) -> None:
        starts = [random_start(self.features, self.m, i, self.rng) for i in range(self.effort.starts)]
        starts += catalogue_starts(self.features, self.m, self.rng)
        early = EARLY if self.improver.quick else len(starts)
        self._add(self.improver.first(starts[:early], self._seed()))
        if starts[early:]:
            self._add(self.improver.again(starts[early:], self._seed(), self.ends, 0))
        if self.deadline.passed():
            self._add([dedicated_end(self.features, self.m)])  # in next to no time

    def _round(self) -> None:
        before = self.ends[0].loss
        if self._is_new(self.exchanged):
            self._add(self._exchange())
        elif self.effort.circles and self._is_new(self.rotated):
            self._add(self._rotate())
        else:
            found = self._part()
            self._add(self._move() if found is None else found)
            self.wasted += 1
        if self.ends[0].loss < before * (1 - self.gain):
            self.wasted = 0
        self.rounds += 1

    def _seed(self) -> int:
        return int(self.rng.integers(2**63))

    def _add(self, new: Sequence[End]) -> None:
        kept: list[End] = []
        for end in sorted([*self.ends, *new], key=lambda end: end.loss):
            if np.isfinite(end.loss) and (not kept or end.loss > kept[-1].loss * (1 + self.different)):
                kept.append(end)
        self.ends = kept[:KEPT]

    def _is_new(self, tried: list[float]) -> bool:
        """Whether there are exchanges, and none were tried on the best end."""
        best = self.ends[0]
        return bool(self.pairs) and not any(abs(best.loss - loss) <= self.gain * loss for loss in tried)

    def _exchange(self) -> list[End]:
        """Try exchanges of two features, alone and several at once."""
        end = self.ends[0]
        self.exchanged.append(end.loss)
        pairs = self.pairs
        if len(pairs) > self.effort.pairs:
            pairs = [pairs[k] for k in self.rng.choice(len(pairs), self.effort.pairs, replace=False)]
        alone = exchanges(end, pairs, ())
        order = np.argsort(self.improver.losses(alone), kind="stable")
        together = exchanges(end, [pairs[k] for k in order], TOGETHER)[len(pairs) :]
        alone = [alone[k] for k in order]
        if self.improver.quick:
            together += [other for i, j in pairs if (other := exchanged_with_riders(end.W, end.b, i, j)) is not None]
            if has_riders(end.W):
                together += [without_riders(self.features, start, self.rng) for start in alone]
        return self._best_of(alone, together)

    def _rotate(self) -> list[End]:
        """Try to pass directions on among three features."""
        end = self.ends[0]
        self.rotated.append(end.loss)
        starts = rotations(self.features, end, self.effort.circles, self.rng)
        if not starts:
            return []
        if self.improver.quick:
            return self._best_of(starts, [])
        order = np.argsort(self.improver.losses(starts), kind="stable")
        return self._best_of([starts[k] for k in order], [])

    def _best_of(self, rising: list[Start], others: list[Start]) -> list[End]:
        """Descend from all starts if that is quick; else from `others`, and the best few of those whose losses rise."""
        if self.improver.quick:
            return self.improver.again(rising + others, self._seed(), self.ends, 0)
        sieved = self.improver.polish(rising[:TRIED], FEW_STEPS)[:SINGLE]
        return self.improver.polish([(end.W, end.b) for end in sieved] + others)

    def _part(self) -> list[End] | None:
        """Search a part of the best model anew; None if there is none."""
        if not self.effort.parts:
            return None
        return searched_part(self.features, self.ends[0], self.effort.parts, self.rng, self.deadline)

    def _move(self) -> list[End]:
        places = np.minimum(self.rng.geometric(LIKELIEST, self.effort.moves) - 1, len(self.ends) - 1)
        starts = [changed(self.features, self.ends[k], self.rng) for k in places]
        self.moves += 1
        return self.improver.again(starts, self._seed(), self.ends, self.moves - 1)
