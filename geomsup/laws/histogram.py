"""The histogram that stands for a smooth density: uniform pieces side by side, and how far they are from it.

A ReLU output's squared error is, in one input, a quadratic plus multiples of (x - t)₊, (x - t)₊² and x (x - t)₊. So
pieces serve as well as their means of these. For a histogram E(x - t)₊ is a quadratic spline in t, whose knots are the
ends of the cells. It is fitted to that of the distribution by least squares, with mass, mean and variance kept. A cell
of width h leaves a difference in proportion to h³ times the slope of the density, so that cells are as wide as that
slope to the power -1/3. Values beyond the first and last knot are not cut off, but are in the mass, mean and variance
(docs/theory_notes.md, "Pieces for a smooth density").
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from geomsup.laws.law import Misfit
from geomsup.laws.smooth import Smooth

__all__ = ["Histogram", "histogram"]

FITTED = 4  # points of a cell at which E(x - t)₊ is fitted: a cubic has no more
SEEN = 16  # points of a cell at which the misfit is computed; what lies between is bounded
FINE = 20_001  # points of the density on which knots are found
# Share of the cells that has equal widths, so that none is very wide where the density is flat.
EVEN = 0.02
# Cells at an end of the support are narrower: nothing beyond the end can balance what is fitted there.
NARROW = math.sqrt(0.5)
# Beyond the last knot E x(x - t)₊ is below this over cells³, in units of sqrt(Var x E x²). Cells leave as much.
BEYOND = 0.1
# An end of the support is the last knot, if the place where the rest stops to matter is this close to it.
CLOSE = 0.02
STEPS = 200  # of bisection and doubling; each halves an interval, or doubles it
ROUNDING = 4e-15  # of E(x - t)₊, in units of the root mean square of x


class Histogram(NamedTuple):
    """Weights, lower ends and widths of pieces, ``(cells,)`` each, and how far they are from the distribution.

    The rarest piece comes first.
    """

    weights: np.ndarray
    low: np.ndarray
    width: np.ndarray
    misfit: Misfit


@lru_cache(maxsize=256)
def histogram(law: Smooth) -> Histogram:
    """Return the histogram of `law.cells` cells that stands for a distribution.

    Raises
    ------
    ValueError
        If a histogram of so many cells, with its mass, mean and variance, would need negative weights.

    Examples
    --------
    >>> from geomsup.laws import Exponential
    >>> found = histogram(Exponential(1))
    >>> round(float(found.weights @ (found.low + found.width / 2)), 12), found.misfit.first < 1e-5
    (1.0, True)
    """
    unit = 2.0 ** round(math.log2(law.second_moment) / 2)
    ordinary = law.times(1 / unit)
    knots = _knots(ordinary)
    weights = _weights(ordinary, knots)
    if not (weights > 0).all():
        raise ValueError(
            f"`cells` must be a number that leaves all weights positive; got {law.cells} for {law!r}. Try another one."
        )
    first, second, own = _misfit(ordinary, knots, weights)
    rarest = np.argsort(weights, kind="stable")  # first: the trainer's single precision holds places near 0 best
    parts = weights[rarest], knots[:-1][rarest] * unit, np.diff(knots)[rarest] * unit
    for part in parts:
        part.flags.writeable = False
    return Histogram(*parts, Misfit(first * unit, second * unit**2, own * unit**2))


def _knots(law: Smooth) -> np.ndarray:
    """Return the ends of the cells, ``(cells + 1,)``: finite, though the support may not be."""
    low, high = _ends(law)
    size, mode = math.sqrt(law.second_moment), law.mode
    # Points lie closest at the mode, where the density changes fastest, and in proportion to the distance farther off.
    close = 1e-2 / float(law.density(np.array(mode)))
    x = mode + close * np.sinh(np.linspace(np.arcsinh((low - mode) / close), np.arcsinh((high - mode) / close), FINE))
    slope = np.gradient(law.density(x), x)
    # x (x - t)₊ is as large as t at large t.
    wanted = np.cbrt(np.abs(slope) * np.maximum(np.abs(x), size))
    count = np.concatenate([[0.0], np.cumsum((wanted[1:] + wanted[:-1]) / 2 * np.diff(x))])
    even = (x - low) / (high - low)
    count = EVEN * even + (1 - EVEN) * count / count[-1] if count[-1] > 0 else even
    place = np.arange(law.cells + 1.0)
    place[1:] -= (1 - NARROW) * (low == law.support[0])
    place[-1] -= (1 - NARROW) * (high == law.support[1])
    knots = np.interp(place / place[-1], count, x)
    knots[0], knots[-1] = low, high
    return knots


def _ends(law: Smooth) -> tuple[float, float]:
    """Return the least and greatest knot: the end of the support, or as far as what lies beyond matters."""
    goal = BEYOND / law.cells**3 * math.sqrt(law.variance * law.second_moment)
    return _end(law, -1, goal), _end(law, 1, goal)


def _end(law: Smooth, side: int, goal: float) -> float:
    """Return the end of the knots below (side -1) or above (1): beyond it E x(x - t) is at most `goal`."""
    end, mode = law.support[side > 0], law.mode
    if end == mode:
        return end
    near, far = mode, end if abs(end) < math.inf else mode + 2 * side * math.sqrt(law.variance)
    for _ in range(STEPS):
        if _beyond(law, far, side) <= goal:
            break
        far = mode + 2 * (far - mode)
    for _ in range(STEPS):
        middle = (near + far) / 2
        near, far = (near, middle) if _beyond(law, middle, side) <= goal else (middle, far)
    return end if abs(end - far) <= CLOSE * abs(end - mode) < math.inf else far


def _beyond(law: Smooth, t: float, side: int) -> float:
    """Return at least |E x (x - t)| and size |E (x - t)| over the values beyond t, on one side of it."""
    _, first, second = (float(part) for part in law.excess(np.array(t)))
    if side < 0:  # from (x-t)₊ to (t-x)₊
        first, second = first - (law.mean - t), law.variance + (law.mean - t) ** 2 - second
    return abs(second) + max(abs(t), math.sqrt(law.second_moment)) * abs(first)


def _weights(law: Smooth, knots: np.ndarray) -> np.ndarray:
    """Return the weights of the cells whose E(x - t)₊ is closest, of the mass, mean and variance of the distribution.

    They are found as multiples of the masses of the cells, so that tails are not lost in the rounding.
    """
    width, middle, std = np.diff(knots), (knots[1:] + knots[:-1]) / 2, math.sqrt(law.variance)
    t = np.concatenate([knots[:-1] + width * share for share in np.arange(FITTED) / FITTED])
    t = t[t > knots[0]]  # at the first knot, mass and mean say it
    heavy = np.maximum(np.abs(t), math.sqrt(law.second_moment))  # as in `_knots`
    mass = np.maximum(-np.diff(law.excess(knots)[0]), np.finfo(float).tiny)
    above = [np.maximum(end - t[:, None], 0.0) ** 2 for end in (knots[1:], knots[:-1])]
    design = heavy[:, None] * (above[0] - above[1]) / (2 * width) * mass
    centred = (middle - law.mean) / std
    kept = np.array([np.ones(len(width)), centred, centred**2 + (width / std) ** 2 / 12]) * mass
    basis, corner = np.linalg.qr(kept.T, mode="complete")
    start = basis[:, :3] @ np.linalg.solve(corner[:3].T, [1.0, 0.0, 1.0])
    free = basis[:, 3:]
    q, r = np.linalg.qr(design @ free)
    return mass * (start + free @ np.linalg.solve(r, q.T @ (heavy * law.excess(t)[1] - design @ start)))


def _misfit(law: Smooth, knots: np.ndarray, weights: np.ndarray) -> tuple[float, float, float]:
    """Return bounds on the differences of E(x-t)₊, E(x-t)₊² and E x(x-t)₊ between distribution and pieces, for all t.

    Their second derivatives in t are those of the densities, twice those of P(x > t), and t times the first. So
    between two points s apart a difference is at most that at one of them, and s²/8 times its second derivative.
    Beyond the knots differences fall.
    """
    inner = (knots[:-1, None] + np.diff(knots)[:, None] * np.arange(SEEN) / SEEN).ravel()
    t = np.unique(np.concatenate([inner, knots[-1:], np.clip([law.mode], knots[0], knots[-1])]))
    none, first, second = (a - b for a, b in zip(law.excess(t), _excess(t, knots, weights), strict=True))
    own = second + t * first
    step = np.diff(t)
    cell = np.clip(np.searchsorted(knots, (t[1:] + t[:-1]) / 2, side="right") - 1, 0, len(weights) - 1)
    density, height = law.density(t), (weights / np.diff(knots))[cell]
    bend = np.maximum(np.abs(density[1:] - height), np.abs(density[:-1] - height))  # the density has no peak between
    share = np.maximum(np.abs(none[1:]), np.abs(none[:-1])) + step / 2 * bend
    farther = np.maximum(np.abs(t[1:]), np.abs(t[:-1]))
    size = math.sqrt(law.second_moment)
    return (
        _largest(first, step, bend) + ROUNDING * size,
        _largest(second, step, 2 * share) + ROUNDING * size**2,
        _largest(own, step, farther * bend) + ROUNDING * size**2,
    )


def _largest(difference: np.ndarray, step: np.ndarray, bend: np.ndarray) -> float:
    size = np.abs(difference)
    return float((np.maximum(size[1:], size[:-1]) + step**2 / 8 * bend).max())


def _excess(t: np.ndarray, knots: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return P(x > t), E(x-t)₊ and E(x-t)₊² of a histogram, for t on its cells."""
    low, high = knots[:-1], knots[1:]
    cell = np.clip(np.searchsorted(knots, t, side="right") - 1, 0, len(weights) - 1)
    height, rest = weights / (high - low), high[cell] - t
    above = np.append(np.cumsum(weights[::-1])[::-1][1:], 0.0)  # P(x > high)
    gain = (high - low) * (above + weights / 2)  # E(x - low)₊ - E(x - high)₊
    first = np.append(np.cumsum(gain[::-1])[::-1][1:], 0.0)  # E(x - high)₊
    # E(x - low)₊² - E(x - high)₊² = 2 ∫ E(x - t)₊ dt over the cell
    gain = (high - low) * (2 * first + (high - low) * (above + weights / 3))
    second = np.append(np.cumsum(gain[::-1])[::-1][1:], 0.0)
    own = height[cell] * rest
    return (
        above[cell] + own,
        first[cell] + rest * (above[cell] + own / 2),
        second[cell] + rest * (2 * first[cell] + rest * (above[cell] + own / 3)),
    )
