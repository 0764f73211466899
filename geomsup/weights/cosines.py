"""The law of the cosine of two random directions, and of the largest of several."""

import numpy as np

from geomsup.recognition.chance import log_betainc

__all__ = ["expected_largest", "log_tail"]

# Points of the Gauss-Legendre rule for the mean of the largest cosine, between quantiles beyond which nothing counts.
POINTS = 200
BEYOND = 1e-15


def log_tail(chord: np.ndarray, d: float) -> np.ndarray:
    """Return log P(cos >= c) for two random directions in d dimensions, c = 1 − chord²/2.

    P = I_{1−c²}((d−1)/2, 1/2)/2 for c >= 0. The chord says it where cosines round to 1.

    Parameters
    ----------
    chord
        Distances of unit vectors, from 0 to 2.
    d
        Number of dimensions, which may be a fraction.

    Examples
    --------
    >>> np.exp(log_tail(np.array([1.0, 2**0.5, 3**0.5, 2.0]), 3)).round(3)  # in space: (1 − c)/2
    array([0.25, 0.5 , 0.75, 1.  ])
    """
    chord = np.asarray(chord, dtype=np.float64)
    cosine = 1 - chord**2 / 2
    if d <= 1:  # two directions: one or the other
        return np.where(cosine > -1, np.log(0.5), 0.0)
    rest = np.clip(chord**2 * (1 - chord**2 / 4), 0.0, 1.0)  # 1 − c²
    log_inside = log_betainc((d - 1) / 2, 0.5, rest) - np.log(2)
    return np.where(cosine < 0, np.log1p(-np.exp(log_inside)), log_inside)


def expected_largest(n: int, d: float) -> float:
    """Return the mean of the largest of n cosines of random directions with a fixed one, in d dimensions.

    E = c₁ − ∫ F(c)^n dc from c₀ to c₁, where F^n is 0 below c₀ and 1 above c₁.

    Examples
    --------
    >>> round(expected_largest(1, 5), 9), round(expected_largest(3, 3), 9)  # in space F is uniform: (n − 1)/(n + 1)
    (0.0, 0.5)
    """
    if d <= 1:
        return 1 - 2 * 0.5**n
    from scipy.special import roots_legendre

    low, high = _exceeded(-float(np.expm1(np.log(BEYOND) / n)), d), _exceeded(BEYOND / n, d)
    nodes, weights = roots_legendre(POINTS)
    first, last = np.arccos(low), np.arccos(high)
    angles = (first + last + (last - first) * nodes) / 2
    below = -np.expm1(log_tail(2 * np.sin(angles / 2), d))
    return float(high - (first - last) / 2 * weights @ (np.sin(angles) * below**n))


def _exceeded(p: float, d: float) -> float:
    """Return the cosine that is exceeded with probability p."""
    from scipy.special import betaincinv

    if p > 0.5:
        return -_exceeded(1 - p, d)
    return float(np.sqrt(1 - betaincinv((d - 1) / 2, 0.5, 2 * p)))
