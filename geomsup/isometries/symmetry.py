"""The symmetry of a configuration: order, orbits and, in three dimensions, the point group by name."""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.arrays import named_rows
from geomsup.isometries.point_groups import elements, orders, schoenflies
from geomsup.isometries.search import Isometries, TooWide, find_isometries, orbits
from geomsup.tables import Tabular

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Symmetry", "symmetry"]

# Default tolerance, as a fraction of the largest norm: above the rounding errors of minimised points.
EXACT = 1e-6

# Wider tolerances, as fractions of the largest norm: coordinates written with 5, 4 and 3 decimals, and the
# rows of trained models. They are tried to give a hint, on no more points than these.
WIDER = (1e-5, 1e-4, 1e-3, 1e-2, 5e-2)
MOST_HINTED = 1000

# Orbits that are shown one by one.
MOST_SHOWN = 12

# Points nearer than this fraction of the largest norm count as one point, or they could be mistaken for each other.
DISTINCT = 1e-9

# Groups up to this order are listed, to check that they are closed. In 3 dimensions these are all groups except the
# dihedral ones of thousands of points.
LARGEST_CHECKED = 5000

# A tolerance at which maps form no group is multiplied by this factor.
SHRINK = 0.7
# Tolerances that are tried.
MOST_SHRINKS = 12


@dataclass(frozen=True, eq=False, repr=False)
class Symmetry(Tabular):
    """The isometries of points around the origin, within a tolerance.

    Attributes
    ----------
    order
        Number of isometries of the space the points span, reflections included: a square has 8.
    orbits
        Sets of points that isometries bring to each other, by first point; rows that coincide are together.
    generators
        ``(g, n)`` permutations that generate the group: point i goes to point ``generators[k, i]``.
    schoenflies
        Name of the point group, "D3h", "Oh", ..., if the points lie in three dimensions; else None, and for more
        than 5000 isometries. Points on a line have "D∞h" or "C∞v", and the mirrors of a plane that holds all points
        count: a triangle has "D3h".
    rank
        Dimension of the space the points span.
    tolerance
        Largest distance of an image from a point, in the units of the points: the one asked for, or less where
        the maps found formed no group.
    hint
        At the default tolerance, for more than one orbit: a wider one at which there are more isometries, as for
        coordinates of few decimals, "tolerance=1e-05 gives Ih, order 120"; else None.

    Examples
    --------
    >>> symmetry([[0, 0, 1], [0, 0, -1], [1, 0, 0], [-0.5, 0.75**0.5, 0], [-0.5, -(0.75**0.5), 0]])
    Symmetry(D3h, order 12: orbits of 2, 3 points)
    >>> import geomsup as gs
    >>> found = gs.symmetry(gs.polytope("square").points)
    >>> print(found.summary())
    order 8; rank 2; 1 orbit
      4 points: 0 1 2 3
    >>> len(found.to_rows())
    1
    >>> gs.Symmetry.from_dict(found.to_dict()).order
    8
    >>> found.plot().get_title()
    'order 8'
    """

    order: int
    orbits: tuple[tuple[int, ...], ...]
    generators: np.ndarray
    schoenflies: str | None
    rank: int
    tolerance: float
    hint: str | None = None

    @property
    def vertex_transitive(self) -> bool:
        """Whether isometries bring every point to every other."""
        return len(self.orbits) == 1

    def to_dict(self) -> dict[str, Any]:
        """Return the symmetry as plain values, ready for JSON."""
        return {
            "order": self.order,
            "orbits": [list(orbit) for orbit in self.orbits],
            "generators": self.generators.tolist(),
            "schoenflies": self.schoenflies,
            "rank": self.rank,
            "tolerance": self.tolerance,
            "hint": self.hint,
        }

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the orbits, and where the generators bring the points; see `geomsup.plot.plot_orbits`."""
        from geomsup.plot import plot_orbits

        return plot_orbits(self, ax=ax)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per orbit: number of points, and which."""
        return [
            {"orbit": k, "size": len(orbit), "points": " ".join(map(str, orbit))} for k, orbit in enumerate(self.orbits)
        ]

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Symmetry":
        """Build a symmetry from what `to_dict` returned."""
        checks.holds("data", data, ("order", "orbits", "generators", "schoenflies", "rank", "tolerance", "hint"))
        orbits = tuple(tuple(orbit) for orbit in data["orbits"])
        generators = np.array(data["generators"], np.int64).reshape(-1, sum(map(len, orbits)))
        return cls(
            data["order"], orbits, generators, data["schoenflies"], data["rank"], data["tolerance"], data["hint"]
        )

    def summary(self) -> str:
        """Return order, point group and orbits, a line for each orbit."""
        name, count = f"{self.schoenflies}, " if self.schoenflies else "", len(self.orbits)
        lines = [f"{name}order {self.order}; rank {self.rank}; {checks.count(count, 'orbit')}"]
        for orbit in self.orbits[:MOST_SHOWN]:
            more = " ..." if len(orbit) > MOST_SHOWN else ""
            lines.append(f"  {checks.count(len(orbit), 'point')}: {' '.join(map(str, orbit[:MOST_SHOWN]))}{more}")
        lines += [f"  ... and {count - MOST_SHOWN} more"] if count > MOST_SHOWN else []
        return "\n".join([*lines, f"hint: {self.hint}"] if self.hint else lines)

    def __repr__(self) -> str:
        sizes = [len(orbit) for orbit in self.orbits]
        name = f"{self.schoenflies}, " if self.schoenflies else ""
        if len(sizes) > MOST_SHOWN:
            low, high = min(sizes), max(sizes)
            found = f"{len(sizes)} orbits of {f'{low} to ' * (low < high)}{checks.count(high, 'point')}"
        else:
            several = f"orbits of {', '.join(map(str, sizes))} points"
            found = several if len(sizes) > 1 else f"orbit of {checks.count(sizes[0], 'point')}"
        hint = f"; {self.hint}" if self.hint else ""
        return f"Symmetry({name}order {self.order}: {found}{hint})"


