"""Where descents in one cell of a phase diagram start: dedicated features, random weights, dropped rows regrown."""

from collections.abc import Sequence

import numpy as np

from geomsup.loss.objective import pack, unpack
from geomsup.optima.conditions.capped import with_room
from geomsup.optima.descent import End
from geomsup.phases.cells import Setting
from geomsup.phases.dropped import dropped

__all__ = ["PLAIN", "grown", "starts_of"]

PLAIN = 2  # starts that store m features only come first, so that they win a tie
# Norm of a dropped row that is grown, relative to the longest row. Where dropping is unstable the best row is some 0.05
# to 0.3: from here a descent finds it. From much less it would creep along the saddle.
GROWTH = 0.1
# Norm of the second feature of a digon at the start: a descent from equal norms would keep them equal, also where that
# is a saddle.
SHORTER = 0.8
APART = 0.3  # noise of a decoder of its own at the start, relative to the rows of W, as in `optimum`
# Norm of the second feature of a digon whose decoder undoes it: each output hears its own feature at 1, and the other
# one at -0.6 or -1/0.6. At p = 0.545 nothing else finds the best of two features.
LOPSIDED = 0.6


def starts_of(setting: Setting, p: float, cells: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return packed starts of a row of cells, (cells, PLAIN + 1 to 3 + count, n m + n, or 2 n m + n if untied).

    First m features dedicated with and without the extra one, then digons and a regular shape, then random ones. Every
    other of these leaves some features out from the beginning, as zero rows stay zero; a cap on cosines
    leaves out those whose rows have no room, too. Decoders of their own begin as W; of random starts they only begin
    near it.
    """
    n, m, bias = setting.n, setting.m, dropped(p, setting.conditions).bias
    W = rng.normal(size=(cells, count, n, m))
    W *= rng.uniform(0.3, 1.3, size=(cells, count, n, 1)) / np.linalg.norm(W, axis=3, keepdims=True)
    b = rng.uniform(-0.3, 0.3, size=(cells, count, n)) * p**0.5
    rank = rng.random((cells, count, n)).argsort(axis=2).argsort(axis=2)
    gone = rank < rng.integers(1, n - m + 1, size=(cells, count, 1))
    gone[:, ::2] = False
    W[gone], b[gone] = 0.0, bias
    if (cap := setting.conditions.max_cosine) is not None:
        W = np.array([with_room(one, cap, np.ones(n), rng) for one in W.reshape(-1, n, m)]).reshape(W.shape)
        b = np.where(W.any(axis=3), b, bias)
    plain = np.array([_dedicated(n, m, bias, kept) for kept in ([*range(m)], [*range(m - 1), n - 1])])
    simple = np.concatenate([plain, [_digons(n, m), *_regular(n, m)]])
    if not setting.conditions.tied:
        noise = rng.normal(size=W.shape) * np.linalg.norm(W, axis=3, keepdims=True) / m**0.5
        W = np.concatenate([W, W + APART * noise], axis=3)
        simple = np.array([*(_with_decoder(start, n) for start in simple), _lopsided(n, m)])
    packed = np.concatenate([W.reshape(cells, count, -1), b], axis=2)
    return np.concatenate([np.broadcast_to(simple, (cells, *simple.shape)), packed], axis=1)


def _lopsided(n: int, m: int) -> np.ndarray:
    """Return digons with one short row, whose decoders make up for their norms."""
    W, b = unpack(_digons(n, m, LOPSIDED), n)
    squares = (W**2).sum(axis=1, keepdims=True)
    return pack(np.hstack([W, W / np.where(squares > 0, squares, 1.0)]), b)


def _with_decoder(start: np.ndarray, n: int) -> np.ndarray:
    """Return the start with a decoder that is W."""
    W, b = unpack(start, n)
    return pack(np.hstack([W, W]), b)


def grown(setting: Setting, state: End) -> list[np.ndarray]:
    """Return packed starts in which a dropped feature of `state` comes back with a short row, against a stored one.

    A descent never leaves a row of zeros, even where every other row is better: dropping is then a saddle. Dropped
    features other than the last are alike, so that the first stands for them. With hidden ReLUs it also comes back
    beside a stored one: against it, it turns units off.
    """
    signs = (-1, 1) if setting.conditions.hidden_activation == "relu" else (-1,)
    norms = np.linalg.norm(state.W, axis=1)
    stored, dropped = np.flatnonzero(norms), np.flatnonzero(norms == 0)
    last = len(norms) - 1
    starts = []
    for i in [*dropped[dropped < last][:1], *dropped[dropped == last]]:
        for direction in _different(state.W[stored]):
            for sign in signs:
                W = state.W.copy()
                W[i] = sign * GROWTH * norms.max() * direction
                starts.append(pack(W, state.b))
    return starts


def _different(rows: np.ndarray) -> list[np.ndarray]:
    """List the directions of rows, each once."""
    found: list[np.ndarray] = []
    for row in rows / np.linalg.norm(rows, axis=1, keepdims=True):
        if all(np.linalg.norm(row - other) > GROWTH for other in found):
            found.append(row)
    return found


def _digons(n: int, m: int, shorter: float = SHORTER) -> np.ndarray:
    """Pair the first feature with the last on an axis, the second with the last but one, and so on, on m axes."""
    W = np.zeros((n, m))
    for axis in range(min(m, (n + 1) // 2)):
        W[n - 1 - axis, axis], W[axis, axis] = -shorter, 1.0
    return pack(W, np.zeros(n))


def _regular(n: int, m: int) -> list[np.ndarray]:
    """Place all features on a regular polygon or simplex, where one has n vertices in m > 1 dimensions.

    Beside a state that is a minimum of its own, such as dedicated features under a penalty, random starts miss it.
    """
    from geomsup.shapes.families import polygon, simplex

    shape = polygon(n) if m == 2 else simplex(m) if n == m + 1 > 2 else None
    if shape is None:
        return []
    return [pack(shape.vertices, np.zeros(n))]


def _dedicated(n: int, m: int, bias: float, kept: Sequence[int]) -> np.ndarray:
    W, b = np.zeros((n, m)), np.full(n, bias)
    for axis, feature in enumerate(kept):
        W[feature, axis], b[feature] = 1.0, 0.0
    return pack(W, b)
