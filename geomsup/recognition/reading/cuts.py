"""The interference graph of W, and the ways to cut it into components."""

import numpy as np

from geomsup.recognition.matching.coincidence import merged

__all__ = ["DEFAULT_CUT", "MOST_CUTS", "interference", "partitions"]

# Two features share a component when |cos| exceeds this, if no cut gives anything a name
# (docs/theory_notes.md, "Cuts").
DEFAULT_CUT = 0.15

# Cuts tried, largest relative gaps first. A wrong cut takes little time (nothing fits); a cut not tried is missed.
MOST_CUTS = 8

# Gaps are ratios. Merges of a smaller one are at the same height: a cut between them would part what is alike.
TIE = 1 + 1e-9

# Below this |cos| is taken as 0 when gaps are compared: ratios of rounding errors mean nothing.
SMALLEST_COSINE = 0.02


def interference(X: np.ndarray) -> np.ndarray:
    """Weights |cos| of the interference graph of unit rows, ``(n, n)``, with an empty diagonal.

    Examples
    --------
    >>> interference(np.array([[1.0], [-1.0]]))
    array([[0., 1.], [1., 0.]])
    """
    weights = np.abs(X @ X.T)
    np.fill_diagonal(weights, 0.0)
    return np.minimum(weights, 1.0)


def partitions(weights: np.ndarray) -> list[tuple[tuple[int, ...], ...]]:
    """Candidate partitions of the features into components, the default one first.

    A threshold on |cos| only ever yields partitions along the single-linkage dendrogram. No fixed threshold
    serves: inside a d-simplex |cos| is 1/d, and between three noisy digons it may be 0.25. So the cuts at the
    largest relative gaps of its merges are all proposed, with "everything connected" and the cut at
    `DEFAULT_CUT`; what they contain decides.

    Parameters
    ----------
    weights
        ``(n, n)`` from `interference`.

    Returns
    -------
    list
        Partitions, each a tuple of components, each a tuple of ascending row indices.

    Examples
    --------
    >>> rows = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])
    >>> partitions(interference(rows))[0]
    ((0, 1), (2,))
    """
    n = len(weights)
    if n == 1:
        return [((0,),)]
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    tree = linkage(1.0 - squareform(weights, checks=False), "single")
    strengths = 1.0 - tree[:, 2]
    # gaps[k] compares the k-th merge with the next one: the cut that keeps the k strongest.
    padded = np.maximum(np.concatenate([[1.0], strengths, [0.0]]), SMALLEST_COSINE)
    gaps = padded[:-1] / padded[1:]
    default = int((strengths > DEFAULT_CUT).sum())
    widest = [k for k in np.argsort(-gaps, kind="stable")[:MOST_CUTS] if gaps[k] > TIE]
    cuts = [default, n - 1, *widest]
    return [_parts(merged(tree[:kept], n)) for kept in dict.fromkeys(map(int, cuts))]


def _parts(labels: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """Indices of equal labels, ascending, by their first index."""
    parts: dict[int, list[int]] = {}
    for index, label in enumerate(labels.tolist()):
        parts.setdefault(label, []).append(index)
    return tuple(map(tuple, parts.values()))
