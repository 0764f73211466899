"""Moments of v₊, slow and obvious: each mean over a cube is a quotient of two integers."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import factorial, prod

UNIT = 1 << 24  # numbers are multiples of 1 / UNIT


def moments(c: int, a: Sequence[int], p: Fraction) -> tuple[float, list[float]]:
    """Return E v₊ and E x_k v₊ of all features k, for v = (c + Σ a_j x_j) / UNIT."""
    mean, first = Fraction(0), [Fraction(0)] * len(a)
    for present in product((0, 1), repeat=len(a)):
        probable = prod(p if one else 1 - p for one in present)
        inputs = [x for x, one in zip(a, present, strict=True) if one]
        mean += probable * _power(c, inputs, 1)
        for k, one in enumerate(present):
            if one:
                rest = [x for j, (x, here) in enumerate(zip(a, present, strict=True)) if here and j != k]
                if a[k]:  # by parts
                    first[k] += probable * (_power(c + a[k], rest, 2) - _power(c, inputs, 2)) / (2 * a[k])
                else:
                    first[k] += probable * _power(c, rest, 1) / 2
    return float(mean / UNIT), [float(one / UNIT) for one in first]


def squared(c: int, a: Sequence[int], p: Fraction) -> float:
    """Return E v₊²."""
    total = Fraction(0)
    for present in product((0, 1), repeat=len(a)):
        probable = prod(p if one else 1 - p for one in present)
        total += probable * _power(c, [x for x, one in zip(a, present, strict=True) if one], 2)
    return float(total / UNIT**2)


def _power(c: int, a: Sequence[int], s: int) -> Fraction:
    """Return E (c + a · y)₊^s, y being uniform: by the vertices of the cube."""
    a = [one for one in a if one]
    total = 0
    for e in product((0, 1), repeat=len(a)):
        total += (-1) ** (len(a) - sum(e)) * max(c + sum(map(prod, zip(a, e, strict=True))), 0) ** (len(a) + s)
    return Fraction(factorial(s) * total, factorial(len(a) + s) * prod(a))
