"""Where descents begin: random directions, catalogue shapes, features left out; and a model that needs no search."""

import numpy as np

from geomsup.features import Features
from geomsup.optima.descent import End, Start, descend

__all__ = ["catalogue_starts", "dedicated", "dedicated_end", "grown", "random_start", "revived"]

# Norm of the rows of a shape at the start: between those of dense and of sparse optima (1 and about 1.2).
NORM = 1.1
# Bias at the start: between those of dense and of sparse optima (0 and about -0.3).
BIAS = -0.1
# Noise added to the rows, because a symmetric start can never leave a symmetric saddle.
JIGGLE = 0.01
# Of sparse features, some share a ray: one is long, its bias negative, and hardly hears the others, which are short and
# about equal. Rows share a ray if the cosine is at least this; the first to join a long one has this fraction of its
# norm (0.31 to 0.41 at the optima of 3 to 6 features on a line), and others are a little shorter than those there.
SAME_RAY, FIRST_JOINED, NEXT_JOINED = 0.99, 0.4, 0.97
GONE = 0.05  # a row this much shorter than the longest one is about to store nothing
ALIVE = 0.01  # of a present feature's root mean square: a bias of which little is lost while the row grows


def random_start(features: Features, m: int, index: int, rng: np.random.Generator) -> Start:
    """Return random directions of a common norm; every other start (odd `index`) leaves some features out."""
    n = features.n
    W = rng.normal(size=(n, m))
    W /= np.linalg.norm(W, axis=1, keepdims=True)
    W *= rng.uniform(0.5, 1.3)
    b = rng.uniform(-0.3, 0.1, size=n) * _scale(features)
    if index % 2 and n > m:
        # Zero rows grow only while biases are off: a dropped feature is often part of the optimum.
        dropped = _least_worth(features, rng)[: rng.integers(1, n - m + 1)]
        W[dropped], b[dropped] = 0.0, features.mean[dropped]
    return W, b


def catalogue_starts(features: Features, m: int, rng: np.random.Generator) -> list[Start]:
    """Return a start for every catalogue shape in m dimensions with n/2 to n vertices; other features are dropped."""
    from geomsup.shapes import candidates

    sizes = range(max(m + 1, features.n // 2), features.n + 1)
    shapes = [shape for k in sizes for shape in candidates(m, k)]
    return [_on_vertices(features, shape.vertices, rng) for shape in shapes]


def dedicated(features: Features, m: int) -> Start:
    """Give each of the m features of largest I_i Var x_i a dimension, and predict the mean of the others."""
    worth = features.importance * features.variance
    kept = np.sort(np.argsort(-worth, kind="stable")[:m])
    W = np.zeros((features.n, m))
    W[kept, np.arange(len(kept))] = 1.0
    b = np.array(features.mean)
    b[kept] = 0.0
    return W, b


def revived(features: Features, start: Start, rng: np.random.Generator) -> Start | None:
    """Return the model with new short rows for outputs that are 0 whatever comes in; None if there are none.

    If a row vanishes while its bias is negative, the loss is flat there, and no descent leaves it. (12, 4), 0.7^i,
    p = 0.02 loses 0.05 % by the bias of its least important feature. The bias becomes the feature's mean, or is just
    above 0, and the row has a random direction.
    """
    W, b = start
    norms = np.linalg.norm(W, axis=1)
    dead = (norms <= GONE * norms.max()) & (b <= 0)
    if not dead.any():
        return None
    rows = rng.normal(size=W.shape)
    rows *= GONE * norms.max() / np.linalg.norm(rows, axis=1, keepdims=True)
    bias = np.maximum(features.mean, ALIVE * _scale(features))
    return np.where(dead[:, None], rows, W), np.where(dead, bias, b)


def dedicated_end(features: Features, m: int) -> End:
    """Return the same with its loss: the least that a search returns, however little time it has."""
    (end,) = descend(features, [dedicated(features, m)], most_steps=0)
    return end


def grown(features: Features, W: np.ndarray, b: np.ndarray) -> list[Start]:
    """Return starts for all features from a model of the first few: the others join rays of its rows.

    They take turns among the rays, the emptiest first; each start begins with another ray.
    """
    rays = sorted(_rays(W), key=len)
    new = features.n - len(W)
    starts = []
    for first in range(len(rays)):
        rows = list(W)
        for turn in range(new):
            ray = W[rays[(first + turn) % len(rays)]]
            norms = np.linalg.norm(ray, axis=1)
            longest, shortest = ray[norms.argmax()], norms.min() / norms.max()
            factor = FIRST_JOINED if shortest > 2 * FIRST_JOINED else shortest
            rows.append(longest * factor * NEXT_JOINED ** (1 + turn // len(rays)))
        starts.append((np.array(rows), np.append(b, np.zeros(new))))
    return starts


def _rays(W: np.ndarray) -> list[list[int]]:
    """Return the rows that point into the same direction, ray by ray; rows of zero are on none."""
    norms = np.linalg.norm(W, axis=1)
    rays: list[list[int]] = []
    for i in np.argsort(-norms, kind="stable"):
        if norms[i] <= JIGGLE * norms.max():
            continue
        same = (ray for ray in rays if W[ray[0]] @ W[i] >= SAME_RAY * norms[ray[0]] * norms[i])
        ray = next(same, None)
        rays.append([i]) if ray is None else ray.append(i)
    return rays


def _on_vertices(features: Features, vertices: np.ndarray, rng: np.random.Generator) -> Start:
    kept = _least_worth(features, rng)[::-1][: len(vertices)]
    W, b = np.zeros((features.n, vertices.shape[1])), np.array(features.mean)
    W[kept] = NORM * vertices + JIGGLE * rng.normal(size=vertices.shape)
    b[kept] = BIAS * _scale(features)[kept]
    return W, b


def _scale(features: Features) -> np.ndarray:
    """Root mean square of a present feature: the unit of biases."""
    return np.array([law.second_moment for law in features.laws]) ** 0.5


def _least_worth(features: Features, rng: np.random.Generator) -> np.ndarray:
    """Order features by the loss of dropping them, smallest first; ties and near-ties are in random order."""
    return np.argsort(features.importance * features.variance * np.exp(0.3 * rng.normal(size=features.n)))
