"""What a search for hidden shapes has found, as values."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from geomsup import checks
from geomsup.recognition.names import counted
from geomsup.recognition.printing import listed
from geomsup.tables import Readable

__all__ = ["Discoveries", "Discovery"]

# Lines of the table that is printed; further discoveries are counted.
MOST_LINES = 20

# Kinds of shapes that the headline names.
MOST_KINDS = 8

HEADINGS = ("shape", "about", "rows", "residual", "p-value", "q-value")


@dataclass(frozen=True)
class Discovery(Readable):
    """A shape that some rows form.

    Attributes
    ----------
    name
        "digon", "triangle", "pentagon", ...; "copy" for rows of nearly one direction.
    rows
        Row indices into W, ascending.
    center
        "origin": the directions of the rows form the shape. "mean": the rows less their mean do.
    residual
        Root-mean-square distance from the shape, as an angle seen from its center, degrees.
    p_value
        Probability, at most, that the null model has as dependent rows anywhere: times all sets of rows of that size,
        and all sizes. Smaller ones than 1e-300 are 0.
    q_value
        Smallest false discovery rate at which it is a discovery.

    Examples
    --------
    >>> import geomsup as gs
    >>> import numpy as np
    >>> W = np.random.default_rng(0).normal(size=(400, 32))
    >>> W[7] = -W[3]
    >>> (found,) = gs.find_shapes(W)
    >>> found.name, found.rows, found.center
    ('digon', (3, 7), 'origin')
    >>> found.to_dict()["name"]
    'digon'
    """

    name: str
    rows: tuple[int, ...]
    center: str
    residual: float
    p_value: float
    q_value: float


@dataclass(frozen=True)
class Discoveries(Sequence[Discovery], Readable):
    """Shapes found among the rows of W, least probable first; a sequence of `Discovery`.

    Attributes
    ----------
    found
        The discoveries. No two share a row.
    n_rows, n_dimensions
        Shape of W.
    null
        The null model they were compared with.
    false_discovery_rate
        The rate asked for.
    effective_dimension
        Number of dimensions in which random directions are as near to each other as rows of the null model.
    threshold
        Least absolute cosine of rows that were taken as neighbours. Shapes without one such pair are not found.

    Examples
    --------
    >>> import geomsup as gs
    >>> import numpy as np
    >>> W = np.random.default_rng(0).normal(size=(400, 32))
    >>> W[7] = -W[3]
    >>> found = gs.find_shapes(W)
    >>> len(found), found.counts, found.n_rows
    (1, {'digon': 1}, 400)
    >>> len(found.to_dict()) > 2
    True
    """

    found: tuple[Discovery, ...]
    n_rows: int
    n_dimensions: int
    null: str
    false_discovery_rate: float
    effective_dimension: float
    threshold: float

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[Discovery]:
        return iter(self.found)

    def __getitem__(self, index: Any) -> Any:
        return self.found[index]

    @property
    def counts(self) -> dict[str, int]:
        """Number of discoveries of each name, most frequent first."""
        return dict(Counter(one.name for one in self.found).most_common())

    def _headline(self) -> str:
        kinds = list(self.counts.items())
        shown = [counted(name, number) for name, number in kinds[:MOST_KINDS]]
        more = sum(number for _, number in kinds[MOST_KINDS:])
        names = ", ".join([*shown, *([f"{more} others"] if more else [])]) or "no shapes"
        place = f"{checks.count(self.n_rows, 'row')} in {checks.count(self.n_dimensions, 'dimension')}"
        return f"{names} among {place}; false discoveries at most {self.false_discovery_rate:.2g}, null: {self.null}"

    def __str__(self) -> str:
        if not self.found:
            return self._headline()
        table = [HEADINGS, *map(_cells, self.found[:MOST_LINES])]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
        return "\n".join([self._headline(), *lines, *self._rest()])

    def _rest(self) -> list[str]:
        return [f"  and {len(self) - MOST_LINES} more"] if len(self) > MOST_LINES else []

    def __repr__(self) -> str:
        return f"<Discoveries: {self._headline()}>"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in HEADINGS)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _cells(one)) + "</tr>"
            for one in self.found[:MOST_LINES]
        )
        rest = "".join(f"<p>{escape(line.strip())}</p>" for line in self._rest())
        return f"<table><caption>{escape(self._headline())}</caption><tr>{head}</tr>{body}</table>{rest}"


def _cells(one: Discovery) -> tuple[str, ...]:
    p, q = (f"{value:.1e}" if value > 0 else "< 1e-300" for value in (one.p_value, one.q_value))
    return one.name, one.center, listed(one.rows), f"{one.residual:.2f}°", p, q
