"""The geometry of W: its components and their names, as a value that prints well."""

from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.arrays import read_only
from geomsup.isometries import Symmetry, symmetry
from geomsup.recognition.component import Component
from geomsup.recognition.names import geometry_name
from geomsup.recognition.printing import HEADINGS, cells, grouped, line, listed
from geomsup.recognition.reading.copies import copies
from geomsup.tables import Readable, Tabular

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Geometry"]

# Groups of coincident or antipodal features that are listed.
MOST_GROUPS = 10


@dataclass(frozen=True, eq=False, repr=False)
class Geometry(Readable, Tabular):
    """The geometry of W: its components, largest first.

    Attributes
    ----------
    components
        The components, by number of features, then rank, then first feature.
    not_represented
        Indices of the rows that are (nearly) zero.
    dimensionality
        Fractional dimensionalities D_i of all rows, ``(n,)``.
    W
        The weights less the center, rows are features, read-only.
    center
        The point ``(m,)`` that the shapes are about.
    represented
        Rows shorter than this fraction of the longest are not represented.
    hint
        Another way to read the rows that names more shapes, such as ``center="mean"``; None if there is none, or for
        more than 100 rows.

    Examples
    --------
    >>> import geomsup as gs
    >>> geometry = gs.classify([[1, 0], [-1, 0], [0, 1], [0, -1], [0, 0]])
    >>> print(geometry)
    square (2 digons): 5 features in 2 dimensions, 1 not represented
      digon: features 0, 1; D 0.5; residual 0.00°; confidence 1.0000
      digon: features 2, 3; D 0.5; residual 0.00°; confidence 1.0000
    >>> geometry = gs.classify([[1, 0], [-1, 0], [0, 1], [0, 1]])
    >>> geometry.name, geometry.n_features, geometry.n_hidden
    ('digon + dedicated dimension (2 features on 1 vertex)', 4, 2)
    >>> geometry.antipodal, geometry.coincident
    (((0, 1),), ((2, 3),))
    >>> geometry.summary().splitlines()[0]
    'digon + dedicated dimension (2 features on 1 vertex): 4 features in 2 dimensions'
    >>> len(geometry.to_rows()), geometry.to_dict()["n_hidden"]
    (2, 2)
    >>> geometry.plot().name
    'rectilinear'
    """

    components: tuple[Component, ...]
    not_represented: tuple[int, ...]
    dimensionality: np.ndarray
    W: np.ndarray
    center: np.ndarray
    represented: float
    hint: str | None = None

    def __post_init__(self) -> None:
        for name in ("dimensionality", "W", "center"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    @property
    def name(self) -> str:
        """Name of the whole, e.g. "2 triangles + digon" or "octahedron (3 digons)"."""
        return geometry_name([component.name for component in self.components])

    @cached_property
    def coincident(self) -> tuple[tuple[int, ...], ...]:
        """Groups of represented rows that point in one direction, to within a degree, as indices into W."""
        return self._copies(opposite=False)

    @cached_property
    def antipodal(self) -> tuple[tuple[int, ...], ...]:
        """Groups of represented rows on one line that point both ways, to within a degree, as indices into W."""
        return self._copies(opposite=True)

    def _copies(self, *, opposite: bool) -> tuple[tuple[int, ...], ...]:
        rows = np.setdiff1d(np.arange(self.n_features), self.not_represented)
        found = copies(self.W[rows], opposite=opposite)
        return tuple(tuple(rows[list(group)].tolist()) for group in found)

    @property
    def n_features(self) -> int:
        """Number of features n."""
        return self.W.shape[0]

    @property
    def n_hidden(self) -> int:
        """Number of hidden dimensions m."""
        return self.W.shape[1]

    def summary(self) -> str:
        """Return a table of the components for a terminal; of more than 30, one line for all of one name."""
        rows = [HEADINGS, *map(cells, grouped(self.components))]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        lines.insert(1, "  ".join("-" * width for width in widths))
        lines += [str(component.description) for component in self.components if component.description]
        if self.not_represented:
            shorter = f"shorter than {100 * self.represented:.2g} % of the longest row"
            lines.append(f"not represented, {shorter}: {listed(self.not_represented)}")
        lines += self._remarks()
        return "\n".join([self._headline(), "", *lines])

    def to_dict(self) -> dict[str, Any]:
        """Return the geometry as plain values, ready for JSON."""
        sizes = {"n_features": self.n_features, "n_hidden": self.n_hidden}
        return {"name": self.name} | sizes | super().to_dict()

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per component: name, features, rank, mean D, mean norm, residual, variant, symmetry."""
        return [
            {
                "component": part.full_name,
                "features": " ".join(map(str, part.features)),
                "rank": part.rank,
                "dimensionality": float(part.dimensionality.mean()),
                "norm": float(part.norms.mean()),
                "residual": part.residual,
                "variant": part.variant,
                "symmetry_order": part.symmetry_order,
                "confidence": part.confidence,
            }
            for part in self.components
        ]

    def symmetry(self, component: int, *, tolerance: float | None = None) -> Symmetry:
        """Symmetry that the directions of one component have left, within a tolerance.

        `Component.symmetry_order` is the shape's. This is the subgroup that survives noise and distortion.

        Parameters
        ----------
        component
            Index into `components`.
        tolerance
            Largest distance of the image of a unit row from a unit row; by default 1e-6.

        Raises
        ------
        ValueError
            If there is no such component, or `tolerance` is not positive or too large.

        Examples
        --------
        >>> import geomsup as gs
        >>> geometry = gs.classify([[1.0, 0.0], [-0.5, 0.9], [-0.5, -0.9]])
        >>> geometry.components[0].symmetry_order, geometry.symmetry(0).order
        (6, 2)
        """
        index = checks.integer("component", component, minimum=0)
        if index >= len(self.components):
            raise ValueError(
                f"`component` must be less than {len(self.components)}, the number of components; got {index}. "
                "Pass an index into `components`."
            )
        rows = self.W[list(self.components[index].features)]
        return symmetry(rows / np.linalg.norm(rows, axis=1, keepdims=True), tolerance=tolerance)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the geometry on matplotlib `ax` (a new one by default) and return the axes."""
        from geomsup.plot import plot_geometry

        return plot_geometry(self, ax=ax)

    def _remarks(self) -> list[str]:
        """Copies and opposites among rows without a shape, and the hint."""
        shapeless = {i for component in self.components if not component.polytope for i in component.features}
        several = len(shapeless) > 1
        lines = [
            f"{word}: features {listed(group)}"
            for word, groups in (("coincident", self.coincident), ("antipodal", self.antipodal))
            for group in (groups if several else ())[:MOST_GROUPS]
            if shapeless.issuperset(group)
        ]
        return [*lines, f"hint: {self.hint}"] if self.hint else lines

    def _headline(self) -> str:
        features, dimensions = checks.count(self.n_features, "feature"), checks.count(self.n_hidden, "dimension")
        absent = f", {len(self.not_represented)} not represented" if self.not_represented else ""
        name = geometry_name([component.full_name for component in self.components])
        return f"{name}: {features} in {dimensions}{absent}"

    def __str__(self) -> str:
        lines = [*(line(group) for group in grouped(self.components)), *self._remarks()]
        return "\n".join([self._headline(), *(f"  {text}" for text in lines)])

    def __repr__(self) -> str:
        return f"Geometry({self.name!r}, n_features={self.n_features}, n_hidden={self.n_hidden})"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in HEADINGS)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells(group)) + "</tr>"
            for group in grouped(self.components)
        )
        return f"<table><caption>{escape(self._headline())}</caption><tr>{head}</tr>{body}</table>"
