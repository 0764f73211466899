"""The depth-first search for images of a few rows with the right inner products, compiled."""

import numpy as np

from geomsup.compiling import njit

__all__ = ["chains"]


def chains(
    products: np.ndarray, gram: np.ndarray, tolerance: float, allowed: np.ndarray, most_nodes: int, most_leaves: int
) -> np.ndarray:
    """Return tuples of template vertices with inner products near those of a base, nearest first, ``(leaves, d)``.

    Found depth first; nearest by the sum of squared differences of inner products.

    Parameters
    ----------
    products
        ``(d, d)`` inner products of the base rows.
    gram
        ``(n, n)`` inner products of the template's vertices.
    tolerance
        Largest difference of two inner products.
    allowed
        ``(d, n)``, whether a base row may go to a vertex.
    most_nodes, most_leaves
        Ends of the search, in partial maps looked at, and number of maps returned.
    """
    gram = np.require(gram, requirements="W")  # another kind of array would be another compilation
    leaves, errors = _search(products, gram, tolerance, allowed, most_nodes)
    return leaves[np.argsort(errors, kind="stable")[:most_leaves]]


@njit
def _search(products, gram, tolerance, allowed, most_nodes):
    """Return all tuples found and their sums of squared differences."""
    d, n = products.shape[0], gram.shape[0]
    leaves = np.empty((most_nodes, d), np.int64)
    errors = np.empty(most_nodes)
    images = np.full(d, -1, np.int64)
    found = nodes = depth = 0
    while depth >= 0 and nodes < most_nodes:
        vertex = images[depth] + 1
        while vertex < n and not (allowed[depth, vertex] and _agrees(vertex, images, depth, products, gram, tolerance)):
            vertex += 1
        if vertex == n:
            images[depth] = -1
            depth -= 1
            continue
        images[depth] = vertex
        nodes += 1
        if depth == d - 1:
            for place in range(d):  # one by one: numba would compile the text of an error, for 2 s
                leaves[found, place] = images[place]
            errors[found] = _error(images, products, gram)
            found += 1
        else:
            depth += 1
    return leaves[:found], errors[:found]


@njit(part=True)
def _error(images, products, gram):
    total = 0.0
    for i in range(len(images)):
        for j in range(i):
            total += (gram[images[i], images[j]] - products[i, j]) ** 2
    return total


@njit(inline="always")
def _agrees(vertex, images, depth, products, gram, tolerance):
    for j in range(depth):
        if vertex == images[j] or not abs(gram[vertex, images[j]] - products[depth, j]) < tolerance:
            return False
    return True
