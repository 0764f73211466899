"""Energies of points on the unit sphere: what they sum, and over which pairs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from geomsup import checks
from geomsup.checks import integer, positive_number, real_array

__all__ = ["NAMES", "Potential", "as_potential", "unit_rows"]

NAMES = ("coulomb", "riesz", "log", "tammes", "frame", "coherence", "relu", "custom")
HARDEST = 1000.0  # exponent of "riesz"
UNIT = 1e-6  # how far the length of a row may be from 1
HEAD = '`energy` must be one of "coulomb", "log", "tammes", "frame", "coherence", "relu", a pair ("riesz", s)'

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Potential:
    """An energy of n points x_i on the unit sphere, a sum over pairs of a function of t = x_i · x_j, or a maximum.

    ============ ================================================ ======================
    name         energy                                           pairs
    ============ ================================================ ======================
    "coulomb"    Σ 1 / r_ij,  r² = 2 − 2t                         unordered, i < j
    "riesz"      Σ r_ij^−s, s the exponent                        unordered
    "log"        Σ −log r_ij                                      unordered
    "frame"      Σ t², at least n²/d for n ≥ d                    ordered, with i = j
    "relu"       Σ relu(t)²                                       ordered, i ≠ j
    "tammes"     max t: the smallest angle as large as possible
    "coherence"  max abs t: the smallest angle between lines
    "custom"     Σ f(t), yours                                    unordered
    ============ ================================================ ======================

    Parameters
    ----------
    name
        One of those above.
    exponent
        s of "riesz", positive.
    function, derivative
        Of "custom": f and f', Python callables that take an array of inner products and return one of that shape
        (they are called with arrays, not compiled). f must be finite on [−1, 1) and should fall as points part.

    Raises
    ------
    ValueError, TypeError
        For a name that is not listed, an exponent that is not positive, or functions that cannot be called.

    References
    ----------
    :cite:t:`saff1997` (Coulomb, Riesz, logarithmic); :cite:t:`tammes1930`; :cite:t:`benedetto2003` (frame potential);
    :cite:t:`conway1996` (lines).

    Examples
    --------
    >>> import geomsup as gs
    >>> octahedron = gs.polytope("octahedron").vertices
    >>> gs.Potential("coulomb").energy(octahedron)  # 12 / sqrt 2 + 3 / 2
    9.98528137423857...
    >>> gs.Potential("riesz", 2).energy(octahedron), gs.Potential("frame").energy(octahedron)
    (6.75, 12.0)
    >>> coulomb = gs.Potential("coulomb")
    >>> float(coulomb.energy([[1.0, 0.0], [-1.0, 0.0]])), coulomb.label
    (0.5, 'coulomb')
    """

    name: str
    exponent: float | None = None
    function: Function | None = None
    derivative: Function | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or self.name not in NAMES:
            raise ValueError(f"{HEAD} or a pair of functions (f, df); got {checks.shown(self.name)}. Pick one of them.")
        if (self.name == "riesz") != (self.exponent is not None):
            raise ValueError(
                f'`exponent` is that of "riesz"; got {checks.shown(self.exponent)} with "{self.name}". '
                f'Pass ("riesz", s).'
            )
        if self.exponent is not None:
            object.__setattr__(self, "exponent", positive_number("exponent", self.exponent))
            if self.exponent > HARDEST:
                raise ValueError(
                    f"`exponent` must be at most {HARDEST:g}; got {self.exponent:g}. Larger ones are tammes."
                )
        for label in ("function", "derivative"):
            value = getattr(self, label)
            if not callable(value) if self.name == "custom" else value is not None:
                raise TypeError(
                    f'`{label}` must be callable for "custom" and absent otherwise; '
                    f'got {checks.shown(value)} with "{self.name}". '
                    "Pass energy=(f, df), functions of an array of inner products."
                )

    @property
    def ordered(self) -> bool:
        """Whether the sum counts every pair twice."""
        return self.name in ("frame", "relu")

    @property
    def is_maximum(self) -> bool:
        """Whether the energy is a largest inner product, not a sum."""
        return self.name in ("tammes", "coherence")

    @property
    def label(self) -> str:
        """Name with exponent, e.g. "riesz 2"."""
        return self.name if self.exponent is None else f"riesz {self.exponent:g}"

    @classmethod
    def _from_plain(cls, value: str) -> "Potential":
        """Return the potential of a `label`; functions, of "custom", are not written, and so not read."""
        name, _, exponent = value.partition(" ")
        return cls(name, float(exponent)) if exponent else cls(name)

    def energy(self, points: Any) -> float:
        """Return the energy of points ``(n, d)`` whose rows have length 1, n ≥ 2.

        Coincident points have infinite Coulomb, Riesz and logarithmic energy.

        Raises
        ------
        ValueError
            For rows that are not of length 1 within 1e-6.
        """
        rows = unit_rows(points)
        upper = np.triu_indices(len(rows), 1)
        t = (rows @ rows.T)[upper]
        if self.is_maximum:
            return float(t.max() if self.name == "tammes" else np.abs(t).max())
        r2 = ((rows[upper[0]] - rows[upper[1]]) ** 2).sum(axis=1) if self.singular else t
        total = float(self.terms(t, r2)[0].sum())
        if self.ordered:
            total *= 2
        return total + len(rows) if self.name == "frame" else total

    @property
    def singular(self) -> bool:
        """Whether coincident points have infinite energy."""
        return self.name in ("coulomb", "riesz", "log")

    def terms(self, t: np.ndarray, r2: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the summand and its first and second derivative in t, at inner products t and squared distances r2.

        Examples
        --------
        >>> value, first, second = Potential("coulomb").terms(np.array([-1.0]), np.array([4.0]))
        >>> value.item(), first.item(), second.item()
        (0.5, 0.125, 0.09375)
        """
        if self.name in ("coulomb", "riesz"):
            s = self.exponent or 1.0
            with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
                value = r2 ** (-s / 2)
                return value, s * value / r2, s * (s + 2) * value / r2**2
        if self.name == "log":
            with np.errstate(divide="ignore"):
                return -0.5 * np.log(r2), 1 / r2, 2 / r2**2
        if self.name == "frame":
            return t**2, 2 * t, np.full_like(t, 2.0)
        if self.name == "relu":
            return np.maximum(t, 0) ** 2, 2 * np.maximum(t, 0), 2.0 * (t > 0)
        if self.function is None or self.derivative is None:
            raise ValueError(f'"{self.name}" is a maximum, not a sum; it has no terms.')
        step = 1e-5
        ahead, behind = np.minimum(t + step, 1.0 - 1e-12), np.maximum(t - step, -1.0)
        value, slope = _values("function", self.function, t), _values("derivative", self.derivative, t)
        after, before = (_values("derivative", self.derivative, near) for near in (ahead, behind))
        return value, slope, (after - before) / (ahead - behind)

    def __str__(self) -> str:
        return self.label


