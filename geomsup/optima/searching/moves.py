"""Moves: how a good model is changed, so that a descent from there may end lower."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from geomsup.features import Features
from geomsup.optima.descent import End, Start
from geomsup.optima.starts import BIAS, FIRST_JOINED, JIGGLE, NORM, SAME_RAY

__all__ = [
    "changed", "exchanged", "exchanged_with_riders", "exchanges", "has_riders", "pairs_to_exchange", "rotations",
    "unlike_pairs", "without_riders",
]  # fmt: skip

STORED = 0.1  # a row of this fraction of the longest one, or more, stands for a feature that is stored
# Short rows, relative to the longest one: where values are sparse and of both signs, they help a little.
SHORT = (0.02, 0.3)
# Of sparse features, short rows ride on the rays of long ones. When these change places, riders would stay on the wrong
# rays: in every fourth move those up to this length are begun anew.
FORGOTTEN, RIDER = 0.25, 0.5
MOST_REPLACED = 3  # rows that one move puts elsewhere: more make a random start of it


def changed(features: Features, end: End, rng: np.random.Generator) -> Start:
    """Return a copy with one random move.

    Rows are put in random directions; two features change places; a feature becomes the antipode of another, or joins
    its ray; one is dropped; one that is stored gives its place to one that is not; or some that are not stored get
    short rows.
    """
    W, b = end.W.copy(), end.b.copy()
    n, m = W.shape
    norms = np.linalg.norm(W, axis=1)
    stored = norms >= STORED * max(norms.max(), np.finfo(float).tiny)
    inside, outside = np.flatnonzero(stored), np.flatnonzero(~stored)
    size = np.array([law.second_moment for law in features.laws]) ** 0.5
    kind = rng.integers(7)
    i, j = rng.choice(n, 2, replace=False) if n > 1 else (0, 0)
    if kind == 1:
        W[[i, j]], b[[i, j]] = W[[j, i]], b[[j, i]]
    elif kind == 2 and stored[i]:
        W[j], b[j] = -W[i], b[i]
    elif kind == 5 and stored[i]:
        W[j], b[j] = FIRST_JOINED * W[i], 0.0
    elif kind == 3 and stored[i]:
        W[i], b[i] = 0.0, features.mean[i]
    elif kind == 4 and len(inside) and len(outside):
        i, j = rng.choice(inside), rng.choice(outside)
        W[[i, j]], b[i], b[j] = W[[j, i]], features.mean[i], b[i] * size[j] / (size[i] or 1.0)
    elif kind == 6 and len(outside):
        for k in rng.choice(outside, min(len(outside), rng.integers(1, MOST_REPLACED + 1)), replace=False):
            way = rng.normal(size=m)
            W[k] = way * rng.uniform(*SHORT) * norms.max() / np.linalg.norm(way)
            b[k] = max(features.mean[k], 0.0)
    else:
        for k in rng.choice(n, min(n, rng.integers(1, MOST_REPLACED + 1)), replace=False):
            way = rng.normal(size=m)
            W[k], b[k] = NORM * way / np.linalg.norm(way), BIAS * size[k]
    return without_riders(features, (W, b), rng) if rng.random() < FORGOTTEN else (W, b)


def without_riders(features: Features, start: Start, rng: np.random.Generator) -> Start:
    """Return the model with short rows begun anew, near zero, and the best biases of features that are not stored."""
    W, b = start
    short = _short(W)
    rows, biases = JIGGLE * rng.normal(size=W.shape), np.maximum(features.mean, 0)
    return np.where(short[:, None], rows, W), np.where(short, biases, b)


def has_riders(W: np.ndarray) -> bool:
    """Whether there are short rows, which `without_riders` begins anew."""
    return bool(_short(W).any())


def _short(W: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(W, axis=1)
    return norms < RIDER * norms.max()


def unlike_pairs(features: Features) -> list[tuple[int, int]]:
    """Return the pairs of features that differ in distribution or importance."""
    kind_of = {i: kind for kind in features.kinds for i in kind}
    return [(i, j) for i in range(features.n) for j in range(i) if kind_of[i] != kind_of[j]]


def pairs_to_exchange(features: Features) -> list[tuple[int, int]]:
    """Return the unlike pairs, or, where there are groups, all pairs: who comes with whom matters too."""
    every = [(i, j) for i in range(features.n) for j in range(i)]
    return every if features.grouped else unlike_pairs(features)


def rotations(features: Features, end: End, most: int, rng: np.random.Generator) -> list[Start]:
    """Return models in which three unlike features pass their directions on in a circle: so many at most, at random."""
    kind_of = {i: k for k, kind in enumerate(features.kinds) for i in kind}
    circles = [
        (i, *others)
        for i, j, k in combinations(range(features.n), 3)
        for others in ((j, k), (k, j))
        if features.grouped or len({kind_of[i], kind_of[j], kind_of[k]}) == 3
    ]
    if len(circles) > most:
        circles = [circles[k] for k in rng.choice(len(circles), most, replace=False)]
    return [exchanged(*exchanged(end.W, end.b, i, j), j, k) for i, j, k in circles]


def exchanged(W: np.ndarray, b: np.ndarray, i: int, j: int) -> Start:
    """Exchange the directions of two rows. Norms and biases stay: they follow from what a feature is worth.

    A row near zero has no direction: there the rows change places whole.
    """
    W, b = W.copy(), b.copy()
    first, second = np.linalg.norm(W[i]), np.linalg.norm(W[j])
    if min(first, second) < STORED * max(first, second):
        W[[i, j]], b[[i, j]] = W[[j, i]], b[[j, i]]
    else:
        W[[i, j]] = W[j] * (first / second), W[i] * (second / first)
    return W, b


def exchanged_with_riders(W: np.ndarray, b: np.ndarray, i: int, j: int) -> Start | None:
    """Exchange the directions of two long rows, and of the short rows on their rays; None if there are none."""
    norms, short = np.linalg.norm(W, axis=1), _short(W)
    if short[i] or short[j]:
        return None
    ways = W[[i, j]] / norms[[i, j], None]
    on = short[:, None] & (SAME_RAY * norms[:, None] < W @ ways.T)
    if not on.any():
        return None
    moved, b = exchanged(W, b, i, j)
    moved[on[:, 0]] = norms[on[:, 0], None] * ways[1]
    moved[on[:, 1]] = norms[on[:, 1], None] * ways[0]
    return moved, b


def exchanges(end: End, pairs: Sequence[tuple[int, int]], together: Sequence[int]) -> list[Start]:
    """Return models with the first pairs exchanged, the best first: one pair each, then several disjoint ones at once.

    `together` says how many pairs the last models exchange.
    """
    found = [exchanged(end.W, end.b, i, j) for i, j in pairs]
    disjoint: list[tuple[int, int]] = []
    for pair in pairs:
        if not {*pair} & {k for other in disjoint for k in other}:
            disjoint.append(pair)
    for count in together:
        if count <= len(disjoint):
            W, b = end.W, end.b
            for i, j in disjoint[:count]:
                W, b = exchanged(W, b, i, j)
            found.append((W, b))
    return found
