"""What recognition returns: the components of W and their names, as frozen values that print well."""

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from geomsup.recognition.description import Description
from geomsup.recognition.names import geometry_name
from geomsup.recognition.printing import HEADINGS, cells, count, grouped, line, listed
from geomsup.shapes import Polytope

__all__ = ["Component", "Geometry"]


@dataclass(frozen=True, eq=False, repr=False)
class Component:
    """A set of features that interfere with each other and with no others.

    Attributes
    ----------
    name
        "pentagon", "digon", ...; "dedicated dimension" for one direction alone; "unnamed (n vertices,
        rank r)" where nothing fits, and beyond 100 rows what they are like: "dense, nearly random (n vertices,
        rank r)". "(7 features on 5 vertices)" follows where features share vertices.
    polytope
        The shape, or None.
    features
        Row indices into W, ascending.
    rank
        Dimension of the subspace: the shape's, or the number of singular values of the unit rows that stand
        out of the noise; with a description, its rank.
    norms
        Row norms ``(n_c,)``, in the units of W.
    dimensionality
        Fractional dimensionalities D_i ``(n_c,)``.
    residual
        Root-mean-square angle between the rows and the fitted shape, degrees; None if unnamed.
    variant
        "uniform", "tight frame", "Thomson" or "distorted"; None without a polytope. Without `noise` a shape
        is "distorted" beyond half of the distance at which it would lose its name; one with a free parameter
        also when it lies off its nearest variant, along the parameter, by more than 3 standard errors and
        0.25 degrees.
    symmetry_order
        Number of symmetries of the shape; None without a polytope.
    isomorphism
        Vertex index in ``polytope.vertices`` of each feature; None without a polytope.
    confidence
        1 − the probability that random directions would come as close to a named shape; 0 if unnamed. The
        probability is an upper estimate to leading order (`geomsup.recognition.chance`), counted over all
        choices and numbers of features and all shapes of that size. It says that the shape is no accident, not
        how regular it is; that is what `residual` says.
    description
        What an unnamed component of more than 100 rows is like, in numbers; else None.
    """

    name: str
    polytope: Polytope | None
    features: tuple[int, ...]
    rank: int
    norms: np.ndarray
    dimensionality: np.ndarray
    residual: float | None
    variant: str | None
    symmetry_order: int | None
    isomorphism: tuple[int, ...] | None
    confidence: float
    description: Description | None = None

    def __post_init__(self) -> None:
        for name in ("norms", "dimensionality"):
            object.__setattr__(self, name, _read_only(getattr(self, name)))

    def to_dict(self) -> dict[str, Any]:
        """Return the component as plain values, ready for JSON; the polytope by name."""
        return {
            "name": self.name,
            "polytope": self.polytope.name if self.polytope else None,
            "features": list(self.features),
            "rank": self.rank,
            "norms": self.norms.tolist(),
            "dimensionality": self.dimensionality.tolist(),
            "residual": self.residual,
            "variant": self.variant,
            "symmetry_order": self.symmetry_order,
            "isomorphism": None if self.isomorphism is None else list(self.isomorphism),
            "confidence": self.confidence,
            "description": self.description.to_dict() if self.description else None,
        }

    def __repr__(self) -> str:
        return f"Component({self.name!r}, features={_shown(self.features)})"


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
            object.__setattr__(self, name, _read_only(getattr(self, name)))

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

    def plot(self, ax: Any = None) -> Any:
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


def _shown(features: tuple[int, ...]) -> str:
    return str(features) if len(features) <= 100 else f"<{len(features)} features>"


def _read_only(array: Any) -> np.ndarray:
    copy = np.array(array, dtype=np.float64)
    copy.flags.writeable = False
    return copy
