"""The algebra that symbolic losses need and sympy is too slow for: polynomials, power series, splines, resultants."""

__all__: list[str] = []
