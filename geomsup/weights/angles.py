"""The smallest angle of two subspaces turned at random against each other: draws, and the tail beyond them."""

from collections.abc import Callable

import numpy as np

from geomsup.threads import check_stop

__all__ = ["angle_law", "largest_cosines"]

# Halvings of the interval from 0 to 1: cos² to twelve digits.
HALVINGS = 40

# Tracy and Widom's law of the largest eigenvalue, whose skewness is 0.29, is nearly that of a Gamma variable of this
# shape, moved and scaled: see chiani2014.
SHAPE = 46.446


def largest_cosines(r: int, s: int, m: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Draw cos² of the smallest angle of random subspaces of r and s dimensions that need not meet, r + s <= m.

    All cos² are the squared singular values of an upper bidiagonal matrix whose entries are products of independent
    sines and cosines, with squares that are Beta variables. No rotation is drawn, which would take m times as long.

    References
    ----------
    :cite:t:`edelman2008`: the Jacobi ensemble of β = 1.

    Examples
    --------
    >>> drawn = largest_cosines(1, 1, 3, 20_000, np.random.default_rng(0))
    >>> bool(abs((drawn >= 0.25).mean() - 0.5) < 0.01)  # in space, |cos| >= 1/2 half of the time
    True
    """
    r, s = min(r, s), max(r, s)
    i = np.arange(r, 0, -1)
    first = rng.beta((s - r + i) / 2, (m - s - r + i) / 2, size=(draws, r))
    second = rng.beta(i[1:] / 2, (m - 2 * r + 1 + i[1:]) / 2, size=(draws, r - 1))
    diagonal, above = first, (1 - first[:, :-1]) * second  # both squared
    diagonal[:, 1:] *= 1 - second
    return _largest_eigenvalue(diagonal.T, above.T)


def _largest_eigenvalue(diagonal: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Return the largest eigenvalue of BᵀB, from the squares ``(r, draws)`` of the entries of a bidiagonal B."""
    low, high = np.zeros(diagonal.shape[1]), np.ones(diagonal.shape[1])
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        pivot = diagonal[0] - middle
        larger = pivot > 0  # a positive pivot of BᵀB − x: some eigenvalue is larger than x
        for k in range(1, len(diagonal)):
            pivot = np.where(larger, -1.0, np.minimum(pivot, -np.finfo(float).tiny))
            pivot = diagonal[k] + above[k - 1] - middle - diagonal[k - 1] * above[k - 1] / pivot
            larger |= pivot > 0
        low, high = np.where(larger, middle, low), np.where(larger, high, middle)
        check_stop()
    return high


def angle_law(cosines: np.ndarray) -> Callable[[float], float]:
    """Return the upper tail of the largest squared cosine: its logit has nearly Tracy and Widom's law.

    References
    ----------
    :cite:t:`johnstone2008`; :cite:t:`chiani2014`.

    Examples
    --------
    >>> law = angle_law(np.random.default_rng(0).beta(20, 20, size=1000))
    >>> 0.4 < law(0.5) < 0.6
    True
    """
    from scipy.special import gammaincc

    logits = _logit(cosines)
    mean, deviation = float(logits.mean()), float(logits.std())

    def above(cosine: float) -> float:
        z = (float(_logit(np.array(cosine))) - mean) / deviation
        return float(gammaincc(SHAPE, max(SHAPE + z * SHAPE**0.5, 0.0)))

    return above


def _logit(cosines: np.ndarray) -> np.ndarray:
    kept = np.clip(cosines, 1e-15, 1 - 1e-15)  # what rounding leaves of 0 and 1
    return np.log(kept) - np.log1p(-kept)