def _values(label: str, function: Function, t: np.ndarray) -> np.ndarray:
    """Return the values of a user's function at inner products, if they are real numbers."""
    returned = function(t)
    if isinstance(returned, Sequence):
        checks.room(label, len(returned))
    try:
        values = np.asarray(returned)
    except ValueError:  # ragged lists
        values = np.empty(0, dtype=object)
    if values.dtype.kind not in "biuf":
        raise TypeError(f"`{label}` must return real numbers; it returned dtype {values.dtype}. Return a float array.")
    if values.shape != t.shape:
        raise ValueError(
            f"`{label}` must return an array of the shape it is given; it turned {t.shape} into {values.shape}. "
            "Make it act elementwise."
        )
    if np.isnan(values).any():
        where = t[np.isnan(values)][0]
        raise ValueError(f"`{label}` must return numbers; it returned nan at {where:.6g}. Define it on [-1, 1).")
    return values.astype(np.float64, copy=False)


def as_potential(energy: Any) -> Potential:
    """Return the potential of a name, of ("riesz", s), of a pair of functions, or of a `Potential`.

    Examples
    --------
    >>> as_potential(("riesz", 2)).exponent
    2.0
    """
    if isinstance(energy, Potential):
        return energy
    if isinstance(energy, str) and energy not in ("riesz", "custom"):
        return Potential(energy)
    if isinstance(energy, tuple | list) and len(energy) == 2:
        if isinstance(energy[0], str) and energy[0] == "riesz":
            return Potential("riesz", energy[1])
        function, derivative = energy
        if callable(function) and callable(derivative):
            return Potential("custom", None, cast(Function, function), cast(Function, derivative))
    raise ValueError(f"{HEAD} or a pair of functions (f, df); got {checks.shown(energy)}. Pick one of them.")


def unit_rows(points: Any) -> np.ndarray:
    """Return points as an ``(n, d)`` array, n ≥ 2, if all rows have length 1."""
    rows = real_array("points", points)
    if rows.ndim != 2 or rows.shape[1] < 1:
        raise ValueError(f"`points` must be (n, d), a point per row; got shape {rows.shape}. Pass a matrix.")
    integer("the number of points", len(rows), minimum=2)
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(rows, axis=1)
    worst = int(np.argmax(np.abs(lengths - 1)))
    if abs(lengths[worst] - 1) > UNIT:
        raise ValueError(
            f"`points` must be on the unit sphere; row {worst} has length {lengths[worst]:g}. "
            "Divide rows by their lengths."
        )
    return rows
