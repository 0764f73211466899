"""Proposals which row is which vertex: sorted angles, graph isomorphism, base chains."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np

from geomsup.recognition.matching.alignment import assigned
from geomsup.recognition.matching.chains import chains
from geomsup.recognition.matching.coincidence import LabelledRows
from geomsup.recognition.matching.templates import Template
from geomsup.shapes import Polytope
from geomsup.shapes.skeletons import skeleton_graph

__all__ = ["by_angle", "by_base_chain", "by_graph", "proposals"]

# Partial maps after which the depth-first search of base chains ends.
MOST_NODES = 5000
# Maps that are compared by all rows; fewer if there are many rows.
MOST_SEEN = 100
# Maps that are proposed.
MOST_LEAVES = 3
# Maps that are proposed where vertices are of several kinds, as parameters move some kinds further than noise does.
MORE_LEAVES = 5

# Cosines of all maps that are compared.
MOST_COSINES = 2**22
# Cosines held at a time: 2 MB.
COSINES = 2**18

# A row and a vertex that see the same inner products differ, root mean square, by less than this fraction of the
# tolerance of one product.
ALIKE = 0.7

# Base chains come first, with inner products within this fraction of the acceptance bound (noise of 3 % of the shortest
# chord stays inside).
SNUG = 0.7
# Graphs come next, of no more vertices than this.
LARGEST_GRAPH = 200

# Maps proposed for stretched members, one of which is as near as noise.
FEWER_LEAVES = 8


def proposals(rows: LabelledRows, template: Template) -> Iterator[np.ndarray]:
    """Maps from the vertices of rows to template vertices that are worth refining."""
    X = rows.vertices
    k = len(X)
    if k == template.dimension + 1:  # a simplex: every bijection is an isomorphism
        yield np.arange(k)
    elif template.dimension == 2:
        yield by_angle(X)
    else:
        # This takes milliseconds; a search for graph isomorphism may hardly end (truncated 8-simplex, 72 vertices).
        snug = by_base_chain(rows, template, SNUG * template.reach)
        if not template.name:
            yield from islice(snug, FEWER_LEAVES)
            return
        yield from snug
        found = by_graph(X, template.shape) if template.first and k <= LARGEST_GRAPH else None
        if found is None:
            yield from by_base_chain(rows, template, 2 * template.reach)
        else:
            yield found


def by_angle(X: np.ndarray) -> np.ndarray:
    """Map the rows to the vertices of a polygon in the order of their angles in the principal plane.

    Examples
    --------
    >>> order = by_angle(np.array([[1.0, 0.0], [-1.0, 0.1], [0.0, 1.0], [0.0, -1.0]]))
    >>> bool((order[2] - order[3]) % 4 == 2)  # rows 2 and 3 are opposite
    True
    """
    plane = np.linalg.svd(X, full_matrices=False)[2][:2]
    x, y = plane @ X.T
    return np.argsort(np.argsort(np.arctan2(y, x)))


def by_graph(X: np.ndarray, shape: Polytope) -> np.ndarray | None:
    """Isomorphism of the data's skeleton and the template's, or None.

    An edge is a pair whose inner product is nearer to the template's largest one than to the others: colours
    go by the nearest template value, never by rounding, which splits a value that happens to lie on a half.
    No two different uniform polytopes of one size that were compared have isomorphic skeletons
    (docs/theory_notes.md, "Skeletons"). Skeletons are much quicker than complete graphs with coloured edges. What
    they miss, the residual shows.
    """
    adjacent = shape.products[-2:].mean() < (X @ X.T)
    np.fill_diagonal(adjacent, False)
    degrees = np.bincount(np.array(shape.edges).ravel(), minlength=shape.n_vertices)
    if (np.sort(adjacent.sum(axis=1)) != np.sort(degrees)).any():
        return None
    from networkx import vf2pp_isomorphism

    mapping = vf2pp_isomorphism(skeleton_graph(len(X), np.argwhere(np.triu(adjacent)).tolist()), _skeleton(shape))
    return None if mapping is None else np.array([mapping[i] for i in range(len(X))])


def by_base_chain(rows: LabelledRows, template: Template, tolerance: float) -> Iterator[np.ndarray]:
    """Maps that extend an approximate isometry of a few vertices of rows; for noise that changes a colour.

    d independent vertices (the base) are sent depth-first to template vertices whose inner products agree within
    `tolerance`; the d pairs fix an orthogonal map, and the other rows go to the vertices nearest to them. Maps that
    bring all rows nearest to vertices come first. Two bases are tried, of near neighbours and of rows far apart. Maps
    that a symmetry turns into each other are one: the first row goes to one vertex of each orbit; and where there are
    several, rows see what their vertices see. There may be fewer rows than vertices.

    References
    ----------
    :cite:t:`sims1970` (base and strong generating set); docs/theory_notes.md, "Base chains".
    """
    d = template.dimension
    flat = rows.flat(d).rows
    orbits = template.shape.orbits
    most_leaves = MOST_LEAVES if len(orbits) == 1 else MORE_LEAVES
    for base in rows.flat(d).bases:
        products = flat[base] @ flat[base].T
        allowed = np.ones((d, len(template.vertices)), dtype=bool)
        if len(orbits) > 1 and len(flat) == len(template.vertices):
            seen = np.sort(flat[base] @ flat.T, axis=1)
            allowed = ((seen[:, None] - template.profiles) ** 2).mean(axis=2) <= (ALIKE * tolerance) ** 2
        allowed[0] &= template.representatives
        most_seen = min(max(MOST_COSINES // len(flat) ** 2, MORE_LEAVES), MOST_SEEN)
        images = chains(products, template.gram, tolerance, allowed, MOST_NODES, most_seen)
        if not len(images):
            continue
        left, _, right = np.linalg.svd(np.swapaxes(template.vertices[images], 1, 2) @ flat[base])
        frames = left @ right
        for leaf in np.argsort(-_nearness(flat, template.vertices, frames), kind="stable")[:most_leaves]:
            yield assigned(flat @ (template.vertices @ frames[leaf]).T)


def _nearness(X: np.ndarray, vertices: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Sum of the cosines of rows with the nearest vertex in each frame: near symmetries are far only for some rows."""
    step = max(COSINES // len(X) ** 2, 1)
    stacks = (frames[i : i + step] for i in range(0, len(frames), step))
    sums = [(X @ np.swapaxes(vertices @ stack, 1, 2)).max(axis=2).sum(axis=1) for stack in stacks]
    return np.concatenate(sums) if sums else np.empty(0)


@lru_cache(maxsize=64, typed=True)
def _skeleton(shape: Polytope) -> Any:
    return skeleton_graph(shape.n_vertices, shape.edges)
