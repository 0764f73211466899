"""What can happen to the inputs, as flat arrays that kernels can walk.

Features form independent units (`Features.units`). Each unit has outcomes: no feature is present, or some are, each
uniform on one piece of its distribution. A set of present features is a choice of outcomes.
"""

from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from geomsup.features import MOST_PARTS, Features

__all__ = [
    "ONE_OF", "TOGETHER", "Inputs", "Laws", "Plan", "Sets", "Units", "has_plan", "make_inputs", "make_laws",
    "make_plan", "make_sizes", "make_units",
]  # fmt: skip

# Kinds of units; others are the number of a table in `Sets`.
TOGETHER, ONE_OF = -1, -2

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
    """Mean and root mean square of each feature, ``(n,)``; what can happen to all of them; slope of outputs below 0."""

    mean: np.ndarray
    size: np.ndarray
    plan: Plan
    leak: float


class Sets(NamedTuple):
    """Sets of table t are set_ptr[t] ... set_ptr[t + 1] - 1, of these probabilities.

    Those present in set s are place_ptr[s] ... place_ptr[s + 1] - 1 of `place`, counted within their unit.
    """

    set_ptr: np.ndarray
    probability: np.ndarray
    place_ptr: np.ndarray
    place: np.ndarray


class Units(NamedTuple):
    """Members of unit u are member[start[u]] ... member[start[u + 1] - 1].

    They come together, one at a time, or as a table of `sets` says: `kind` (units,). `absent` (units,) is the
    probability that nobody of the unit is present, `probability` (n,) that of a feature.
    """

    start: np.ndarray
    member: np.ndarray
    kind: np.ndarray
    absent: np.ndarray
    probability: np.ndarray
    sets: Sets


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
def make_sizes(features: Features) -> Laws:
    """List pieces whose moments are at least those of |x|, and so at least the terms that moments of x are sums of.

    A piece that holds 0 becomes one from 0 to its farther end.
    """
    laws = make_laws(features)
    high = laws.low + laws.width
    farther = np.maximum(np.abs(laws.low), np.abs(high))
    nearer = np.where((laws.low < 0) & (high > 0), 0.0, np.minimum(np.abs(laws.low), np.abs(high)))
    return laws._replace(low=nearer, width=farther - nearer)


@lru_cache(maxsize=64)
def make_units(features: Features) -> Units:
    """List the units of the features."""
    probability = features.probability
    start = np.cumsum([0, *(len(group) for _, group in features.units)])
    kinds, tables = [], []
    for kind, group in features.units:
        kinds.append({"together": TOGETHER, "one of": ONE_OF}.get(kind, len(tables)))
        if kind == "joint":
            tables.append((group, features.sets(kind, group)))
    absent = [max(1 - sum(p for _, p in features.sets(*unit)), 0.0) for unit in features.units]
    member = np.array([i for _, group in features.units for i in group], np.int64)
    return Units(start, member, np.array(kinds), np.array(absent), np.array(probability), _sets(tables))


def _sets(tables: list[tuple[tuple[int, ...], tuple[tuple[tuple[int, ...], float], ...]]]) -> Sets:
    places = [[group.index(i) for i in present] for group, sets in tables for present, _ in sets]
    return Sets(
        np.cumsum([0, *(len(sets) for _, sets in tables)]),
        np.array([p for _, sets in tables for _, p in sets], float),
        np.cumsum([0, *map(len, places)]),
        np.array([place for one in places for place in one], np.int64),
    )


def has_plan(features: Features) -> bool:
    """Whether the outcomes of every unit are few enough to be listed: those of single features add up.

    Mixtures with too many choices of their states have no plan either.
    """
    pieces = np.diff(make_laws(features).piece_ptr)
    return features.choices <= MOST_PARTS and all(
        _combinations(part.sets(*unit), pieces) <= MOST_OUTCOMES
        for _, part in features.parts
        for unit in part.units
        if len(unit[1]) > 1 and unit[0] != "one of"
    )


def _combinations(sets: Any, pieces: Any) -> float:
    """Return the number of outcomes of a unit whose features i have pieces[i] pieces."""
    return sum(prod(float(pieces[i]) for i in present) for present, _ in sets)


@lru_cache(maxsize=64)
def make_plan(features: Features, halved: int = -1) -> Plan:
    """List the units' outcomes; outcomes that never happen are left out.

    Pieces of feature `halved` that hold 0 are cut there, for what has a kink at 0.
    """
    unit_ptr, probability, outcome_ptr = [0], [], [0]
    members: list[Member] = []
    for kind, group in features.units:
        for weight, present in _outcomes(features, kind, group, halved):
            probability.append(weight)
            members.extend(present)
            outcome_ptr.append(len(members))
        unit_ptr.append(len(probability))
    feature, low, width = zip(*members, strict=True) if members else ((), (), ())
    return Plan(
        np.array(unit_ptr, np.int64), np.array(probability), np.array(outcome_ptr, np.int64),
        np.array(feature, np.int64), np.array(low, float), np.array(width, float),
    )  # fmt: skip


def make_inputs(features: Features, leak: float = 0.0) -> Inputs:
    """Return what descents of the exact loss take, of features that are not given by hidden states."""
    ((_, features),) = features.parts
    return Inputs(np.array(features.mean), np.array(features.root_mean_square), make_plan(features), leak)


def _outcomes(features: Features, kind: str, group: tuple[int, ...], halved: int) -> list[Outcome]:
    pieces = {i: list(zip(*features.laws[i].pieces(), strict=True)) for i in group}
    sets = features.sets(kind, group)
    count = _combinations(sets, {i: len(found) for i, found in pieces.items()})
    if kind != "one of" and count > MOST_OUTCOMES:  # those of single features add up, and do not multiply
        raise ValueError(
            f"`{'joint' if kind == 'joint' else 'correlated'}` must not hold groups with more than {MOST_OUTCOMES} "
            f"combinations of pieces of their values; got {count:.3g} for {group}. "
            'Pass method="sampled" to expected_loss, or smaller groups or values with fewer cells=.'
        )
    if halved in pieces:  # at most twice as many
        pieces[halved] = [half for piece in pieces[halved] for half in _halves(*piece)]
    found: list[Outcome] = []
    for present, p in sets:
        for choice in product(*(pieces[i] for i in present)):
            weight = p * float(np.prod([piece[0] for piece in choice]))
            found.append((weight, tuple((i, *piece[1:]) for i, piece in zip(present, choice, strict=True))))
    absent = max(1 - sum(p for _, p in sets), 0.0)
    return [(absent, ()), *((weight, present) for weight, present in found if weight > 0)]


def _halves(weight: float, low: float, width: float) -> list[tuple[float, float, float]]:
    """Return a piece of a distribution, or the two parts of it on either side of 0."""
    high = low + width
    if not low < 0 < high:
        return [(weight, low, width)]
    return [(weight * (-low / width), low, -low), (weight * (high / width), 0.0, high)]
