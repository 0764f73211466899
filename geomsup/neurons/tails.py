"""The exact law of a weighted sum of independent sparse features: how likely is it above a threshold?

A sum is split by how many features are active. None and one are exact. Two or more have a bounded density, whose
Fourier series on the sum's range is known from the characteristic function; what the series leaves out is bounded
(theory notes, "Tails of interference").
"""

from typing import NamedTuple

import numpy as np

from geomsup.features import Features
from geomsup.laws import EXACT, misfit_of

__all__ = ["ROUNDING", "Term", "chance_above", "terms_of"]

HARMONICS = 2**14  # of the series: they leave out some 1e-9 of a pentagon's probabilities
MOST_SUMS = 2**16  # of discrete values: more are sampled
ROUNDING = 1e-12  # of sums of that many terms, and relative to the largest sum: sums that near a threshold are at it


class Term(NamedTuple):
    """One summand a·x: P(x is not 0), and the pieces of a·x when it is not: weights, lower ends and widths."""

    probability: float
    weight: np.ndarray
    low: np.ndarray
    width: np.ndarray


def terms_of(features: Features, coefficients: np.ndarray) -> list[Term] | None:
    """Return the summands that matter, or None if no exact law is known.

    None is known of dependent features, of smooth densities, and of values that mix points with intervals.

    Examples
    --------
    >>> len(terms_of(Features(3, 0.1), np.array([1.0, 0.0, -2.0])))
    2
    """
    if features.grouped or features.normalised or any(misfit_of(law) != EXACT for law in set(features.laws)):
        return None
    terms = []
    for p, a, law in zip(features.probability.tolist(), coefficients.tolist(), features.laws, strict=True):
        if p and a:
            weight, low, width = law.pieces()
            terms.append(Term(p, weight, a * low + min(a, 0.0) * width, abs(a) * width))
    points = [not term.width.any() for term in terms]
    if all(points):
        return terms if np.prod([len(term.weight) + 1.0 for term in terms]) <= MOST_SUMS else None
    return terms if all((term.width > 0).all() for term in terms) else None


def chance_above(terms: list[Term], threshold: float) -> tuple[float, float]:
    """Return P(sum > threshold) and a bound on its error.

    Examples
    --------
    >>> chance, error = chance_above(terms_of(Features(2, 1.0), np.array([1.0, 1.0])), 1.5)
    >>> abs(chance - 1 / 8) <= error < 1e-8
    True
    """
    if all(not term.width.any() for term in terms):
        return _of_points(terms, threshold), ROUNDING
    low, high = _range(terms)
    least = (high - low) / (np.pi * HARMONICS)  # narrower pieces do not decay within the series
    wide = [term for term in terms if term.width.min() > least]
    from_below, from_above = _range([term for term in terms if term.width.min() <= least])
    first, error = _of_intervals(wide, threshold - from_below)
    if from_below == from_above:
        return first, error
    second, _ = _of_intervals(wide, threshold - from_above)
    return (first + second) / 2, float(error + abs(second - first) / 2)


def _of_points(terms: list[Term], threshold: float) -> float:
    sums, chances = np.zeros(1), np.ones(1)
    for p, weight, value, _ in terms:
        sums = np.add.outer(np.append(0.0, value), sums).ravel()
        chances = np.multiply.outer(np.append(1.0 - p, p * weight), chances).ravel()
    return float(chances[sums - threshold > ROUNDING * np.abs(sums).max()].sum())


def _of_intervals(terms: list[Term], threshold: float) -> tuple[float, float]:
    absent = np.array([1.0 - term.probability for term in terms])
    alone = np.array([term.probability * np.delete(absent, j).prod() for j, term in enumerate(terms)])
    none = float(absent.prod()) * (threshold < 0)
    one = float(alone @ [_alone_above(term, threshold) for term in terms]) if terms else 0.0
    more, error = _several_above(terms, absent, alone, threshold)
    return min(max(none + one + more, 0.0), 1.0), error + ROUNDING


def _alone_above(term: Term, threshold: float) -> float:
    with np.errstate(over="ignore"):  # clipped at once
        return float(term.weight @ np.clip((term.low + term.width - threshold) / term.width, 0.0, 1.0))


def _several_above(terms: list[Term], absent: np.ndarray, alone: np.ndarray, t: float) -> tuple[float, float]:
    """P(sum > t, two or more are active): the integral of a Fourier series from t to the upper end."""
    low, high = _range(terms)
    chance = max(1.0 - float(absent.prod()) - float(alone.sum()), 0.0)
    if t >= high or len(terms) < 2:
        return 0.0, 0.0
    if t <= low:
        return chance, 0.0
    period = high - low
    frequency = 2 * np.pi / period * np.arange(1, HARMONICS + 1)
    whole, singles = np.ones(HARMONICS, complex), np.zeros(HARMONICS, complex)
    most, most_alone = 1.0, 0.0  # bounds of the two at the last frequency
    for term, q, w in zip(terms, absent, alone, strict=True):
        wave = _characteristic(term, frequency)
        whole *= q + term.probability * wave
        singles += w * wave
        decay = float(term.weight @ (2 / (term.width * frequency[-1])))
        most *= q + term.probability * decay
        most_alone += w * decay
    wave = (np.exp(-1j * frequency * t) - np.exp(-1j * frequency * high)) / (1j * frequency)
    series = ((whole - absent.prod() - singles) * wave).real.sum()
    # Beyond K the terms fall as (K/k)³ or faster: Σ 4 B(ω_k) / (P ω_k) over k > K is at most B(ω_K) / π.
    left_out = max(most - float(absent.prod()) - most_alone, 0.0) / np.pi
    return chance * (high - t) / period + 2 / period * float(series), float(left_out)


def _characteristic(term: Term, frequency: np.ndarray) -> np.ndarray:
    """E exp(i ω a x) given that x is not 0."""
    wave = np.zeros(len(frequency), complex)
    for weight, low, width in zip(term.weight, term.low, term.width, strict=True):
        wave += weight * np.exp(1j * frequency * (low + width / 2)) * np.sinc(frequency * width / (2 * np.pi))
    return wave


def _range(terms: list[Term]) -> tuple[float, float]:
    """Return the least and the greatest sum."""
    ends = [(term.low.min(), (term.low + term.width).max(), term.probability < 1) for term in terms]
    low = sum(min(low, 0.0) if may_miss else low for low, _, may_miss in ends)
    return float(low), float(sum(max(high, 0.0) if may_miss else high for _, high, may_miss in ends))
