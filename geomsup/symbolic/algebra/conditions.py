"""Inequalities in a readable form: monomials are collected, and implied inequalities are found."""

from collections.abc import Iterable
from typing import Any

import sympy

__all__ = ["implied", "monomials"]


def monomials(expression: Any) -> Any:
    """Return a polynomial with one term for each monomial; other expressions expanded."""
    polynomial = expression.as_poly(*sorted(expression.free_symbols, key=str))
    if polynomial is None:
        return sympy.expand(expression)
    return sympy.Add(
        *(
            sympy.Mul(*(s**m for s, m in zip(polynomial.gens, powers, strict=True)), coefficient)
            for powers, coefficient in polynomial.terms()
        )
    )


def implied(vertex: Any, others: Iterable[Any], sign: int) -> bool:
    """Whether another vertex of that sign, plus something of that sign by assumption, is this one."""
    return any(other != vertex and monomials(sign * (vertex - other)).is_nonnegative for other in others)
