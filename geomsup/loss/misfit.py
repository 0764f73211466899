"""What it changes in the loss that pieces stand for smooth distributions of values: a bound.

Replace one feature after the other by its pieces. If x_j is present, and the others are fixed, the squared error of
output i is a quadratic in x_j, which pieces keep, plus multiples of (x_j - t)₊, (x_j - t)₊² and, for j = i,
x_i (x_i - t)₊ with some t. For f(u) = leak u + (1 - leak) u₊ and u = b + Σ_j a_j x_j the multiples are
-2 (1 - leak) x_i |a_j| or -2 (1 - leak) |a_i|, and (1 - leak²) a_j². `Misfit` bounds the differences of their means for
all t. So how the others are distributed does not matter, but for E |x_i|, which is at most the root mean square.
"""

from dataclasses import replace

import numpy as np

from geomsup.features import Features
from geomsup.laws import Smooth, misfit_of
from geomsup.laws.smooth import FEWEST

__all__ = ["coarser", "misfit_errors"]


def misfit_errors(coupling: np.ndarray, leak: float, features: Features) -> np.ndarray:
    """Return bounds ``(n,)`` on what the pieces change in the losses of the outputs; 0 where they are exact.

    Parameters
    ----------
    coupling
        ``(n, n)``, row i what output i sees.
    leak
        Slope of the outputs below zero.
    features
        The distribution of the inputs.

    Examples
    --------
    >>> float(misfit_errors(np.eye(1), 0.0, Features(1))[0])
    0.0
    """
    found = {id(law): misfit_of(law) for law in features.laws}  # most often one for all features
    first, second, own = np.array([found[id(law)] for law in features.laws]).T
    if not (first.any() or second.any() or own.any()):
        return np.zeros(features.n)
    size, p = np.sqrt([law.second_moment for law in features.laws]), features.probability
    bend, bend_of_square = abs(1 - leak), abs(1 - leak**2)
    a = np.abs(coupling)
    seen = _together(features) * a * first
    np.fill_diagonal(seen, p * np.diag(a) * own / size)
    return 2 * bend * size * seen.sum(axis=1) + bend_of_square * (a**2 @ (p * second))


def _together(features: Features) -> np.ndarray:
    """P(x_i and x_j are present), ``(n, n)``; the diagonal is not used."""
    result = np.outer(features.probability, features.probability)
    for kind, members in features.units:
        if len(members) > 1:
            result[np.ix_(members, members)] = features.both(kind, members)
    return result


def coarser(features: Features) -> Features:
    """Return the features with a quarter of the cells in every histogram that stands for a distribution, 16 at least.

    Features without such distributions are returned as they are.
    """
    if not any(isinstance(law, Smooth) for law in features.laws):
        return features
    fewer = {id(law): law.with_cells(max(law.cells // 4, FEWEST)) for law in features.laws if isinstance(law, Smooth)}
    return replace(features, values=[fewer.get(id(law), law) for law in features.laws])
