"""Arithmetic with nested expressions, for inputs that are not polynomials or would be too long."""

from typing import Any

import sympy

__all__ = ["Nested"]


class Nested:
    """Elements are sympy expressions. Only inputs and sums of inputs are expanded."""

    def __init__(self) -> None:
        self.one = sympy.S.One

    def element(self, expression: Any) -> Any:
        """Return an input, expanded, as it enters sums."""
        return sympy.expand(expression)

    def number(self, rational: Any) -> Any:
        """Return a rational as it is."""
        return rational

    def expression(self, element: Any) -> Any:
        """Return a sum of inputs with like terms collected."""
        return sympy.expand(element)

    def wrap(self, element: Any) -> Any:
        """Return an element as it is."""
        return element

    def power(self, element: Any, exponent: int) -> Any:
        """Return an element to a power."""
        return element**exponent

    def over(self, terms: Any, coupling: Any) -> Any:
        """Return terms divided by a coupling, an entry of the Gram matrix."""
        return terms / coupling

    def finish(self, terms: Any) -> Any:
        """Return the terms as a sympy expression."""
        return sympy.S(terms)
