"""Compiled: the nearest rows of each row."""

import numpy as np

from geomsup.compiling import njit

__all__ = ["keep_nearest"]


@njit
def keep_nearest(G: np.ndarray, near: np.ndarray, cosines: np.ndarray, stop: np.ndarray) -> None:
    """Write the largest entries of each row of G, the largest first.

    Parameters
    ----------
    G
        ``(rows, columns)`` cosines.
    near, cosines
        ``(rows, kept)``, written: columns and their cosines, with kept <= columns.
    stop
        Ends the loop when its entry is not 0.
    """
    kept = near.shape[1]
    for i in range(G.shape[0]):
        if stop[0] != 0:
            return
        used = 0
        for j in range(G.shape[1]):
            if used == kept and G[i, j] <= cosines[i, kept - 1]:
                continue
            place = used if used < kept else kept - 1
            while place > 0 and cosines[i, place - 1] < G[i, j]:
                near[i, place], cosines[i, place] = near[i, place - 1], cosines[i, place - 1]
                place -= 1
            near[i, place], cosines[i, place] = j, G[i, j]
            used = min(used + 1, kept)
