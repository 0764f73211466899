"""Shares of squares in subspaces turned at random, and how improbable observed values are."""

from collections.abc import Callable

import numpy as np

from geomsup.threads import Progress, check_stop

__all__ = ["share_law", "shares_by_chance", "tail"]

Law = Callable[[float], float]

# Draws beyond an observed value from which their number says its probability. Further out a law goes on from there.
COUNTED = 10

# Equal up to rounding.
ROUNDING = 1e-9


def shares_by_chance(
    weights: np.ndarray, ranks: np.ndarray, rotations: int, rng: np.random.Generator, progress: Progress
) -> np.ndarray:
    """Draw random rotations, and return the parts ``(rotations, k, k)`` of squares that lie in turned subspaces.

    Parameters
    ----------
    weights
        ``(k, m)`` parts of the square of each matrix along its singular directions, largest first.
    ranks
        ``(k,)`` dimensions of each subspace, at most m.
    rotations
        Number of draws.
    rng
        The generator.
    progress
        Called with ("rotations", fraction done).
    """
    k, m = weights.shape
    shares = np.empty((rotations, k, k))
    for draw in range(rotations):
        frame = np.linalg.qr(rng.normal(size=(m, int(ranks.max()))))[0]
        shares[draw] = weights @ (frame**2).cumsum(axis=1)[:, ranks - 1]
        check_stop()
        if progress is not None:
            progress("rotations", (draw + 1) / rotations)
    return shares


def share_law(weights: np.ndarray, rank: int) -> tuple[Law, Law]:
    """Return the upper and the lower tail of the share of a square in a random subspace, a Beta law on its range.

    The mean is r/m, and the variance 2r(m − r)/(m²(m + 2)) · (m Σw² − 1)/(m − 1): a squared projection of one direction
    has Beta(r/2, (m − r)/2), and those of m orthogonal directions sum to r. The law is exact for one direction.

    Examples
    --------
    >>> above, below = share_law(np.array([1.0, 0.0, 0.0]), 1)  # in space, |cos| >= 1/2 half of the time
    >>> round(above(0.25), 9), round(below(0.25), 9)
    (0.5, 0.5)
    """
    from scipy.special import betainc

    m = len(weights)
    low, high = float(weights[m - rank :].sum()), float(weights[:rank].sum())
    mean = rank / m
    variance = 2 * rank * (m - rank) / (m**2 * (m + 2)) * (m * float((weights**2).sum()) - 1) / (m - 1)
    place, spread = (mean - low) / (high - low), variance / (high - low) ** 2
    total = place * (1 - place) / spread - 1
    a, b = place * total, (1 - place) * total

    def of(share: float) -> float:
        return min(max((share - low) / (high - low), 0.0), 1.0)

    return lambda share: float(betainc(b, a, 1 - of(share))), lambda share: float(betainc(a, b, of(share)))


def tail(value: float, draws: np.ndarray, law: Law) -> float:
    """Return the probability of a value at least as large, from draws, and from a law where there are too few of them.

    It is (1 + the number of draws as large)/(1 + the number of draws), if ten are as large. Beyond the tenth, the tail
    of the law goes on from there.

    Examples
    --------
    >>> draws = np.arange(99.0)
    >>> tail(89.0, draws, lambda value: 0.0), tail(200.0, draws, lambda value: 1 / value)
    (0.11, 0.04895)
    """
    above = int((draws >= value - ROUNDING).sum())
    counted = (1 + above) / (1 + len(draws))
    if above >= min(COUNTED, len(draws)):
        return counted
    edge = float(np.sort(draws)[-COUNTED])
    there = (1 + COUNTED) / (1 + len(draws))
    return there * min(law(value) / law(edge), 1.0) if law(edge) > 0 else counted
