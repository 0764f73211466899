"""All that inputs can be, as boxes: some features are uniform on intervals of their own, the others have one value."""

from functools import lru_cache
from itertools import permutations, product
from math import factorial
from typing import NamedTuple

import numpy as np

from geomsup.features import Features
from geomsup.laws import misfit_of
from geomsup.loss.plan import has_plan, make_plan

__all__ = ["ORDERS", "Boxes", "make_boxes"]

# Simplices that all boxes together begin with. Planes of the units cut each of them into many: at the limit, five
# features of uniform values in two dimensions, a loss takes about 50 ms.
MOST_SIMPLICES = 400
MOST_VARYING = 5  # features of a box that have an interval: six would begin with 720 simplices
MOST_BOXES = 10_000  # those of values that are points have one simplex, and hardly cost more than their sum


# All orders of k axes, ``(k!, k)`` for each k: the simplices u_1 >= u_2 >= ... in each of them fill the unit cube.
ORDERS = tuple(
    np.array(list(permutations(range(k))), np.int64).reshape(factorial(k), k) for k in range(MOST_VARYING + 1)
)


class Boxes(NamedTuple):
    """Box k has a probability, ``weight[k]``; the values of features, ``low[k]``; and the widths of their intervals."""

    weight: np.ndarray
    low: np.ndarray
    width: np.ndarray
    active: np.ndarray  # how many features are not 0

    def up_to(self, most: int) -> "Boxes":
        """Return the boxes with at most so many features that are not 0."""
        kept = self.active <= most
        return Boxes(*(part[kept] for part in self))


@lru_cache(maxsize=64)
def make_boxes(features: Features) -> Boxes | None:
    """Return the boxes; None if there are too many, or if pieces only stand for the distributions of the values.

    Examples
    --------
    >>> boxes = make_boxes(Features(2, 0.5))
    >>> boxes.weight, boxes.width.tolist()
    (array([0.25, 0.25, 0.25, 0.25]), [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    """
    if any(any(misfit_of(law)) for law in features.laws) or features.normalised or not has_plan(features):
        return None
    found = []
    for weight, part in features.parts:
        boxes = _of_part(part)
        if boxes is None:
            return None
        found.append(boxes._replace(weight=weight * boxes.weight))
    boxes = Boxes(*(np.concatenate(column) for column in zip(*found, strict=True)))
    varying = (boxes.width > 0).sum(axis=1)
    if len(varying) > MOST_BOXES or varying.max() > MOST_VARYING:
        return None
    return boxes if sum(factorial(k) for k in varying if k) <= MOST_SIMPLICES else None


def _of_part(features: Features) -> Boxes | None:
    """Return the boxes of features that are not given by hidden states: a choice of outcomes of each unit."""
    plan = make_plan(features)
    sizes = np.diff(plan.unit_ptr).astype(float)
    if np.prod(sizes) > MOST_BOXES:
        return None
    choices = list(product(*(range(*ends) for ends in zip(plan.unit_ptr[:-1], plan.unit_ptr[1:], strict=True))))
    low, width = np.zeros((2, len(choices), features.n))
    for box, outcomes in enumerate(choices):
        for outcome in outcomes:
            members = slice(plan.outcome_ptr[outcome], plan.outcome_ptr[outcome + 1])
            low[box, plan.feature[members]] = plan.low[members]
            width[box, plan.feature[members]] = plan.width[members]
    weight = plan.probability[np.array(choices, np.int64)].prod(axis=1)
    there = weight > 0
    active = ((low != 0) | (width > 0)).sum(axis=1)
    return Boxes(weight[there], low[there], width[there], active[there])
