"""A named shape: the directions and the norms of its vertices, and what is known about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.arrays import read_only
from geomsup.dimensions import dimensionality
from geomsup.tables import Readable, Tabular, html_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from networkx import Graph

__all__ = ["Polytope"]

# Inner products of one shape that differ by less are one number with different rounding errors.
SAME_PRODUCT = 1e-9

# Rows of the Gram matrix held at once while looking for edges.
GRAM_ROWS = 1024

# Facets of the hull, and so faces, are found up to here (geomsup/shapes/hull.py).
MOST_DIMENSIONS = 6


@dataclass(frozen=True, eq=False, repr=False)
class Polytope(Readable, Tabular):
    """A polytope with its centre at 0; its vertices are on the unit sphere, or have `norms` beside their directions.

    `vertices`, `f_vector`, `variants`, `circumradius` and `norms` may be functions without arguments, which are called
    when the value is first needed. So a list of shapes takes no time, however many vertices they have.

    Parameters
    ----------
    name
        English name, e.g. "icosahedron".
    vertices
        ``(n, d)``, rows of unit norm; kept as a read-only copy. They are the vertices if a sphere about the centroid
        holds them all, and else the directions of the vertices from the centroid.
    symbol
        Schläfli symbol, e.g. "{3,5}".
    f_vector
        Numbers of vertices, edges, ..., facets: d numbers.
    symmetry_order
        Number of isometries, reflections included.
    aliases
        Acronyms and other names.
    variants
        Name of a variant -> its vertices ``(n, d)``, in the same order as `vertices`, for a shape with a free
        parameter. A rigid shape has the one variant "uniform", which is `vertices`.
    circumradius
        Radius of the sphere if the shortest distance of two vertices is 1. (In a uniform shape it is the edge.) If no
        sphere holds the vertices, the root mean square of their distances from the centroid. By default computed.
    vertex_transitive
        Whether symmetries bring every vertex to every other. By default computed from `vertices`.
    kind
        "uniform"; "product" for prisms and duoprisms, which are uniform too; "Johnson" for solids with regular faces
        that are not uniform, but inscribed; "family" for a combinatorial type with free parameters. Then `vertices` is
        one member, the first variant has its name, and there is no variant "uniform". "solid" for rigid shapes whose
        vertices have several norms: the other Johnson solids, the Catalan solids, duals. `candidates` leaves them out.
    norms
        ``(n,)``, distances of the vertices from the centroid, as fractions of their root mean square; kept read-only.
        All 1 by default. So `points` and `vertices` have the same sum of squares.

    Examples
    --------
    >>> digon = Polytope("digon", [[1.0], [-1.0]], "{}", (2,), 2)
    >>> digon.edges, digon.dimensionality
    (((0, 1),), 0.5)
    >>> cross = [[1, 0], [0, 1], [-1, 0], [0, -1]]
    >>> rhombus = Polytope("rhombus", cross, "", (4, 4), 4, kind="solid", norms=[1.4, 0.2, 1.4, 0.2])
    >>> rhombus.points[1], rhombus.edges
    (array([0. , 0.2]), ((0, 1), (0, 3), (1, 2), (2, 3)))
    >>> import geomsup as gs
    >>> square = gs.polytope("square")
    >>> square.n_vertices, square.dimension, len(square.edges), square.dimensionality
    (4, 2, 4, 0.5)
    >>> len(square.to_rows()), square.to_dict()["name"]
    (4, 'square')
    >>> square.plot().get_title()
    'square'
    """

    name: str
    vertices: np.ndarray
    symbol: str
    f_vector: tuple[int, ...]
    symmetry_order: int
    aliases: tuple[str, ...] = ()
    variants: Mapping[str, np.ndarray] = None  # pyright: ignore[reportAssignmentType]
    circumradius: float = None  # pyright: ignore[reportAssignmentType]
    vertex_transitive: bool = None  # pyright: ignore[reportAssignmentType]
    kind: str = "uniform"
    norms: np.ndarray = None  # pyright: ignore[reportAssignmentType]

    if TYPE_CHECKING:  # more is taken than is kept

        def __init__(
            self,
            name: str,
            vertices: Any,
            symbol: str,
            f_vector: Any,
            symmetry_order: int,
            aliases: tuple[str, ...] = (),
            variants: Any = None,
            circumradius: Any = None,
            vertex_transitive: bool | None = None,
            kind: str = "uniform",
            norms: Any = None,
        ) -> None: ...

    @property
    def n_vertices(self) -> int:
        """Number of vertices n."""
        return self.f_vector[0]

    @property
    def dimension(self) -> int:
        """Dimension d of the space the shape spans."""
        return len(self.f_vector)

    @cached_property
    def points(self) -> np.ndarray:
        """The vertices with their norms, ``(n, d)``, read-only: `vertices` itself if the norms are 1."""
        if self._inscribed:
            return self.vertices
        return read_only(self.norms[:, None] * self.vertices)

    @cached_property
    def gram(self) -> np.ndarray:
        """Inner products of the directions `vertices`, ``(n, n)``, read-only."""
        return read_only(self.vertices @ self.vertices.T)

    @property
    def shortest_chord(self) -> float:
        """Distance between the nearest two of `points`: the edge length, at circumradius 1."""
        return 1 / self.circumradius

    @cached_property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """Edges as pairs of vertices: of a uniform or Johnson shape, the pairs at the shortest distance."""
        if self.kind in ("family", "solid"):
            from geomsup.shapes.hull import hull_edges

            return hull_edges(self.points)
        least = self.products[-1] - 2 * SAME_PRODUCT
        pairs: list[tuple[int, int]] = []
        for first in range(0, self.n_vertices, GRAM_ROWS):
            near = np.argwhere(self.vertices[first : first + GRAM_ROWS] @ self.vertices.T > least)
            near[:, 0] += first
            pairs += map(tuple, near[near[:, 0] < near[:, 1]].tolist())
        return tuple(pairs)

    @cached_property
    def faces(self) -> tuple[tuple[int, ...], ...]:
        """Faces of two dimensions, each as its vertices in order around it; none of a segment.

        They are found up to 6 dimensions: more is a ValueError.
        """
        if self.dimension < 3:
            sets = [frozenset(range(self.n_vertices))] * (self.dimension == 2)
        else:
            from geomsup.shapes.faces import faces_of_dimension
            from geomsup.shapes.hull import hull_facets

            self._few_dimensions("faces")
            sets = faces_of_dimension(hull_facets(self.points), self.dimension, 2)
        return tuple(sorted(_around(self.points, sorted(face)) for face in sets))

    @cached_property
    def dual(self) -> "Polytope":
        """The dual, whose vertices are the facets of this shape; up to 6 dimensions: more is a ValueError."""
        from geomsup.shapes.duals import dual

        return dual(self)

    def to_networkx(self) -> "Graph":
        """Return vertices and edges as a networkx graph, with the coordinates of vertex i in ``graph.nodes[i]["pos"]``.

        Examples
        --------
        >>> import geomsup as gs
        >>> gs.polytope("cube").to_networkx().number_of_edges()
        12
        """
        from networkx import Graph

        graph = Graph(name=self.name)
        graph.add_nodes_from((i, {"pos": tuple(point)}) for i, point in enumerate(self.points.tolist()))
        graph.add_edges_from(self.edges)
        return graph

    def to_off(self) -> str:
        """Return vertices and faces as text in the Object File Format, which viewers of solids read.

        Up to three dimensions the first line is OFF; plane shapes get z = 0. Beyond, it is nOFF with the dimension
        below it, as Geomview reads it. Up to 6 dimensions: more is a ValueError.

        Examples
        --------
        >>> import geomsup as gs
        >>> gs.polytope("tetrahedron").to_off().splitlines()[:2]
        ['OFF', '4 4 6']
        """
        points = np.pad(self.points, ((0, 0), (0, max(3 - self.dimension, 0))))
        head = ["OFF"] if self.dimension <= 3 else ["nOFF", str(self.dimension)]
        counts = f"{self.n_vertices} {len(self.faces)} {len(self.edges)}"
        vertices = [" ".join(map(repr, point)) for point in points.tolist()]
        faces = [" ".join(map(str, (len(face), *face))) for face in self.faces]
        return "\n".join([*head, counts, *vertices, *faces]) + "\n"

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the shape on matplotlib `ax` (a new one by default) and return the axes; see `geomsup.plot`."""
        from geomsup.plot.shapes.polytope import plot_polytope

        return plot_polytope(self, ax=ax)

    def _few_dimensions(self, what: str) -> None:
        if self.dimension > MOST_DIMENSIONS:
            raise ValueError(
                f"`{what}` must be asked of a shape of at most {MOST_DIMENSIONS} dimensions; got {self.dimension}. "
                "Use its edges, which are found in any dimension."
            )

    @cached_property
    def dimensionality(self) -> float | np.ndarray:
        """Fractional dimensionality D_i of the rows `points`: a float if all share it, else ``(n,)``."""
        if self._equal_vertices:
            return float(1 / ((self.vertices @ self.vertices[0]) ** 2).sum())
        shares = dimensionality(self.points)
        return float(shares.mean()) if np.ptp(shares) < SAME_PRODUCT else read_only(shares)

    @cached_property
    def products(self) -> np.ndarray:
        """Different inner products of two of the directions `vertices`, ascending, read-only."""
        if self._equal_vertices:
            every = np.sort(self.vertices[1:] @ self.vertices[0])
        else:
            every = np.sort(self.gram[np.triu_indices(self.n_vertices, 1)])
        return read_only(every[np.append(np.diff(every) > SAME_PRODUCT, True)])

    @cached_property
    def orbits(self) -> tuple[tuple[int, ...], ...]:
        """Indices of the vertices that symmetries bring to each other, by first vertex: one orbit if uniform."""
        if self._equal_vertices:
            return (tuple(range(self.n_vertices)),)
        from geomsup.isometries import symmetry

        return symmetry(self.points).orbits

    @property
    def _equal_vertices(self) -> bool:
        """Whether it is known that one vertex represents all."""
        return vars(self)["_vertex_transitive"] is True

    @property
    def _inscribed(self) -> bool:
        """Whether no norms were given, so that all are 1."""
        return vars(self)["_norms"] is None

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per vertex: its coordinates x0, x1, ..."""
        return [{"vertex": i} | {f"x{k}": float(x) for k, x in enumerate(point)} for i, point in enumerate(self.points)]

    def to_dict(self) -> dict[str, Any]:
        """Return the shape as plain values, ready for JSON."""
        D = self.dimensionality
        return {
            "name": self.name,
            "symbol": self.symbol,
            "aliases": list(self.aliases),
            "kind": self.kind,
            "dimension": self.dimension,
            "f_vector": list(self.f_vector),
            "symmetry_order": self.symmetry_order,
            "vertex_transitive": self.vertex_transitive,
            "dimensionality": D.tolist() if isinstance(D, np.ndarray) else D,
            "circumradius": self.circumradius,
            "variants": list(self.variants),
            "edges": [list(edge) for edge in self.edges],
            "vertices": self.points.tolist(),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Polytope":
        """Return the shape of the catalogue that has the name which `to_dict` wrote."""
        checks.holds("data", data, ("name",))
        return cls._from_plain(data["name"])

    @classmethod
    def _from_plain(cls, value: Any) -> "Polytope":
        """Return the shape of a name: other results write shapes so."""
        from geomsup.shapes.catalogue import polytope

        return polytope(value)

    def __str__(self) -> str:
        title = f"{self.name} {self.symbol}".rstrip()
        return "\n".join([title, *(f"  {head:15} {text}" for head, text in self._facts())])

    def _facts(self) -> list[tuple[str, str]]:
        """Return the lines of the printed summary, as pairs of a heading and a text."""
        D = np.unique(np.round(self.dimensionality, 9))
        return [
            ("also called", ", ".join(self.aliases) or "-"),
            ("dimension", str(self.dimension)),
            ("faces", f"{', '.join(map(str, self.f_vector))} (vertices, edges, ...)"),
            ("symmetries", f"{self.symmetry_order}; orbits of vertices: {len(self.orbits)}"),
            ("D_i", ", ".join(f"{value:.6g}" for value in D)),
            ("shortest chord", f"{self.shortest_chord:.6g} at circumradius 1"),
            ("variants", ", ".join(self.variants)),
        ]

    def _repr_html_(self) -> str:
        return html_table(repr(self), [{"of the shape": head, "value": text} for head, text in self._facts()])

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Polytope) and self.name == other.name and np.array_equal(self.points, other.points)
        )

    def __hash__(self) -> int:
        return hash(self.name)

    def __reduce__(self) -> tuple[Any, ...]:
        # Functions and mapping proxies cannot be pickled. Building it anew also makes the arrays read-only again.
        values = (self.name, self.vertices, self.symbol, self.f_vector, self.symmetry_order, self.aliases)
        norms = None if self._inscribed else self.norms
        return Polytope, (*values, dict(self.variants), self.circumradius, self.vertex_transitive, self.kind, norms)

    def __repr__(self) -> str:
        space = checks.count(self.dimension, "dimension")
        title = f"{self.name} {self.symbol}".rstrip()
        return f"Polytope({title}: {self.n_vertices} vertices in {space})"


def _around(points: np.ndarray, face: list[int]) -> tuple[int, ...]:
    """Return the vertices of a plane face in order around it, from the least, with the lesser neighbour next."""
    at = points[face] - points[face].mean(axis=0)
    plane = np.linalg.svd(at, full_matrices=False)[2][:2]
    order = np.argsort(np.arctan2(*(at @ plane.T).T))
    ring = [face[k] for k in np.roll(order, -int(np.argmin(order)))]  # `face` ascends: place 0 is the least vertex
    return tuple(ring) if ring[1] < ring[-1] else (ring[0], *ring[:0:-1])


class _Lazy:
    """A field that is kept as it was given until it is needed; `finish` then makes its value."""

    def __init__(self, name: str, keep: Callable[[Any], Any], finish: Callable[[Polytope, Any], Any]) -> None:
        self.name, self.keep, self.finish = name, keep, finish

    def __get__(self, shape: Polytope | None, owner: type) -> Any:
        if shape is None:
            return self
        fields = vars(shape)
        if self.name not in fields:
            given = fields["_" + self.name]
            fields[self.name] = self.finish(shape, self.keep(given()) if callable(given) else given)
        return fields[self.name]

    def __set__(self, shape: Polytope, given: Any) -> None:  # by the frozen dataclass's __init__ only
        vars(shape)["_" + self.name] = given if given is None or callable(given) else self.keep(given)


def _read_only_values(variants: Mapping[str, Any]) -> dict[str, np.ndarray]:
    return {name: read_only(vertices) for name, vertices in variants.items()}


def _as_given(shape: Polytope, given: Any) -> Any:
    return given


def _all_variants(shape: Polytope, given: dict[str, np.ndarray] | None) -> Mapping[str, np.ndarray]:
    own = {} if shape.kind == "family" else {"uniform": shape.vertices}
    return MappingProxyType(own | (given or {}))


def _circumradius(shape: Polytope, given: float | None) -> float:
    if given is not None:
        return given
    if shape._inscribed:
        return float(1 / np.sqrt(2 - 2 * shape.products[-1]))
    from scipy.spatial.distance import pdist

    return float(1 / pdist(shape.points).min())


def _norms(shape: Polytope, given: np.ndarray | None) -> np.ndarray:
    return read_only(np.ones(shape.n_vertices)) if given is None else given


def _vertex_transitive(shape: Polytope, given: bool | None) -> bool:
    return len(shape.orbits) == 1 if given is None else given


# Set after the dataclass is made, which would take them for defaults.
for _field in (
    _Lazy("vertices", read_only, _as_given),
    _Lazy("f_vector", tuple, _as_given),
    _Lazy("variants", _read_only_values, _all_variants),
    _Lazy("circumradius", float, _circumradius),
    _Lazy("vertex_transitive", bool, _vertex_transitive),
    _Lazy("norms", read_only, _norms),
):
    setattr(Polytope, _field.name, _field)
