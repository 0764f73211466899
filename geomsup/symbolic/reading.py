"""Arguments as sympy expressions without floats: numbers, arrays and expressions."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

import numpy as np
import sympy

from geomsup import checks

__all__ = ["chance", "couplings", "exact", "per_feature", "point_of"]


def exact(name: str, value: Any) -> Any:
    """Return a real number or an expression as a sympy expression without floats."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, sympy.Expr):
        expression = value.xreplace({number: _decimal(number) for number in value.atoms(sympy.Float)})
        if expression.has(sympy.nan, sympy.oo, -sympy.oo, sympy.zoo) or expression.is_extended_real is False:
            raise ValueError(
                f"`{name}` must be real and finite; got {checks.shown(value)}. Pass real numbers and real symbols."
            )
        return expression
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(
            f"`{name}` must hold real numbers and sympy expressions; "
            f"got {checks.shown(value)} ({type(value).__name__}). "
            "Pass numbers, symbols or expressions."
        )
    if isinstance(value, Integral):
        return sympy.Integer(int(value))
    if isinstance(value, Rational):
        fraction = Fraction(value)
        return sympy.Rational(fraction.numerator, fraction.denominator)
    if not np.isfinite(float(value)):
        raise ValueError(f"`{name}` must be real and finite; got {checks.shown(value)}. Remove NaN and infinity first.")
    return sympy.Rational(repr(float(value)))


def chance(name: str, value: Any, *, low: Any = 0) -> Any:
    """Return a symbol as it is, or a probability above 0, and at least `low`, as an exact number."""
    if isinstance(value, sympy.Symbol):
        return value
    number = exact(name, value)
    if not number.is_number:
        raise TypeError(
            f"`{name}` must be a symbol or a number; got {checks.shown(value)}. Substitute into the result instead."
        )
    if not (0 < number <= 1 and number >= low):
        rule = f"in [{float(low):g}, 1]" if low else "in (0, 1]"
        raise ValueError(f"`{name}` must be {rule}; got {checks.shown(value)}. Pass P(x_i != 0) = 1 - sparsity.")
    return number


def _decimal(number: Any) -> Any:
    """Return the rational that a sympy Float prints as; doubles as the shortest decimal."""
    short = repr(float(number))
    return sympy.Rational(short if sympy.Float(short, precision=number._prec) == number else str(number))


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes)


def _matrix(name: str, value: Any) -> list[list[Any]]:
    if isinstance(value, sympy.MatrixBase | np.ndarray):
        value = value.tolist()
    if not _is_list(value) or not all(_is_list(row) for row in value) or not value:
        got = type(value).__name__ if not _is_list(value) else checks.shown(value)
        raise TypeError(
            f"`{name}` must be a matrix, rows are features; got {got}. Pass a sympy Matrix, an array or nested lists."
        )
    widths = sorted({len(row) for row in value})
    if len(widths) > 1 or not widths[0]:
        raise ValueError(f"`{name}` must be rectangular and not empty; got rows of length {widths}. Pad or drop rows.")
    return [[exact(name, entry) for entry in row] for row in value]


def per_feature(name: str, value: Any, n: int, *, high: float = np.inf, low: float = -np.inf) -> list[Any]:
    """Return one expression for each feature, numbers checked to be in [low, high]."""
    if isinstance(value, sympy.MatrixBase):
        value = value.flat()
    elif isinstance(value, np.ndarray):
        value = value.tolist()
    if _is_list(value):
        checks.room(name, len(value))
    entries = [exact(name, entry) for entry in (value if _is_list(value) else [value])]
    if _is_list(value) and len(entries) != n:
        raise ValueError(
            f"`{name}` must be one expression or have one entry per feature ({n}); got {len(entries)}. "
            "Pass a single one to share it among all features."
        )
    for entry in entries:
        if entry.is_number and not (low <= entry and entry <= high):
            rule = f"in [{low:g}, {high:g}]" if np.isfinite(high) else f"at least {low:g}"
            hint = "Pass P(x_i != 0) = 1 - sparsity." if name == "probability" else "Rescale or clip it."
            raise ValueError(f"`{name}` must be {rule}; got {checks.shown(entry)}. {hint}")
    return entries if _is_list(value) else entries * n


def couplings(W: Any, gram: Any) -> list[list[Any]]:
    """Return the Gram matrix that either of the arguments gives."""
    if (W is None) == (gram is None):
        got = "neither" if W is None else "both"
        raise ValueError(f"`W` or `gram` must be given, and not both; got {got}. Pass one of them.")
    if gram is None:
        rows = _matrix("W", W)
        return [[sum((x * y for x, y in zip(u, v, strict=True)), sympy.S.Zero) for v in rows] for u in rows]
    matrix = _matrix("gram", gram)
    if len(matrix) != len(matrix[0]):
        raise ValueError(
            f"`gram` must be square; got shape ({len(matrix)}, {len(matrix[0])}). Pass W Wᵀ, or the weights as `W`."
        )
    return matrix


def point_of(at: Any, symbols: set[Any]) -> dict[Any, Any] | None:
    """Return values for symbols, from a mapping of symbols or names."""
    if at is None:
        return None
    if not isinstance(at, Mapping):
        raise TypeError(
            f"`at` must map symbols, or their names, to numbers; got {checks.shown(at)}. Write at={{b: -0.1}}."
        )
    point = {}
    for key, value in at.items():
        named = {symbol for symbol in symbols if symbol == key or (isinstance(key, str) and symbol.name == key)}
        if not isinstance(key, str | sympy.Symbol):
            raise TypeError(
                f"`at` must have symbols or their names as keys; got {checks.shown(key)}. Write at={{b: -0.1}}."
            )
        number = exact("at", value)
        if not number.is_number:
            raise ValueError(
                f"`at` must give numbers; got {checks.shown(value)} for {key}. It is a point, not a substitution."
            )
        point.update(dict.fromkeys(named, number))
    return point
