"""The geometries of several models, as a value that counts them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from geomsup.recognition.geometry import Geometry
from geomsup.tables import Tabular

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Geometries"]

# What stands for a model that diverged.
DIVERGED = "diverged"

# Names of which a headline speaks.
MOST_NAMES = 6

G = TypeVar("G", bound=Geometry | None, covariant=True)


@dataclass(frozen=True, eq=False, repr=False)
class Geometries(Sequence[G], Generic[G], Tabular):
    """Geometries of a batch, in its order; None for a model that diverged.

    Attributes
    ----------
    items
        The geometries.

    Examples
    --------
    >>> import geomsup as gs
    >>> print(gs.classify([[[1, 0], [-1, 0]], [[0, 1], [0, -1]], [[1, 0], [0, 1]]], orientation="rows"))
    2 of 3: digon
    1 of 3: 2 dedicated dimensions
    >>> geometries = gs.Geometries(tuple(gs.classify(gs.polytope(name).points) for name in ("digon", "pentagon")))
    >>> geometries.names, dict(geometries.tally)
    (('digon', 'pentagon'), {'digon': 1, 'pentagon': 1})
    >>> len(geometries.to_rows())
    2
    >>> [tick.get_text() for tick in geometries.plot().get_yticklabels()]
    ['digon', 'pentagon']
    """

    items: tuple[G, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each geometry; "diverged" for None."""
        return tuple(DIVERGED if item is None else item.name for item in self.items)

    @property
    def tally(self) -> dict[str, int]:
        """How many geometries have each name, the most frequent first."""
        return dict(Counter(self.names).most_common())

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per component of each model: the number of the model, then as `Geometry.to_rows`."""
        return [{"model": k} | row for k, item in enumerate(self.items) if item is not None for row in item.to_rows()]

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the tally as bars on matplotlib `ax` (a new one by default) and return the axes."""
        from geomsup.plot.tally import plot_tally

        return plot_tally(self.tally, ax=ax)

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> G: ...
    @overload
    def __getitem__(self, index: slice) -> "Geometries[G]": ...
    def __getitem__(self, index: int | slice) -> "G | Geometries[G]":
        return Geometries(self.items[index]) if isinstance(index, slice) else self.items[index]

    def __iter__(self) -> Iterator[G]:
        return iter(self.items)

    def __str__(self) -> str:
        lines = [f"{count} of {len(self)}: {name}" for name, count in list(self.tally.items())[:MOST_NAMES]]
        others = len(self.tally) - len(lines)
        return "\n".join([*lines, *([f"and {others} other names"] if others > 0 else [])]) or "no models"

    def __repr__(self) -> str:
        return (
            f"Geometries({', '.join(f'{count} × {name!r}' for name, count in list(self.tally.items())[:MOST_NAMES])})"
        )

    def _repr_html_(self) -> str:
        body = "".join(f"<tr><td>{count}</td><td>{escape(name)}</td></tr>" for name, count in self.tally.items())
        return f"<table><caption>{len(self)} models</caption><tr><th>models</th><th>geometry</th></tr>{body}</table>"
