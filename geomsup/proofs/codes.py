"""Bounds by polynomials for rows of one norm and biases of one ratio, after Delsarte and Yudin: exact rationals."""

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from geomsup.proofs.certificate import check_extra
from geomsup.tables import Readable

__all__ = ["CodeBound", "bound"]

BITS = 60  # behind the point of a coefficient
# What is taken from h, so that it stays below f where it touches it; the least that is enough of these.
ROOM = tuple(Fraction(1, 10**k) for k in range(15, 8, -1))
SAME = 9  # digits of a cosine: those of one kind differ by rounding, which leaves 1e-15, others by 0.01
ROUNDING = 1e-12  # of coefficients, which are 1e-5 and more where they are not 0
MOST_DEGREES = 20  # of a polynomial; the 600-cell needs 17, and other shapes at most 6


@dataclass(frozen=True, eq=False)
class CodeBound(Readable):
    """A proved lower bound of the potential, and the shape that comes as near to it as `gap`.

    Attributes
    ----------
    shape
        Name of the shape.
    n_features, n_hidden
        Number of rows N, and their dimension.
    ratio
        t = -bias / norm² of all rows, a fraction.
    coefficients
        h_k of h = Σ h_k C_k, fractions. C_k is the Gegenbauer polynomial of the dimension with C_k(1) = 1.
    lower_bound
        What H is at least, for all W of N rows of one norm, whatever it is, with biases -t norm².
    potential
        H of the shape at its best norm.

    Examples
    --------
    >>> import geomsup as gs
    >>> found = gs.bound("icosahedron")
    >>> found.lower_bound, found.potential, found.gap < 1e-9
    (1.5971389898, 1.5971389898, True)
    >>> found.check() == found.lower_bound
    True
    """

    shape: str
    n_features: int
    n_hidden: int
    ratio: str
    coefficients: tuple[str, ...] = field(repr=False)
    lower_bound: float
    potential: float

    @property
    def gap(self) -> float:
        """How far the shape is above the bound, relative to its potential."""
        return (self.potential - self.lower_bound) / self.potential

    def check(self) -> float:
        """Return the bound that the coefficients prove, in exact rationals; raise a ValueError if they prove none."""
        check_extra("check")
        ratio, coefficients = Fraction(self.ratio), [Fraction(one) for one in self.coefficients]
        if (
            not 0 < ratio < 1
            or any(h < 0 for h in coefficients[1:])
            or not _is_below(coefficients, ratio, self.n_hidden)
        ):
            raise ValueError("`coefficients` must be those of a polynomial below f; they are not. Call bound again.")
        return _lower_bound(coefficients, ratio, self.n_features)

    def __str__(self) -> str:
        ratio = float(Fraction(self.ratio))
        return (
            f"{self.n_features} rows of one norm in {self.n_hidden} dimensions, biases -{ratio:.6f} norm²: "
            f"H >= {self.lower_bound:.12g}; {self.shape}: {self.potential:.12g}"
        )


def bound(shape: Any) -> CodeBound:
    """Return a proved lower bound of the potential H of one active feature, which some shapes meet.

    Let N rows have one norm l, which is free, and biases -t l², with the t at which the shape is stationary. A row then
    has the terms f(c) = (c - t)₊³ / c of its cosines c with other rows. If h = Σ h_k C_k <= f on [-1, 1] and h_k >= 0
    for k >= 1, then Σ f over pairs i ≠ j is at least N² h_0 - N h(1). Here h touches f at the cosines of the shape.
    That it is nowhere above f is proved by Sturm's theorem, in rational numbers.

    Parameters
    ----------
    shape
        A name, as `polytope` takes it, or a `Polytope`.

    Raises
    ------
    TypeError, ValueError
        If there is no such shape, it is stationary for no norm and bias or at a ratio that is not between 0 and 1, the
        polynomial proves nothing, or python-flint is not installed.

    References
    ----------
    :cite:t:`delsarte1977`, :cite:t:`yudin1992`, :cite:t:`cohn2007`.

    Examples
    --------
    >>> import geomsup as gs
    >>> print(gs.bound("pentagon"))
    5 rows of one norm in 2 dimensions, biases -0.206060 norm²: H >= 0.23738440611...; pentagon: 0.23738440611...
    """
    from geomsup.one_hot import one_hot_state

    check_extra("bound")
    state = one_hot_state(shape)
    vertices = state.shape.vertices
    n, dimension = vertices.shape
    ratio = Fraction(-state.bias / state.norm**2).limit_denominator(10**15)
    if not 0 < ratio < 1:
        raise ValueError(
            f"`shape` must have a ratio -bias / norm² between 0 and 1; got {float(ratio):g}. Pass another."
        )
    cosines = _cosines(vertices)
    for degrees in _degrees(cosines):
        touching = _touching(cosines, float(ratio), dimension, degrees)
        if touching is None or touching[1:].min() < -ROUNDING:
            continue
        coefficients = [Fraction(round(max(h, 0.0 if k else h) * 2**BITS), 2**BITS) for k, h in enumerate(touching)]
        for room in ROOM:
            lower = [coefficients[0] - room, *coefficients[1:]]
            if _is_below(lower, ratio, dimension):
                texts = tuple(str(one) for one in lower)
                least = _lower_bound(lower, ratio, n)
                return CodeBound(state.shape.name, n, dimension, str(ratio), texts, least, float(state.potential))
    raise ValueError(
        f"`shape` must be one whose cosines such a polynomial can touch; got {state.shape.name}. "
        "Of many shapes none is known to be the best."
    )


