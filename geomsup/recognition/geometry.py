"""The geometry of W: its components and their names, as a value that prints well."""

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.arrays import read_only
from geomsup.isometries import Symmetry, symmetry
from geomsup.recognition.component import Component
from geomsup.recognition.names import geometry_name
from geomsup.recognition.printing import HEADINGS, cells, count, grouped, line, listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Geometry"]


@dataclass(frozen=True, eq=False, repr=False)
class Geometry:
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
        The weights, rows are features, read-only.

    Examples
    --------
    >>> import geomsup as gs
    >>> geometry = gs.classify([[1, 0], [-1, 0], [0, 1], [0, -1], [0, 0]])
    >>> print(geometry)
    square (2 digons): 5 features in 2 dimensions, 1 not represented
      digon: features 0, 1; D 0.5; residual 0.00°; confidence 1.0000
      digon: features 2, 3; D 0.5; residual 0.00°; confidence 1.0000
    """

    components: tuple[Component, ...]
    not_represented: tuple[int, ...]
    dimensionality: np.ndarray
    W: np.ndarray

    def __post_init__(self) -> None:
        for name in ("dimensionality", "W"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    @property
    def name(self) -> str:
        """Name of the whole, e.g. "2 triangles + digon" or "octahedron (3 digons)"."""
        return geometry_name([component.name for component in self.components])

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
            lines.append(f"not represented: {listed(self.not_represented)}")
        return "\n".join([self._headline(), "", *lines])

    def to_dict(self) -> dict[str, Any]:
        """Return the geometry as plain values, ready for JSON."""
        return {
            "name": self.name,
            "n_features": self.n_features,
            "n_hidden": self.n_hidden,
            "components": [component.to_dict() for component in self.components],
            "not_represented": list(self.not_represented),
            "dimensionality": self.dimensionality.tolist(),
            "W": self.W.tolist(),
        }

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

    def _headline(self) -> str:
        features, dimensions = count(self.n_features, "feature"), count(self.n_hidden, "dimension")
        absent = f", {len(self.not_represented)} not represented" if self.not_represented else ""
        return f"{self.name}: {features} in {dimensions}{absent}"

    def __str__(self) -> str:
        return "\n".join([self._headline(), *(f"  {line(group)}" for group in grouped(self.components))])

    def __repr__(self) -> str:
        return f"Geometry({self.name!r}, n_features={self.n_features}, n_hidden={self.n_hidden})"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in HEADINGS)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells(group)) + "</tr>"
            for group in grouped(self.components)
        )
        return f"<table><caption>{escape(self._headline())}</caption><tr>{head}</tr>{body}</table>"