@checks.hinted
def symmetry(points: Any, *, tolerance: float | None = None) -> Symmetry:
    """Find the isometries around the origin that bring points to points.

    An orthogonal map counts if it brings every point to within `tolerance` of a point, and no two to the same one.
    Points within the tolerance of each other count as one. With a tolerance as wide as the noise, the result is the
    symmetry that the noise has left. Near half of the shortest distance the result means nothing.

    Parameters
    ----------
    points
        ``(n, d)``, rows are points: anything `geomsup.as_rows` takes.
    tolerance
        Largest distance of an image from a point, in the units of `points`; by default 1e-6 of the largest norm.

    Raises
    ------
    TypeError
        If `points` does not hold real numbers.
    ValueError
        If `points` is not finite, has other than 2 axes, or is all 0; or `tolerance` is not positive, or half of
        the largest norm and more.

    References
    ----------
    :cite:t:`sims1970` (base and strong generating set); :cite:t:`schoenflies1891` (names of point groups).

    Examples
    --------
    >>> import geomsup as gs
    >>> symmetry(gs.polytope("snub cube").vertices)
    Symmetry(O, order 24: orbit of 24 points)
    >>> symmetry(gs.polytope("4_21").vertices).order
    696729600
    """
    rows = named_rows("points", points, "rows")
    if rows.ndim != 2:
        raise ValueError(f"`points` must have the shape (n, d); got shape {rows.shape}. Pass one set of points.")
    size = float(np.abs(rows).max())
    if size == 0:
        raise ValueError("`points` must not all be 0. Pass at least one other row.")
    exponent = math.frexp(size)[1]  # points near 1 are looked at: squares of others may be no doubles
    flat = np.ldexp(rows, -exponent)
    widest = float(np.linalg.norm(flat, axis=1).max())
    largest = float(np.ldexp(widest, exponent))
    by_default = tolerance is None
    tolerance = EXACT * largest if tolerance is None else checks.positive_number("tolerance", tolerance)
    if tolerance >= largest / 2:
        raise ValueError(
            f"`tolerance` must be less than half of the largest norm, {largest / 2:g}; got {tolerance:g}. "
            "Pass about three times the noise of a point."
        )
    found = _symmetry(flat, float(np.ldexp(tolerance, -exponent)))
    hint = _hint(flat, widest, largest, found) if by_default and len(found.orbits) > 1 else None
    return replace(found, tolerance=float(np.ldexp(found.tolerance, exponent)), hint=hint)


