"""What C1 and C2 share: features on a ring or given by a hidden place, and how much interference is constructive."""

from collections import defaultdict

import numpy as np

from geomsup.features import Discrete, Features, Joint

__all__ = ["STRUCTURES", "constructive", "make_hidden", "make_ring"]

ARC = 3.0  # features of an arc, on average
SHARPNESS = 10.0  # log odds of presence are this times the cosine of feature and place
FINE = 2000  # places on a sphere: no probability of a set changes by more than 1e-5 with twice as many

STRUCTURES = ("circle", "figure of eight", "sphere", "independent")


def make_ring(n: int, density: float, correlation: float) -> Features:
    """Return n features on a ring: arcs of three are present with probability `correlation`, else independent ones.

    Each feature is present with probability `density`, whatever the correlation.

    Examples
    --------
    >>> features = make_ring(8, 0.2, 0.5)
    >>> features.probability.round(12).tolist() == [0.2] * 8
    True
    """
    table: dict[tuple[int, ...], float] = defaultdict(float)
    arcs = Joint.ring(range(n), ARC, probability=density * n / ARC)
    for part, share in ((arcs, correlation), (Joint.independent(range(n), density), 1 - correlation)):
        for present, p in part.table:
            table[present] += share * p
    return Features(n, joint=[Joint(range(n), dict(table))])


def make_hidden(structure: str, n: int, log_odds: float = 0.0) -> Features:
    """Return n binary features that are independent given a hidden place.

    Feature i has a direction v_i, and P(i is present | place u) = 1/(1 + exp(-10 u·v_i - log_odds)), as in the code
    that Prieto et al. published. Directions, and places, are equally spaced on a circle or on a figure of eight; or
    directions are a lattice on a sphere, on which places are uniform. "independent" features are as dense as those of
    the circle.

    Examples
    --------
    >>> make_hidden("circle", 12).probability.round(6).tolist() == [0.5] * 12
    True
    """
    if structure == "independent":
        density = float(make_hidden("circle", n, log_odds).probability[0])
        return Features(n, density, values=Discrete((1.0,)))
    turns = 2 * np.pi * np.arange(n) / n
    if structure == "sphere":
        directions, places = _lattice(n), _lattice(FINE)
    else:
        directions = places = np.stack(
            [np.cos(turns), np.sin(turns)] if structure == "circle" else [np.sin(turns), np.sin(2 * turns)], axis=1
        )
    chance = 1 / (1 + np.exp(-SHARPNESS * places @ directions.T - log_odds))
    return Features(n, joint=[Joint.mixture(range(n), chance)], values=Discrete((1.0,)))


def _lattice(count: int) -> np.ndarray:
    """Points ``(count, 3)`` spread evenly on a sphere, by the golden angle."""
    k = np.arange(count) + 0.5
    height, turn = 1 - 2 * k / count, np.pi * (1 + 5**0.5) * k
    radius = np.sqrt(1 - height**2)
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), height], axis=1)


def constructive(G: np.ndarray, features: Features) -> np.ndarray:
    """Return the constructive share of interference, ``(...)``: Σ [E x_i G_ij x_j]₊ / Σ |E x_i G_ij x_j|, i ≠ j.

    Interference is constructive where the features that are present together push each other up. It is 1/2 if as much
    helps as harms, and 0 without any interference.

    Examples
    --------
    >>> features = Features(3, joint=[Joint.exactly((0, 1), 2)])
    >>> float(constructive(np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]]), features))
    1.0
    """
    together = features.covariance + np.outer(features.mean, features.mean)
    moved = G * (together - np.diag(np.diag(together)))
    size = np.abs(moved).sum(axis=(-2, -1))
    return np.divide(np.clip(moved, 0, None).sum(axis=(-2, -1)), size, out=np.zeros_like(size), where=size > 0)
