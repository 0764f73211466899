"""The one loop over all pairs of rows: histogram, moments, extremes and connected parts, compiled."""

from typing import Any

import numpy as np

from geomsup.compiling import njit

__all__ = ["scan"]


@njit(part=True)
def _root(parent: Any, node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@njit
def scan(
    G: np.ndarray,
    first: int,
    levels: np.ndarray,
    parent: np.ndarray,
    counts: np.ndarray,
    histogram: np.ndarray,
    sums: np.ndarray,
    extremes: np.ndarray,
    pairs: np.ndarray,
) -> None:
    """Take in the pairs i < j of a block of rows.

    Parameters
    ----------
    G
        ``(rows, columns)`` inner products of rows i = first, first + 1, ... with rows j = first, first + 1, ...
    first
        Index of the block's first row.
    levels
        Highest rung of the ladder of thresholds that |G_ij| of each bin exceeds, -1 for none.
    parent
        ``(rungs, n)`` union-find forests, one per rung; roots are their own parents.
    counts
        ``(rungs,)`` number of trees of each forest.
    histogram
        Weights of equally spaced points of [-1, 1]: every G_ij is shared by the two nearest.
    sums
        ``(4,)`` sums of G_ij, |G_ij|, G_ij², G_ij⁴.
    extremes
        ``(2,)`` largest |G_ij| and largest G_ij.
    pairs
        ``(2, 2)`` the pairs i, j that attain them.
    """
    bins = histogram.size - 1
    half = 0.5 * bins
    lowest = 0
    while lowest < counts.size and counts[lowest] == 1:
        lowest += 1
    for a in range(G.shape[0]):
        i = first + a
        row = np.zeros(4)
        for c in range(a + 1, G.shape[1]):
            g = float(G[a, c])
            size = abs(g)
            square = g * g
            row[0] += g
            row[1] += size
            row[2] += square
            row[3] += square * square
            if size > extremes[0]:
                extremes[0] = size
                pairs[0, 0] = i
                pairs[0, 1] = first + c
            if g > extremes[1]:
                extremes[1] = g
                pairs[1, 0] = i
                pairs[1, 1] = first + c
            place = (g + 1.0) * half
            bin_ = min(max(int(place), 0), bins - 1)
            share = min(max(place - bin_, 0.0), 1.0)
            histogram[bin_] += 1.0 - share
            histogram[bin_ + 1] += share
            # Forests are nested: what one rung joins, the rungs below join too.
            for rung in range(levels[bin_], lowest - 1, -1):
                one = _root(parent[rung], i)
                other = _root(parent[rung], first + c)
                if one == other:
                    break
                parent[rung, max(one, other)] = min(one, other)
                counts[rung] -= 1
            while lowest < counts.size and counts[lowest] == 1:
                lowest += 1
        sums += row
