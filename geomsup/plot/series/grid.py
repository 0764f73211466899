"""Cells of a plane around the points of a grid."""

import numpy as np

__all__ = ["cell_edges"]

ALONE = 0.1  # width of the cell around a single point: on a linear axis, and of the logarithm


def cell_edges(centres: np.ndarray, *, log: bool = True) -> np.ndarray:
    """Return the edges of cells around centres, half way between them; on a logarithmic axis in the logarithm.

    Examples
    --------
    >>> cell_edges(np.array([0.01, 0.1, 1.0])).round(4).tolist()
    [0.0032, 0.0316, 0.3162, 3.1623]
    >>> cell_edges(np.array([1.0, 2.0, 3.0]), log=False).tolist()
    [0.5, 1.5, 2.5, 3.5]
    """
    at = np.log(centres) if log else centres
    if len(at) == 1:
        edges = at[0] + np.array([-ALONE, ALONE]) / 2
    else:
        middle = (at[1:] + at[:-1]) / 2
        edges = np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])
    return np.exp(edges) if log else edges
