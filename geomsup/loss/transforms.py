"""Transforms E[x_j e^{tz}] of the distribution of one output, as products over independent units of features.

The product of two transforms may be that of arrays over frequencies, t = iθ, or of power series in t cut at some
degree: every function here takes it as `times`, and `one` as its unit.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from geomsup.features import Features

__all__ = ["Factors", "Transforms", "joint_transforms"]

Product = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Factors(NamedTuple):
    """Transforms of single present features: E[x_j^q e^{t c_j x_j} | x_j present], q = 0, 1, 2.

    `plain` and `once` are ``(n, ...)``; `twice` ``(...)`` is only that of the output's own feature.
    """

    plain: np.ndarray
    once: np.ndarray
    twice: np.ndarray


class Transforms(NamedTuple):
    """With z = Σ_j c_j x_j: E e^{tz}, E[x_i e^{tz}], and for all j E[x_j e^{tz}] and E[x_i x_j e^{tz}]."""

    plain: np.ndarray
    own: np.ndarray
    other: np.ndarray
    both: np.ndarray


def joint_transforms(features: Features, i: int, factors: Factors, one: np.ndarray, times: Product) -> Transforms:
    """Return the transforms of output i from those of its features.

    A unit has the transform 1 - Σ_S P(S) + Σ_S P(S) Π_{j in S} E e^{t c_j x_j}, S the sets that may be present. A
    factor x_j changes the transform of the unit of j alone.
    """
    units = features.units
    whole = np.empty((len(units), *one.shape), factors.plain.dtype)
    marked = np.empty_like(factors.plain)  # of the unit of j, with the factor x_j
    both = np.empty_like(factors.plain)
    home = next(k for k, (_, group) in enumerate(units) if i in group)
    for k, (kind, group) in enumerate(units):
        at = list(group)
        whole[k], marked[at], twice = _over_sets(features.sets(kind, group), factors, at, i, one, times)
        if k == home:
            both[at] = twice
    rest = _all_but_each(whole, one, times)
    own = times(marked[i], rest[home])
    with_own = whole.copy()
    with_own[home] = marked[i]
    rest_with_own = _all_but_each(with_own, one, times)
    other = np.empty_like(marked)
    for k, (_, group) in enumerate(units):
        for j in group:
            other[j] = times(marked[j], rest[k])
            both[j] = times(both[j], rest[home]) if k == home else times(marked[j], rest_with_own[k])
    return Transforms(times(whole[home], rest[home]), own, other, both)


def _over_sets(
    sets: Sequence[tuple[tuple[int, ...], float]],
    factors: Factors,
    group: list[int],
    i: int,
    one: np.ndarray,
    times: Product,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Transforms of a unit, from its sets: plain, with the factor x_j, and with x_i x_j, for its members j."""
    whole = max(1 - sum(p for _, p in sets), 0.0) * one
    once, twice = np.zeros_like(factors.plain[group]), np.zeros_like(factors.plain[group])
    for present, p in sets:
        here = list(present)
        places = [group.index(j) for j in here]
        rest = _all_but_each(factors.plain[here], one, times)
        whole = whole + p * times(factors.plain[here[0]], rest[0])
        for place, j, others in zip(places, here, rest, strict=True):
            once[place] += p * times(factors.once[j], others)
        if i in present:
            twice[places] += p * np.array(_marked_with(factors, here, i, times))
    return whole, once, twice


def _marked_with(factors: Factors, present: list[int], i: int, times: Product) -> list[np.ndarray]:
    """Transforms of features that are all present, with the factor x_i x_j, for each of them as j."""
    result = []
    for j in present:
        product = factors.twice if j == i else times(factors.once[i], factors.once[j])
        for other in set(present) - {i, j}:
            product = times(product, factors.plain[other])
        result.append(product)
    return result


def _all_but_each(factors: Sequence[np.ndarray] | np.ndarray, one: np.ndarray, times: Product) -> list[np.ndarray]:
    """Return for each factor the product of all others, without dividing."""
    count = len(factors)
    before, after = [one], [one]
    for k in range(count - 1):
        before.append(times(before[-1], factors[k]))
        after.append(times(after[-1], factors[count - 1 - k]))
    return [times(before[k], after[count - 1 - k]) for k in range(count)]
