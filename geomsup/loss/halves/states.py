"""Features whose values are points, as two halves: the states of each, and how probable they are."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from geomsup.features import Features
from geomsup.loss.plan import Plan, has_plan, make_plan

__all__ = ["Half", "halves_of"]

MOST_STATES = 4096  # of a half, with which a loss takes as long as a series of 12 features that is right to 1e-5
LEAST = 1e-12  # what descents may leave out


class Half(NamedTuple):
    """Values ``(N, k)`` of the features in every state, probabilities ``(N,)`` of the states, and which features."""

    values: np.ndarray
    probability: np.ndarray
    members: np.ndarray


@lru_cache(maxsize=64)
def halves_of(features: Features, least: float = LEAST) -> tuple[Half, Half] | None:
    """Return the features as two halves of about as many states; None if a value is no point, or states are too many.

    States are left out that all together are less probable than `least`, relative to those of anything.

    Examples
    --------
    >>> from geomsup.features import Discrete
    >>> one, two = halves_of(Features(3, 0.5, values=Discrete([1.0])))
    >>> one.members, two.values.tolist()
    (array([0, 2]), [[0.0], [1.0]])
    """
    if len(features.parts) != 1 or not has_plan(features):
        return None
    plan = make_plan(features.parts[0][1])
    if plan.width.any():
        return None
    sizes = [1, 1]
    chosen: tuple[list[int], list[int]] = ([], [])
    outcomes = np.diff(plan.unit_ptr)
    for unit in np.argsort(-outcomes, kind="stable"):
        smaller = int(sizes[1] < sizes[0])
        sizes[smaller] *= int(outcomes[unit])
        chosen[smaller].append(int(unit))
    if max(sizes) > MOST_STATES or not chosen[1]:
        return None
    one, two = (_half(plan, sorted(units), least) for units in chosen)
    return one, two


def _half(plan: Plan, units: list[int], least: float) -> Half:
    values, chances, members = np.zeros((1, 0)), np.ones(1), []
    for unit in units:
        here = range(plan.unit_ptr[unit], plan.unit_ptr[unit + 1])
        places = [range(plan.outcome_ptr[outcome], plan.outcome_ptr[outcome + 1]) for outcome in here]
        own = sorted({int(plan.feature[q]) for place in places for q in place})
        table = np.zeros((len(here), len(own)))
        for row, place in zip(table, places, strict=True):
            for q in place:
                row[own.index(int(plan.feature[q]))] = plan.low[q]
        values = np.hstack([np.repeat(values, len(here), axis=0), np.tile(table, (len(values), 1))])
        chances = np.outer(chances, plan.probability[list(here)]).ravel()
        members += own
    order = np.argsort(chances, kind="stable")
    rare = np.cumsum(chances[order]) <= least * (1.0 - chances.max())
    kept = np.sort(order[~rare])
    return Half(np.asfortranarray(values[kept]), chances[kept], np.array(members, np.int64))
