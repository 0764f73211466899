"""Truncated power series as lists of coefficients, lowest first: exact field elements or mpmath numbers."""

from collections.abc import Callable, Mapping
from typing import Any

import mpmath

__all__ = ["branch", "composed", "quotient", "times"]

Series = list[Any]
Polynomial = Mapping[tuple[int, ...], Any]  # coefficients of t^i p^j


def times(x: Series, y: Series) -> Series:
    """Return the product, as long as the shorter factor."""
    size = min(len(x), len(y))
    return [sum((x[i] * y[k - i] for i in range(1, k + 1)), x[0] * y[k]) for k in range(size)]


def quotient(x: Series, y: Series) -> Series:
    """Return x / y; the powers of p that y starts with must be in x too."""
    first = next(k for k, c in enumerate(y) if c)
    x, y = x[first:], y[first:]
    result: Series = []
    for k in range(len(y)):
        rest = sum((-result[i] * y[k - i] for i in range(k)), x[k])
        result.append(rest / y[0])
    return result


def composed(polynomial: Polynomial, t: Series) -> Series:
    """Return the polynomial at t(p), by Horner's rule in t."""
    zero = t[0] * 0
    by_degree: dict[int, Series] = {}
    for (i, j), c in polynomial.items():
        row = by_degree.setdefault(i, [zero] * len(t))
        if j < len(t):
            row[j] = row[j] + c
    result = [zero] * len(t)
    for i in range(max(by_degree), -1, -1):
        result = times(result, t)
        if i in by_degree:
            result = [x + y for x, y in zip(result, by_degree[i], strict=True)]
    return result


def branch(polynomial: Polynomial, power: int, near: Any, length: int, number: Callable[[Any], Any]) -> Series:
    """Return u(p) with polynomial(p^power u, p) = 0 and u(0) near a number (Newton-Puiseux, simple root).

    The terms of lowest order in p are an equation for u(0). If it is linear, all coefficients stay in the field of
    the polynomial; else they are numbers.
    """
    shifted = {(i, j + power * i): c for (i, j), c in polynomial.items()}
    lowest = min(j for _, j in shifted)
    shifted = {(i, j - lowest): c for (i, j), c in shifted.items()}
    edge = {i: c for (i, j), c in shifted.items() if j == 0}
    least = min(edge)
    if max(edge) - least == 1:
        start = -edge[least] / edge[least + 1]
    else:
        shifted = {key: number(c) for key, c in shifted.items()}
        edge = {i: shifted[i, 0] for i in edge}
        start = mpmath.findroot(lambda u: mpmath.fsum(c * u**i for i, c in edge.items()), near)
    slope = sum((c * start ** (i - 1) * i for i, c in edge.items() if i), start * 0)
    u: Series = [start] + [start * 0] * (length - 1)
    for k in range(1, length):
        u[k] = -composed(shifted, u[: k + 1])[k] / slope
    return u
