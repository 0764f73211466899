"""Where a second feature begins to be stored: models near the one that stores the important feature only.

Part of the checker of two features of unequal importance; the page ``docs/theorems.md`` derives what is here. Losses
are divided by p, and v = 1/3 - p/4 is what is lost of a feature that is not stored.
"""

from fractions import Fraction

from flint import arb

from geomsup.proofs.checker import between, exact
from geomsup.proofs.places import Box

__all__ = ["NEAR", "is_dear", "is_near", "onset", "without"]

NEAR = Fraction(-1), Fraction(2), Fraction(0), Fraction(1)  # ends of z and δ: no minimum is beyond


def without(p: arb) -> arb:
    """Return v, which is lost of a feature that is not stored."""
    return arb(1) / 3 - p / 4


def onset(p: arb) -> tuple[arb, arb, arb]:
    """Return the importance I₀ where a second feature begins to be stored if it begins with little, its slope, and δ*.

    I₀ v is the least v + k y² / p - (1 - p) δ³ / 3 with y = δ - 1 + p/2 and k = 1 - 3p/4. There 2 k y = p (1 - p) δ².
    """
    k, m, A = 1 - 3 * p / 4, 1 - p / 2, p * (1 - p)
    delta = 2 * k * m / (k + (k * (k - 2 * A * m)).sqrt())
    over_p, cube, v = (1 - p) * delta * delta / (2 * k), delta * delta * delta / 3, without(p)  # y / p
    y = p * over_p
    value = 1 + (k * y * over_p - (1 - p) * cube) / v
    # At a fixed δ, y grows with p at the rate 1/2.
    by_p = -arb(1) / 4 - 3 * y * over_p / 4 + k * over_p - k * over_p * over_p + cube
    return value, (by_p + value / 4) / v, delta


def is_near(box: Box, below: arb, most: Fraction) -> bool:
    """Whether no model of a box of p, z and δ loses less than the important feature alone does, at a price below I₀.

    Such a model has the norms² q = 1 - z s and s² / q, where 0 < s <= most, and the bias (1 - δ) s of the first output.
    What it loses more is s² (T + w² / 3 + s R) at least, and s² (T + s R'), with w = z + 3y/2. T is never negative if
    the price is I₀ or less.
    """
    p = between(box[0], box[1])
    begins, v = onset(p)[0], without(p)
    return is_dear(box, below * v, (begins - below) * v, most)


def is_dear(box: Box, gap: arb, lost: arb, most: Fraction) -> bool:
    """Whether T + w² / 3 + s R > 0 where T is at least the gap, for a second feature that costs J v if not stored."""
    p, z, delta = (between(*box[k : k + 2]) for k in (0, 2, 4))
    s, best = between(Fraction(0), most), onset(p)[2]
    bent = (1 - 3 * p / 4) / p - (1 - p) * (delta + 2 * best) / 3
    i, y, along = 1 / (1 - z * s), delta - 1 + p / 2, delta - best
    w, spared = z + 3 * y / 2, p * delta * delta * delta * delta * (i + i * i) / 12
    T = (along * along * bent).max(arb(0)) + gap
    R = lost * i * (s * i - 2 * z) - spared
    without_z = lost * i * (3 * y + s * i * (1 - 3 * lost)) - spared
    pairs = (T + w * w / 3, R), (T, without_z)
    return any(bool(rest > 0 or bowl + exact(most) * rest.min(arb(0)) > 0) for bowl, rest in pairs)
