"""A component of W: a set of features that interfere with each other, and the shape that their rows form."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from geomsup.arrays import read_only
from geomsup.recognition.description import Description
from geomsup.recognition.matching.families import elevations
from geomsup.recognition.outline import Outline
from geomsup.shapes import Polytope
from geomsup.tables import Readable

__all__ = ["Component"]


@dataclass(frozen=True, eq=False, repr=False)
class Component(Readable):
    """A set of features that interfere with each other and with no others.

    Attributes
    ----------
    name
        "pentagon", "digon", ...; "dedicated dimension" for one direction alone. If no shape of the catalogue fits,
        few rows get a type and a symmetry, "capped octahedron, C3v", or else "unnamed (n vertices, rank r)". More
        than 100 rows get words for what they are like: "dense, nearly random (n vertices, rank r)". Where features
        share vertices, "(7 features on 5 vertices)" follows; where vertices have no feature, "with 2 vertices empty".
        "stray feature" is one row across the other components, "6 diagonals of the icosahedron" a set of lines.
    polytope
        The shape, or None.
    features
        Row indices into W, ascending.
    rank
        Dimension of the subspace: the shape's. Without a shape it is the number of singular values of the unit rows
        above the noise, or the rank of the description.
    norms
        Row norms ``(n_c,)``, in the units of W.
    dimensionality
        Fractional dimensionalities D_i ``(n_c,)``.
    residual
        Root-mean-square angle between the rows and the fitted shape, degrees; None if unnamed.
    variant
        Which member of the shape it is. "uniform", "tight frame" and "Thomson" are members with a name. "fitted" is a
        member with the same symmetries and other parameters, such as a prism of another height. "distorted" is
        neither. None without a polytope. Without `noise`, a shape is "distorted" beyond half of the distance at which
        it would lose its name, or if what is left is surely no noise, such as a stretch. A shape with free parameters
        is "fitted" if it differs from its nearest variant, along them, by more than 3 standard errors and 0.25 degrees.
    symmetry_order
        Number of symmetries of the shape; of an unnamed component of up to 100 rows, of the rows within a tolerance.
    isomorphism
        Vertex index in ``polytope.vertices`` of each feature; None without a polytope.
    confidence
        Estimated probability that the name is right; 0 if unnamed. It falls if random directions would come as close
        (`geomsup.recognition.chance`, an upper estimate to leading order over all choices, numbers of features and
        shapes of that size), if another explanation of the rows is nearly as good, and if the noise is large. Only the
        first counts for digons, simplices and polygons of W with more than 500 rows. How regular the shape is,
        `residual` says.
    description
        What an unnamed component is like, in numbers: a `Description` of more than 100 rows, an `Outline` of fewer
        with its symmetry, inner products and hull (unless there are more than 200 such components); else None.
    template
        ``(n_c, r)`` fitted vertex of each feature on the unit sphere, in the shape's own coordinates; None without
        a polytope.
    n_parameters
        Number of parameters of the shape that were fitted.
    noise
        Noise per coordinate of the unit rows, estimated from the residual. None where the fit leaves no degree of
        freedom, as for a digon in one dimension. `noise_ratio` is in units of the shortest chord.
    runner_up, margin
        Name of the next best shape with the same number of vertices, and how much further from the rows it is, at
        least (root-mean-square distance). None where there is no other, and for components read in batches.
    empty
        Vertices of the shape, as indices into ``polytope.vertices``, that no feature is on.

    Examples
    --------
    >>> import geomsup as gs
    >>> component = gs.classify([[1, 0], [-1, 0], [0, 2]]).components[0]
    >>> component.name, component.full_name, component.features, component.rank
    ('digon', 'digon', (0, 1), 1)
    >>> component.to_dict()["features"]
    [0, 1]
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
    description: Description | Outline | None = None
    template: np.ndarray | None = None
    n_parameters: int = 0
    noise: float | None = None
    runner_up: str | None = None
    margin: float | None = None
    empty: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ("norms", "dimensionality", "template"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, read_only(getattr(self, name)))

    @property
    def full_name(self) -> str:
        """Name, with "distorted" before it if the component is."""
        return f"distorted {self.name}" if self.variant == "distorted" else self.name

    @property
    def noise_ratio(self) -> float | None:
        """Noise per coordinate as a fraction of the shape's shortest chord; beyond 0.2 to 0.3 no shape is certain."""
        if self.polytope is None or self.noise is None:
            return None
        return self.noise / self.polytope.shortest_chord

    @property
    def elevations(self) -> tuple[float, ...]:
        """Angles, in degrees, of the fitted vertices above the largest subspace that its symmetries keep.

        One for each orbit of vertices: 30.7 for a uniform square antiprism, 35.3 for the tight frame. Empty for
        shapes whose symmetries keep no subspace, such as a cube, and without a polytope.
        """
        if self.polytope is None or self.template is None:
            return ()
        return elevations(self.polytope, self.template, self.isomorphism or ())

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
            "template": None if self.template is None else self.template.tolist(),
            "n_parameters": self.n_parameters,
            "noise": self.noise,
            "runner_up": self.runner_up,
            "margin": self.margin,
            "empty": list(self.empty),
        }

    def __repr__(self) -> str:
        return f"Component({self.name!r}, features={_shown(self.features)})"


def _shown(features: tuple[int, ...]) -> str:
    return str(features) if len(features) <= 100 else f"<{len(features)} features>"
