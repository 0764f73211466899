"""How improbable it is that directions depend on each other as much as these do, however they are divided in two."""

from functools import lru_cache
from math import inf, lgamma, log

import numpy as np

__all__ = ["RIDGE", "log_coupling", "log_places", "log_wilks", "splits"]

# Added to squared lengths of 1: what single precision leaves of a dependence that is exact. It makes rows less
# dependent, never more.
RIDGE = 1e-7

# Exponents of Markov's inequality, as fractions of the largest for which it holds. Any of them gives a bound; these are
# dense enough to lose less than a factor 2 of the best one.
EXPONENTS = 1 - np.geomspace(1.0, 1e-4, 60)[1:]


def log_wilks(log_ratio: float, a: int, b: int, d: float) -> float:
    """Bound the log of the probability that two sets of random directions are as dependent as observed.

    With the Gram matrices G of all rows and G_A, G_B of a >= b rows, the ratio Λ = det G/(det G_A det G_B) is Wilks'.
    If one set is turned at random against the other, Λ is a product of independent Beta((d−a−j+1)/2, a/2),
    j = 1..b, whatever the shapes of the two sets. P(Λ <= λ) <= λ^h E[Λ^−h] for every h > 0; the least of these bounds
    is taken, or the exact value where b = 1.

    Parameters
    ----------
    log_ratio
        log λ.
    a, b
        Numbers of rows.
    d
        Number of dimensions, which may be a fraction; without a + b <= d there is no evidence.

    References
    ----------
    :cite:t:`wilks1932`.

    Examples
    --------
    >>> float(np.exp(log_wilks(np.log(0.75), 1, 1, 3)))  # in space, |cos| >= 1/2 half of the time
    0.5
    >>> log_wilks(-10.0, 2, 2, 3)
    0.0
    """
    from scipy.special import betainc, betaln

    a, b = max(a, b), min(a, b)
    if d < a + b:
        return 0.0
    alpha, beta = (d - a - np.arange(b)) / 2, a / 2
    h = EXPONENTS[:, None] * alpha[-1]
    moments = (betaln(alpha - h, beta) - betaln(alpha, beta)).sum(axis=1)
    bound = float(np.min(moments + h[:, 0] * log_ratio))
    if b == 1:
        exact = float(betainc(alpha[0], beta, min(np.exp(log_ratio), 1.0)))
        bound = log(exact) if exact > 1e-290 else bound  # smaller ones underflow
    return min(bound, 0.0)


@lru_cache(maxsize=32)
def splits(k: int) -> np.ndarray:
    """Return the rows of all subsets of k rows, ``(2^k, k)``; subset s and subset 2^k − 1 − s divide them in two.

    Examples
    --------
    >>> splits(2).astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    return (np.arange(2**k)[:, None] >> np.arange(k) & 1).astype(bool)


@lru_cache(maxsize=128)
def _of_size(k: int, size: int) -> np.ndarray:
    """Rows ``(·, size)`` of the subsets of one size, in the order of `splits`."""
    chosen = splits(k)
    return np.nonzero(chosen[chosen.sum(axis=1) == size])[1].reshape(-1, size)


def log_coupling(gram: np.ndarray, d: float, enough: float = 0.0) -> float:
    """Return the largest `log_wilks` over all divisions of the rows in two: of the weakest bond of the set.

    It is small only if no part of the set is independent of the rest. So a digon and a row elsewhere have no
    evidence together, and two digons have none for a square. Single rows against the others come first: nearly all
    sets fail there, and their other divisions, up to 2^(k−1), need not be tried.

    Parameters
    ----------
    gram
        ``(k, k)`` inner products of unit rows.
    d
        Number of dimensions.
    enough
        A value larger than this is returned as soon as it is found.

    Examples
    --------
    >>> digon_and_another = np.array([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> round(log_coupling(digon_and_another[:2, :2], 100.0)), log_coupling(digon_and_another, 100.0)
    (-758, 0.0)
    """
    k, worst = len(gram), -inf
    ridged = gram + RIDGE * np.eye(k)
    whole = float(np.linalg.slogdet(ridged)[1])
    for b in range(1, k // 2 + 1):
        parts = _log_volumes(ridged, _of_size(k, b)) + _log_volumes(ridged, _of_size(k, k - b)[::-1])
        worst = max(worst, log_wilks(whole - float(parts.min()), k - b, b, d))
        if worst > enough:
            break
    return worst


def _log_volumes(gram: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Log of the determinants of the Gram matrices of subsets of the rows, ``(subsets, size)``."""
    return np.linalg.slogdet(gram[rows[:, :, None], rows[:, None, :]])[1]


def log_places(n: int, k: int, largest: int) -> float:
    """Log of the number of places for a set of k of n rows, times the number of sizes that were looked for.

    Examples
    --------
    >>> round(np.exp(log_places(6, 3, 4)))
    60
    """
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + log(largest - 1)
