"""What `optimum` takes as a shape: a name, a kind and a size, or a Gram matrix; all rows must be alike."""

from dataclasses import dataclass
from typing import Any

import sympy

from geomsup import checks
from geomsup.symbolic.grams import cross_polytope, polygon, simplex
from geomsup.symbolic.reading import couplings

__all__ = ["Family", "family"]

_NAMES = {
    "digon": ("simplex", 1),
    "triangle": ("simplex", 2),
    "tetrahedron": ("simplex", 3),
    "square": ("polygon", 4),
    "pentagon": ("polygon", 5),
    "hexagon": ("polygon", 6),
    "heptagon": ("polygon", 7),
    "octagon": ("polygon", 8),
    "octahedron": ("cross_polytope", 3),
}
_KINDS = {"simplex": simplex, "polygon": polygon, "cross_polytope": cross_polytope}


@dataclass(frozen=True)
class Family:
    """A shape at norm 1, to be scaled: its name, its Gram matrix, and the couplings of one output, its own first."""

    name: str
    gram: Any

    @property
    def n(self) -> int:
        """Number of features."""
        return self.gram.rows

    @property
    def couplings(self) -> list[Any]:
        """Couplings of the first output that are not zero; its own, 1, comes first."""
        return [entry for entry in self.gram.row(0) if entry != 0]


def family(shape: Any) -> Family:
    """Return the family of a shape.

    Raises
    ------
    TypeError, ValueError
        If `shape` is no name, pair or Gram matrix of equal rows.

    Examples
    --------
    >>> family(("simplex", 4)).couplings
    [1, -1/4, -1/4, -1/4, -1/4]
    """
    if isinstance(shape, str):
        if shape not in _NAMES:
            listed = ", ".join(f'"{name}"' for name in _NAMES)
            raise ValueError(
                f'`shape` must be one of {listed}; got {checks.shown(shape)}. Or pass ("polygon", k), or a Gram matrix.'
            )
        kind, size = _NAMES[shape]
        return Family(shape, _KINDS[kind](size))
    if isinstance(shape, tuple) and len(shape) == 2 and isinstance(shape[0], str):
        kind, size = shape
        if kind not in _KINDS:
            listed = ", ".join(f'"{name}"' for name in _KINDS)
            raise ValueError(f'`shape` must start with one of {listed}; got {kind!r}. Write ("simplex", 4).')
        named = [name for name, pair in _NAMES.items() if pair == shape]
        return Family(named[0] if named else f"{kind}({size})", _KINDS[kind](size))
    if not isinstance(shape, sympy.MatrixBase):
        raise TypeError(
            f"`shape` must be a name, a pair or a sympy Matrix; got {checks.shown(shape)} ({type(shape).__name__}). "
            'Pass "digon", ("polygon", 7) or symbolic.cross_polytope(2).'
        )
    return _of_gram(sympy.Matrix(couplings(None, shape)))


def _of_gram(gram: Any) -> Family:
    if gram.free_symbols or not gram.is_symmetric():
        raise ValueError(f"`shape` must be a symmetric Gram matrix of numbers; got {gram}. Leave the norm out.")
    square = gram[0, 0]
    if not square.is_positive:
        raise ValueError(f"`shape` must have a positive diagonal; got {square}. Pass the Gram matrix W Wᵀ.")
    unit = (gram / square).applyfunc(sympy.nsimplify if gram.has(sympy.Float) else sympy.expand)
    kinds = {(unit[i, i], *sorted((unit[i, j] for j in range(unit.rows) if j != i), key=str)) for i in range(unit.rows)}
    if len(kinds) > 1:
        raise ValueError(
            f"`shape` must have rows of equal norms and equal couplings up to order; got {len(kinds)} kinds of rows. "
            "Only then one norm and one bias serve all features: use geomsup.optimum for others."
        )
    return Family(f"{unit.rows} alike features", unit)
