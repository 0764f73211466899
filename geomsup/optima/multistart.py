"""Best of many descents on the exact expected loss of the tied ReLU output model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from geomsup.features import Features
from geomsup.loss.misfit import coarser
from geomsup.loss.objective import SERIES_RTOL, has_few_sets
from geomsup.optima.deadline import ENDLESS, Deadline
from geomsup.optima.descent import COARSE, FINE, MANY, MOST_STEPS, End, Start, descend
from geomsup.optima.searching.chance import hits
from geomsup.optima.searching.endless import UNREACHED, lengthened
from geomsup.optima.searching.moves import unlike_pairs
from geomsup.optima.settle import UNCHECKED, settle
from geomsup.optima.starts import catalogue_starts, dedicated_end, random_start

__all__ = ["Descents", "descend_from_many", "finished", "last_descent"]

# If a row is this short after a descent (relative to the longest), the feature is about to be dropped. The loss is flat
# there and the descent slow, so the dropped feature itself is tried.
VANISHING = 0.05
POLISHED = 3  # ends that are descended to FINE; of series, whose coarse losses are good to 1e-7, only the best
NEAR_STEPS = 20  # of a descent that begins where one with fewer pieces ended: their minima lie a few thousandths apart
ALIKE = 1e-6  # the same where they come from series to 1e-7, of descents that stop at COARSE
# Most steps of last descents, which begin near a minimum, and the accuracy of their series; and the same beyond `MANY`
# features, where a step takes a tenth of a second or more.
LAST, FEWER = (400, SERIES_RTOL), (60, 1e-5)
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
    check: bool = True,
    deadline: Deadline = ENDLESS,
) -> Descents:
    """Return the best of `starts` random descents, one from each catalogue shape and one from each guess (W, b).

    Half of the random starts leave out some features from the beginning; without any, there are none from shapes.
    Where features differ, the best model then tries to exchange the places of any two of them. What the deadline leaves
    no time for is left out; in the end the best features may have a dimension each. With `check` off, the Hessian is
    not asked.
    """
    begin = [random_start(features, n_hidden, i, rng) for i in range(starts)]
    begin += [*(catalogue_starts(features, n_hidden, rng) if starts else ()), *guesses]
    ends = [end for end in _descended(features, begin, most_steps, deadline) if end.loss < np.inf]
    ends += [dedicated_end(features, n_hidden)] if deadline.passed() else []
    ends.sort(key=lambda end: end.loss)
    ends[0] = _exchange(features, ends[0], deadline)
    return finished(features, ends, most_steps, check=check, deadline=deadline)


def finished(
    features: Features, ends: list[End], most_steps: int = MOST_STEPS, *, accuracy: float = SERIES_RTOL,
    check: bool = True, deadline: Deadline = ENDLESS,
) -> Descents:  # fmt: skip
    """Descend from the best of these ends, lowest first, as far as loss and deadline allow, and `check` the best."""
    polished = POLISHED if has_few_sets(features) else 1
    best = [(W, b) for _, W, b in ends[:polished]]
    further = partial(descend, features, slope=FINE, most_steps=most_steps, accuracy=accuracy, deadline=deadline)
    lower = [end for end in further(best) if end.loss < np.inf]
    agreed = hits(np.array([end.loss for end in ends]))
    ends[: len(lower)] = [_drop_vanishing(features, end, further) for end in lower]
    ends[len(lower) : agreed] = ends[:1] * (agreed - len(lower))  # what ended with the best goes on to where it goes
    ends.sort(key=lambda end: end.loss)
    kind = UNCHECKED
    ends[0], grows = lengthened(features, ends[0], deadline)
    if grows:
        kind = UNREACHED
    elif check and not deadline.passed():
        ends[0], kind = settle(features, ends[0])
    return Descents(ends[0].W, ends[0].b, kind, np.array([end.loss for end in ends]))


def last_descent(features: Features) -> dict[str, Any]:
    """Return the most steps of the last descents, and the accuracy of their series: arguments of `descend`."""
    steps, accuracy = LAST if features.n <= MANY else FEWER
    return {"most_steps": steps, "accuracy": accuracy}


def _descended(features: Features, begin: Sequence[Start], most_steps: int, deadline: Deadline) -> list[End]:
    """Descend from every start; where pieces stand for smooth distributions of values, at first with few of them."""
    rough = coarser(features)
    if rough is features:
        return descend(features, begin, most_steps=most_steps, deadline=deadline)
    near = sorted(descend(rough, begin, most_steps=most_steps, deadline=deadline), key=lambda end: end.loss)
    # Ends of the same loss are the same minimum, turned or relabelled: one of them goes on for all.
    new = [k == 0 or end.loss > near[k - 1].loss * (1 + ALIKE) for k, end in enumerate(near)]
    first = [(end.W, end.b) for end, is_new in zip(near, new, strict=True) if is_new]
    found = descend(features, first, most_steps=min(most_steps, NEAR_STEPS), deadline=deadline)
    return [found[k] for k in np.cumsum(new) - 1]


def _exchange(features: Features, end: End, deadline: Deadline = ENDLESS) -> End:
    """Exchange the rows of two features while that lowers the loss.

    A shape has as many optima as ways to label its vertices with unlike features, and random starts find each
    of them about equally often: exchanging two labels is how to get from one to a better one.
    """
    pairs = unlike_pairs(features) if has_few_sets(features) else []  # of more, too many
    while pairs:
        tried = [_exchanged(end, *pair) for pair in pairs]
        best = min(descend(features, tried, slope=COARSE, deadline=deadline), key=lambda e: e.loss)
        if best.loss >= end.loss * (1 - SAME):
            break
        end = best
    return end


def _exchanged(end: End, i: int, j: int) -> Start:
    W, b = end.W.copy(), end.b.copy()
    W[[i, j]], b[[i, j]] = W[[j, i]], b[[j, i]]
    return W, b


def _drop_vanishing(features: Features, end: End, further: Callable[..., list[End]]) -> End:
    """Try to drop the features whose rows nearly vanished; in a tie the model with zero rows wins."""
    norms = np.linalg.norm(end.W, axis=1)
    vanishing = norms < VANISHING * norms.max()
    if not vanishing.any() or vanishing.all():
        return end
    start = np.where(vanishing[:, None], 0.0, end.W), np.where(vanishing, features.mean, end.b)
    (near,) = further([start])  # zero rows grow a little while biases settle
    start = np.where(vanishing[:, None], 0.0, near.W), np.where(vanishing, features.mean, near.b)
    (tidy,) = further([start], most_steps=0)
    return tidy if tidy.loss <= end.loss * (1 + 1e-9) else end
