"""Best of many descents on the exact expected loss of the tied ReLU output model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geomsup.features import Features
from geomsup.loss.misfit import coarser
from geomsup.loss.objective import has_few_sets
from geomsup.optima.descent import COARSE, FINE, MOST_STEPS, End, Start, descend
from geomsup.optima.searching.moves import unlike_pairs
from geomsup.optima.settle import settle
from geomsup.optima.starts import catalogue_starts, random_start

__all__ = ["Descents", "descend_from_many", "finished"]

# If a row is this short after a descent (relative to the longest), the feature is about to be dropped. The loss is flat
# there and the descent slow, so the dropped feature itself is tried.
VANISHING = 0.05
POLISHED = 3  # ends that are descended to FINE; of series, whose coarse losses are good to 1e-7, only the best
NEAR_STEPS = 20  # of a descent that begins where one with fewer pieces ended: their minima lie a few thousandths apart
ALIKE = 1e-6  # the same where they come from series to 1e-7, of descents that stop at COARSE
SAME = 1e-7  # relative difference of losses below which two coarse ends are one


@dataclass(frozen=True)
class Descents:
    """The best end point of all starts, what its Hessian says (`settle`), and the loss every start ended at."""

    W: np.ndarray
    b: np.ndarray
    kind: str
    losses: np.ndarray


def descend_from_many(
    features: Features,
    n_hidden: int,
    starts: int,
    rng: np.random.Generator,
    guesses: Sequence[Start] = (),
    most_steps: int = MOST_STEPS,
) -> Descents:
    """Return the best of `starts` random descents, one from each catalogue shape and one from each guess (W, b).

    Half of the random starts leave out some features from the beginning. Where features differ, the best
    model then tries to exchange the places of any two of them.
    """
    begin = [random_start(features, n_hidden, i, rng) for i in range(starts)]
    begin += [*catalogue_starts(features, n_hidden, rng), *guesses]
    ends = sorted(_descended(features, begin, most_steps), key=lambda end: end.loss)
    ends[0] = _exchange(features, ends[0])
    return finished(features, ends, most_steps)


def finished(features: Features, ends: list[End], most_steps: int = MOST_STEPS) -> Descents:
    """Descend from the best of these ends, lowest first, as far as the loss allows, and check them."""
    polished = POLISHED if has_few_sets(features) else 1
    best = [(W, b) for _, W, b in ends[:polished]]
    ends[:polished] = descend(features, best, slope=FINE, most_steps=most_steps)
    ends[:polished] = [_drop_vanishing(features, end) for end in ends[:polished]]
    ends.sort(key=lambda end: end.loss)
    ends[0], kind = settle(features, ends[0])
    return Descents(ends[0].W, ends[0].b, kind, np.array([end.loss for end in ends]))


def _descended(features: Features, begin: Sequence[Start], most_steps: int) -> list[End]:
    """Descend from every start; where pieces stand for smooth distributions of values, at first with few of them."""
    rough = coarser(features)
    if rough is features:
        return descend(features, begin, most_steps=most_steps)
    near = sorted(descend(rough, begin, most_steps=most_steps), key=lambda end: end.loss)
    # Ends of the same loss are the same minimum, turned or relabelled: one of them goes on for all.
    new = [k == 0 or end.loss > near[k - 1].loss * (1 + ALIKE) for k, end in enumerate(near)]
    first = [(end.W, end.b) for end, is_new in zip(near, new, strict=True) if is_new]
    found = descend(features, first, most_steps=min(most_steps, NEAR_STEPS))
    return [found[k] for k in np.cumsum(new) - 1]


def _exchange(features: Features, end: End) -> End:
    """Exchange the rows of two features while that lowers the loss.

    A shape has as many optima as ways to label its vertices with unlike features, and random starts find each
    of them about equally often: exchanging two labels is how to get from one to a better one.
    """
    pairs = unlike_pairs(features) if has_few_sets(features) else []  # of more, too many
    while pairs:
        best = min(descend(features, [_exchanged(end, *pair) for pair in pairs], slope=COARSE), key=lambda e: e.loss)
        if best.loss >= end.loss * (1 - SAME):
            break
        end = best
    return end


def _exchanged(end: End, i: int, j: int) -> Start:
    W, b = end.W.copy(), end.b.copy()
    W[[i, j]], b[[i, j]] = W[[j, i]], b[[j, i]]
    return W, b


def _drop_vanishing(features: Features, end: End) -> End:
    """Try to drop the features whose rows nearly vanished; in a tie the model with zero rows wins."""
    norms = np.linalg.norm(end.W, axis=1)
    vanishing = norms < VANISHING * norms.max()
    if not vanishing.any() or vanishing.all():
        return end
    start = np.where(vanishing[:, None], 0.0, end.W), np.where(vanishing, features.mean, end.b)
    (near,) = descend(features, [start], slope=FINE)  # zero rows grow a little while biases settle
    start = np.where(vanishing[:, None], 0.0, near.W), np.where(vanishing, features.mean, near.b)
    (tidy,) = descend(features, [start], most_steps=0)
    return tidy if tidy.loss <= end.loss * (1 + 1e-9) else end
