"""A code for two numbers in one: t = (⌊Zx⌋ + y)/Z, with steep ramps in place of jumps; and its error."""

import numpy as np

__all__ = ["LINEAR", "mean_squared_error", "ramps", "sampled_error"]

LINEAR = 1 / 12  # least error, of x and y together, of any linear code for two independent uniform numbers


def ramps(u: np.ndarray, width: float) -> np.ndarray:
    """Return ⌊u⌋, with each jump replaced by a ramp over the last `width` of the step before it.

    Examples
    --------
    >>> ramps(np.array([0.5, 0.95, 1.0, 1.2]), 0.1)
    array([0. , 0.5, 1. , 1. ])
    """
    floor = np.floor(u)
    if width == 0:
        return floor
    return floor + np.clip((u - floor - (1 - width)) / width, 0, 1)


def mean_squared_error(Z: int, width: float) -> float:
    """Return E (x − x̂)² + E (y − ŷ)², exactly, for x and y independent and uniform in [0, 1].

    Coded as t = (r(Zx) + y)/Z and read as ŷ = Zt − r(Zt), x̂ = (r(Zt) + ½)/Z, r the ramps of `width` (in steps of 1/Z;
    the last step of x needs none). Between their corners everything is linear in x and y: Gauss's rule of 3 points
    integrates it exactly.
    """
    total = 0.0
    for step in range(Z):
        flat = 1.0 if step == Z - 1 else 1 - width
        total += _part(np.array([0.0, flat]), step, 0.0, 0.0, Z, width)
        if flat < 1 and width > 0:  # in the ramp the code is steep: u = step + flat + width · s, coded as step + s
            corners = np.unique(np.clip([0.0, width, 1 - width, 1.0], 0, 1))
            total += _part(flat + width * corners, step, flat, width, Z, width)
    return total / Z


def _part(corners: np.ndarray, step: int, flat: float, slope_width: float, Z: int, width: float) -> float:
    """Return the integral over u = Zx − step between the corners, and over y."""
    total = 0.0
    for u, weight in zip(*_gauss(corners, 6), strict=True):
        coded = step + ((u - flat) / slope_width if slope_width else 0.0)
        offset = coded - np.floor(coded)
        bends = np.array([0.0, 1 - offset, 1 - width - offset, 2 - width - offset, 1.0])
        y, inner = _gauss(np.unique(np.clip(bends, 0, 1)), 3)
        total += weight * float(inner @ _errors((u + step) / Z, y, coded, Z, width))
    return total


def _errors(x: float, y: np.ndarray, coded: float, Z: int, width: float) -> np.ndarray:
    low = _read(coded + y, Z, width)
    return (x - (low + 0.5) / Z) ** 2 + (y - (coded + y - low)) ** 2


def _read(whole: np.ndarray, Z: int, width: float) -> np.ndarray:
    """Return r(Zt), whose last step, Z − 1, has no ramp."""
    return np.where(whole >= Z - 1, float(Z - 1), ramps(whole, width))


def _gauss(corners: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights of Gauss's rule on each interval between corners."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    half = np.diff(corners)[:, None] / 2
    middle = (corners[1:] + corners[:-1])[:, None] / 2
    return (middle + half * nodes).ravel(), (half * weights).ravel()


def sampled_error(Z: int, width: float, samples: int) -> float:
    """Return the mean squared error over random x and y: a check of `mean_squared_error`."""
    x, y = np.random.default_rng(31).random((2, samples))
    coded = _read(Z * x, Z, width)
    low = _read(coded + y, Z, width)
    return float(((x - (low + 0.5) / Z) ** 2 + (y - (coded + y - low)) ** 2).mean())
