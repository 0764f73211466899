"""The lowest stationary point of a family at one probability, over all chambers.

At fixed t = b/s the loss n (p/3 - 2 s A + s² B) is lowest at s = A/B, where it is n (p/3 - A²/B). So the optimum is
the highest A²/B over t, and stationary points are the roots of one polynomial on each chamber, F = 2 A' B - A B'.
"""

from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
from numpy.polynomial import polynomial as npoly

from geomsup.symbolic.algebra.splines import Splines, local

__all__ = ["Stationary", "lowest"]

GUARD = 30  # digits beyond those asked for
NEAR_REAL = 1e-5  # imaginary part, in half-widths of the chamber, up to which a root in doubles is worth polishing
CLOSE = 1e-9  # candidates this close in A²/B to the best are all polished
STEPS = 60


@dataclass(frozen=True)
class Stationary:
    """A root t of F on a chamber, and A and B there."""

    chamber: int
    ratio: Any
    A: Any
    B: Any

    @property
    def gain(self) -> Any:
        """A²/B, what a feature saves."""
        return self.A**2 / self.B


def lowest(splines: Splines, probability: Any, digits: int) -> Stationary | None:
    """Return the stationary point of lowest loss, to some digits; None if no chamber has one.

    Roots are found in doubles on each chamber in its own coordinate, polished, and kept if F changes its sign there
    and the root lies in the chamber it was computed on.
    """
    with mpmath.workdps(digits + GUARD):
        parts = splines.at(mpmath.mpf(probability.p) / probability.q)
        starts = [start for chamber in range(1, len(splines.vertices) + 1) for start in _roots(splines, parts, chamber)]
        best = max((gain for gain, *_ in starts), default=0)
        found = [
            point
            for gain, chamber, center, x in starts
            if gain >= best * (1 - CLOSE)
            if (point := _polished(splines, parts, chamber, center, x, digits)) is not None
        ]
        return max(found, key=lambda point: point.gain, default=None)


def _span(splines: Splines, chamber: int) -> tuple[Any, Any]:
    """Return the middle and half the width of a chamber; the last has no end, and 1 takes its place."""
    low = -splines.number(splines.vertices[chamber - 1])
    if chamber == len(splines.vertices):
        return low + 1, mpmath.mpf(1)
    high = -splines.number(splines.vertices[chamber])
    return (low + high) / 2, (high - low) / 2


def _roots(splines: Splines, parts: Any, chamber: int) -> list[tuple[float, int, Any, Any]]:
    """Return (A²/B, chamber, center, offset from it) at the roots of F in or near a chamber, in doubles."""
    center, half = _span(splines, chamber)
    A, B = (np.array([float(c * half**k) for k, c in enumerate(local(part, chamber, center))]) for part in parts)
    F = npoly.polysub(2 * npoly.polymul(npoly.polyder(A), B), npoly.polymul(A, npoly.polyder(B)))
    F = npoly.polytrim(F, tol=1e-15 * float(np.abs(F).max() or 1))
    last = chamber == len(splines.vertices)
    found = []
    for root in npoly.polyroots(F) if len(F) > 1 else ():
        x = float(root.real)
        if abs(root.imag) < NEAR_REAL and x > -1 - NEAR_REAL and (last or x < 1 + NEAR_REAL):
            below = float(npoly.polyval(x, B))
            if below > 0:
                found.append((float(npoly.polyval(x, A)) ** 2 / below, chamber, center, x * half))
    return found


def _polished(splines: Splines, parts: Any, chamber: int, center: Any, offset: Any, digits: int) -> Stationary | None:
    A, B = (local(part, chamber, center)[::-1] for part in parts)

    def slope(x: Any) -> tuple[Any, Any, Any, Any]:
        (a, a1, a2), (b, b1, b2) = (_derivatives(part, x) for part in (A, B))
        return 2 * a1 * b - a * b1, 2 * a2 * b + a1 * b1 - a * b2, a, b

    x = mpmath.mpf(offset)
    tiny = mpmath.mpf(10) ** -(digits + GUARD // 2)
    for _ in range(STEPS):
        value, curvature, *_ = slope(x)
        if not curvature:
            return None
        step = value / curvature
        x -= step
        if abs(step) <= tiny * abs(x + center):
            break
    reach = mpmath.mpf(10) ** -digits * max(abs(x + center), tiny)
    if slope(x - reach)[0] * slope(x + reach)[0] >= 0:
        return None
    t = center + x
    walls = [-splines.number(v) for v in splines.vertices[chamber - 1 : chamber + 1]]
    if t < walls[0] - reach or (len(walls) > 1 and t > walls[1] + reach):
        return None
    _, _, a, b = slope(x)
    return Stationary(chamber, t, a, b)


def _derivatives(coefficients: list[Any], x: Any) -> tuple[Any, Any, Any]:
    """Return a polynomial, its first and its second derivative, by Horner's rule."""
    value = first = second = mpmath.mpf(0)
    for c in coefficients:
        second = second * x + 2 * first
        first = first * x + value
        value = value * x + c
    return value, first, second