def _cosines(vertices: np.ndarray) -> np.ndarray:
    """Return the cosines of a vertex with the others."""
    row = (vertices @ vertices[0])[1:]
    keys = row.round(SAME)
    return np.array([row[keys == key].mean() for key in np.unique(keys)])


def _degrees(cosines: np.ndarray) -> list[list[int]]:
    """Return which degrees h may have: as many as conditions, the lowest, or as :cite:t:`cohn2007` for the 600-cell.

    They leave out three degrees: the 600-cell has a harmonic of degree 12.
    """
    n = 2 * len(cosines) - (1 if cosines[0] < -1 + 10.0**-SAME else 0)
    return [list(range(n)), [*range(n - 4), *range(n - 1, n + 3)]] if 4 < n < MOST_DEGREES - 2 else [list(range(n))]


def _touching(cosines: np.ndarray, ratio: float, dimension: int, degrees: list[int]) -> np.ndarray | None:
    """Return h that has the values of f at the cosines, and its slopes at those above -1."""
    inner = cosines[cosines > -1 + 10.0**-SAME]
    values, slopes = (
        _gegenbauer(cosines, dimension, degrees[-1]),
        _gegenbauer(inner, dimension, degrees[-1], slopes=True),
    )

    def f(t: np.ndarray) -> np.ndarray:
        return np.maximum(t - ratio, 0) ** 3 / np.where(t > 0, t, 1)

    over = np.where(inner > 0, inner, 1)
    f_slopes = 3 * np.maximum(inner - ratio, 0) ** 2 / over - np.maximum(inner - ratio, 0) ** 3 / over**2
    system = np.concatenate([values, slopes])[:, degrees]
    h = np.zeros(degrees[-1] + 1)
    try:
        h[degrees] = np.linalg.solve(system, np.concatenate([f(cosines), f_slopes]))
    except np.linalg.LinAlgError:
        return None
    return h


def _gegenbauer(t: np.ndarray, dimension: int, degree: int, *, slopes: bool = False) -> np.ndarray:
    """Return C_0 to C_degree, or their derivatives, ``(len(t), degree + 1)``."""
    C, D = [np.ones_like(t), t], [np.zeros_like(t), np.ones_like(t)]
    for k in range(1, degree):
        D.append(((2 * k + dimension - 2) * (C[k] + t * D[k]) - k * D[k - 1]) / (k + dimension - 2))
        C.append(((2 * k + dimension - 2) * t * C[k] - k * C[k - 1]) / (k + dimension - 2))
    return np.stack((D if slopes else C)[: degree + 1], axis=1)


def _lower_bound(coefficients: list[Fraction], ratio: Fraction, n: int) -> float:
    """Return N (1 - α² / 4 (β + Γ)), rounded down, with Γ = N h_0 - h(1) or 0."""
    shared = max(n * coefficients[0] - sum(coefficients), Fraction(0))
    alpha, beta = (1 - ratio) ** 2 * (2 + ratio), (1 - ratio) ** 3
    return float(np.nextafter(float(n * (1 - alpha**2 / (4 * (beta + shared)))), -np.inf))


def _is_below(coefficients: list[Fraction], ratio: Fraction, dimension: int) -> bool:
    """Whether h < f on [-1, 1]: h < 0 up to the ratio, and t h < (t - ratio)³ from there."""
    from flint import fmpq, fmpq_poly

    t, at = fmpq_poly([0, 1]), fmpq(ratio.numerator, ratio.denominator)
    C = [fmpq_poly([1]), t]
    for k in range(1, len(coefficients) - 1):
        C.append(((2 * k + dimension - 2) * t * C[k] - k * C[k - 1]) / (k + dimension - 2))
    h = sum((fmpq(one.numerator, one.denominator) * c for one, c in zip(coefficients, C, strict=False)), fmpq_poly([0]))
    return _is_positive(-h, fmpq(-1), at) and _is_positive((t - at) ** 3 - t * h, at, fmpq(1))


def _is_positive(p: Any, low: Any, high: Any) -> bool:
    """Whether a polynomial is positive on an interval, by Sturm's theorem."""
    if not (p(low) > 0 and p(high) > 0):
        return False
    chain = [p, p.derivative()]
    while chain[-1].degree() > 0:
        rest = -(chain[-2] % chain[-1])
        if rest.degree() < 0:
            break
        chain.append(rest)

    def changes(x: Any) -> int:
        signs = [value > 0 for one in chain if (value := one(x)) != 0]
        return sum(one != other for one, other in pairwise(signs))

    return changes(low) == changes(high)
