"""What can happen to the inputs, as flat arrays that kernels can walk.

Features form independent units (`Features.units`). Each unit has outcomes: no feature is present, or some are, each
uniform on one piece of its distribution. A set of present features is a choice of outcomes.
"""

from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np

from geomsup.features import Features

__all__ = ["Inputs", "Laws", "Plan", "Units", "make_inputs", "make_laws", "make_plan", "make_units"]

Member = tuple[int, float, float]  # feature, lower end and width of the piece
Outcome = tuple[float, tuple[Member, ...]]  # probability, and the features that are present

MOST_OUTCOMES = 65_536


class Plan(NamedTuple):
    """Outcomes of unit u are unit_ptr[u] ... unit_ptr[u + 1] - 1; in the first one no feature is present.

    Members of outcome o are outcome_ptr[o] ... outcome_ptr[o + 1] - 1 of `feature`, `low` and `width`.
    """

    unit_ptr: np.ndarray
    probability: np.ndarray
    outcome_ptr: np.ndarray
    feature: np.ndarray
    low: np.ndarray
    width: np.ndarray


class Inputs(NamedTuple):
    """Mean and root mean square of each feature, ``(n,)``, and what can happen to all of them."""

    mean: np.ndarray
    size: np.ndarray
    plan: Plan


class Units(NamedTuple):
    """Members of unit u are member[start[u]] ... member[start[u + 1] - 1], present together or one at a time.

    `absent` (units,) is the probability that nobody of the unit is present, `probability` (n,) that of a feature.
    """

    start: np.ndarray
    member: np.ndarray
    together: np.ndarray
    absent: np.ndarray
    probability: np.ndarray


class Laws(NamedTuple):
    """Pieces of feature j's distribution are piece_ptr[j] ... piece_ptr[j + 1] - 1 of weight, low and width."""

    piece_ptr: np.ndarray
    weight: np.ndarray
    low: np.ndarray
    width: np.ndarray


@lru_cache(maxsize=64)
def make_laws(features: Features) -> Laws:
    """List the pieces of every feature's distribution."""
    pieces = [law.pieces() for law in features.laws]
    weight, low, width = (np.concatenate(part) for part in zip(*pieces, strict=True))
    return Laws(np.cumsum([0, *(len(piece[0]) for piece in pieces)]), weight, low, width)


@lru_cache(maxsize=64)
def make_units(features: Features) -> Units:
    """List the units of the features."""
    probability = features.probability
    start = np.cumsum([0, *(len(group) for _, group in features.units)])
    together = np.array([kind == "together" for kind, _ in features.units])
    absent = [
        1 - probability[group[0]] if kind == "together" else max(1 - probability[list(group)].sum(), 0.0)
        for kind, group in features.units
    ]
    member = np.array([i for _, group in features.units for i in group], np.int64)
    return Units(start, member, together, np.array(absent), np.array(probability))


@lru_cache(maxsize=64)
def make_plan(features: Features) -> Plan:
    """List the units' outcomes; outcomes that never happen are left out."""
    unit_ptr, probability, outcome_ptr = [0], [], [0]
    members: list[Member] = []
    for kind, group in features.units:
        for weight, present in _outcomes(features, kind, group):
            probability.append(weight)
            members.extend(present)
            outcome_ptr.append(len(members))
        unit_ptr.append(len(probability))
    feature, low, width = zip(*members, strict=True) if members else ((), (), ())
    return Plan(
        np.array(unit_ptr, np.int64), np.array(probability), np.array(outcome_ptr, np.int64),
        np.array(feature, np.int64), np.array(low, float), np.array(width, float),
    )  # fmt: skip


def make_inputs(features: Features) -> Inputs:
    """Return what descents of the exact loss take."""
    return Inputs(np.array(features.mean), np.array(features.root_mean_square), make_plan(features))


def _outcomes(features: Features, kind: str, group: tuple[int, ...]) -> list[Outcome]:
    pieces = {i: list(zip(*features.laws[i].pieces(), strict=True)) for i in group}
    found: list[Outcome] = []
    if kind == "together":
        p = float(features.probability[group[0]])
        if np.prod([float(len(pieces[i])) for i in group]) > MOST_OUTCOMES:
            raise ValueError(
                f"`correlated` must not hold groups with more than {MOST_OUTCOMES} combinations of values; "
                f"got {len(group)} features with {len(pieces[group[0]])} values. Use fewer, or a Uniform."
            )
        absent = 1 - p
        for choice in product(*(pieces[i] for i in group)):
            weight = p * float(np.prod([piece[0] for piece in choice]))
            found.append((weight, tuple((i, *piece[1:]) for i, piece in zip(group, choice, strict=True))))
    else:
        absent = max(1 - float(features.probability[list(group)].sum()), 0.0)
        for i in group:
            p = float(features.probability[i])
            found += [(p * weight, ((i, low, width),)) for weight, low, width in pieces[i]]
    return [(absent, ()), *((weight, present) for weight, present in found if weight > 0)]