def _hint(flat: np.ndarray, widest: float, largest: float, found: Symmetry) -> str | None:
    """Say at which wider tolerance there are most isometries of as many different points, if there are more."""
    if len(flat) > MOST_HINTED:
        return None
    best, hint = found.order, None
    for fraction in WIDER:
        wider = _symmetry(flat, fraction * widest)
        if wider.order > best and len(np.unique(_merged(flat, fraction * widest)[0])) == len(flat):
            group = f"{wider.schoenflies}, " if wider.schoenflies else ""
            best, hint = wider.order, f"tolerance={fraction * largest:.2g} gives {group}order {wider.order}"
    return hint


def _symmetry(rows: np.ndarray, tolerance: float) -> Symmetry:
    labels, distinct = _merged(rows, tolerance)
    axes = _span(distinct, tolerance)
    flat = distinct @ axes.T
    group, tolerance, every = _group(flat, tolerance)
    name = _point_group(flat, axes, every) if rows.shape[1] == 3 else None
    members = [np.flatnonzero(labels == label) for label in range(len(distinct))]
    found = sorted(
        tuple(sorted(int(i) for label in orbit for i in members[label]))
        for orbit in orbits(len(flat), group.generators)
    )
    generators = np.array([_on_rows(g, labels, members) for g in group.generators], dtype=np.int64)
    return Symmetry(group.order, tuple(found), generators.reshape(-1, len(rows)), name, len(axes), tolerance)


def _merged(rows: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Label of every row, and the mean of the rows of each label: rows within the tolerance are one point."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(rows) == 1:
        return np.zeros(1, np.int64), rows
    clusters = fcluster(linkage(rows, "single"), tolerance, "distance")
    _, first, labels = np.unique(clusters, return_index=True, return_inverse=True)
    labels = np.argsort(np.argsort(first))[labels]
    sums = np.zeros((labels.max() + 1, rows.shape[1]))
    np.add.at(sums, labels, rows)
    return labels, sums / np.bincount(labels)[:, None]


def _on_rows(permutation: np.ndarray, labels: np.ndarray, members: list[np.ndarray]) -> np.ndarray:
    """Permutation of the rows from one of the points, each of which may be several rows."""
    images = np.empty(len(labels), np.int64)
    for label, own in enumerate(members):
        target = members[permutation[label]]
        images[own] = target[np.arange(len(own)) % len(target)]
    return images


def _span(points: np.ndarray, tolerance: float) -> np.ndarray:
    """Orthonormal rows that span the points to within the tolerance of each."""
    _, singular, axes = np.linalg.svd(points, full_matrices=False)
    return axes[singular > max(tolerance, DISTINCT * singular[0]) * len(points) ** 0.5]


def _group(flat: np.ndarray, tolerance: float) -> tuple[Isometries, float, list[np.ndarray]]:
    """Isometries that form a group, the tolerance at which they do, and the elements of a small group.

    Maps within a tolerance may have products that are not. Then it is narrowed until they have, as it is where the
    search would not end.
    """
    for narrower in tolerance * SHRINK ** np.arange(MOST_SHRINKS):
        try:
            group = find_isometries(flat, narrower)
        except TooWide:
            continue
        if group.order > LARGEST_CHECKED:
            return group, narrower, []
        every = elements(group.generators, group.order + 1)
        if len(every) == group.order:
            return group, narrower, every
    identity = np.arange(len(flat))
    return Isometries(1, np.empty((0, len(flat)), np.int64)), narrower, [identity]


def _point_group(flat: np.ndarray, axes: np.ndarray, every: list[np.ndarray]) -> str | None:
    """Schoenflies symbol of points in three dimensions that may span fewer."""
    if len(axes) == 1:
        return "D∞h" if len(every) == 2 else "C∞v"
    if not every:
        return None
    maps = np.array([flat.T @ flat[element] for element in every])
    left, _, right = np.linalg.svd(maps)
    maps, order = left @ right, orders(every)
    if len(axes) == 2:  # with the mirror in the plane, and what it makes of each
        flat_maps, maps = maps, np.zeros((2 * len(maps), 3, 3))
        maps[:, :2, :2] = np.concatenate([flat_maps, flat_maps])
        maps[:, 2, 2] = np.repeat([1.0, -1.0], len(flat_maps))
        order = np.concatenate([order, np.lcm(order, 2)])
    return schoenflies(maps, order)
