"""How fast the characteristic functions of the features' values fall: what a series leaves out is bounded by it.

A density of total variation V has |E e^{izx}| <= V/|z|, by parts; x times the density bounds E x e^{izx} in the same
way. Atoms do not fall.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from geomsup.features import Features
from geomsup.laws import Law

__all__ = ["Falls", "make_falls"]

# Ends that differ by less, in units of the largest value, are rounded; narrower pieces count as atoms.
SAME = 16 * np.finfo(float).eps


class Falls(NamedTuple):
    """Of each feature, ``(n,)``: |E e^{izx}| <= min(1, atoms + variation/|z|), if it is present.

    And |E x e^{izx}| <= min(own_size, own_atoms + own_variation/|z|).
    """

    atoms: np.ndarray
    variation: np.ndarray
    own_size: np.ndarray
    own_atoms: np.ndarray
    own_variation: np.ndarray


@lru_cache(maxsize=64)
def make_falls(features: Features) -> Falls:
    """Return the falls of all features.

    Examples
    --------
    >>> falls = make_falls(Features(1))  # |E e^{izx}| = |2 sin(z/2)/z| for U[0, 1]
    >>> float(falls.atoms[0]), float(falls.variation[0])
    (0.0, 2.0)
    """
    found = {id(law): _fall(law) for law in features.laws}  # most often one for all features
    return Falls(*(np.array(part) for part in zip(*(found[id(law)] for law in features.laws), strict=True)))


def _fall(law: Law) -> tuple[float, ...]:
    weight, low, width = law.pieces()
    high, blur = low + width, SAME * max(map(abs, (low.min(), (low + width).max())))
    atom = width <= blur
    crossing = (low < 0) & (high > 0)
    size = np.where(crossing, (low**2 + high**2) / np.where(crossing, 2 * width, 1.0), np.abs(low + high) / 2)
    height = weight[~atom] / width[~atom]
    ends, jumps = np.concatenate([low[~atom], high[~atom]]), np.concatenate([height, -height])
    order = np.argsort(ends)
    ends, jumps = ends[order], jumps[order]
    first = np.concatenate([[True], np.diff(ends) > blur])[: len(ends)]  # of ends that are the same
    jumps = np.abs(np.add.reduceat(jumps, np.flatnonzero(first))) if len(ends) else jumps
    return (
        float(weight[atom].sum()),
        float(jumps.sum()),
        float(weight @ size),
        float(weight[atom] @ size[atom]),
        float(np.abs(ends[first]) @ jumps + weight[~atom].sum()),
    )
