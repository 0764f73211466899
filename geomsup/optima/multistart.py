"""Best of many descents on the exact expected loss of the tied ReLU output model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geomsup.features import Features
from geomsup.loss.objective import pack, relu_objective, unpack

__all__ = ["Descents", "descend_from_many"]

End = tuple[float, np.ndarray, np.ndarray]  # loss, W, b

# A row this short (relative to the longest) after descent is a feature on its way to being dropped: the loss
# is flat there and L-BFGS slow, so the dropped feature itself is tried.
VANISHING = 0.05
# Largest slope left, of the loss as a fraction of what storing nothing costs: every start goes down to COARSE,
# which tells basins apart; the best few on to FINE, some 14 digits of the loss.
COARSE = 1e-6
FINE = 1e-10
POLISHED = 3
SAME = 1e-7  # relative difference of losses below which two coarse ends are one


@dataclass(frozen=True)
class Descents:
    """The best end point of all starts, and the loss every start ended at."""

    W: np.ndarray
    b: np.ndarray
    losses: np.ndarray


def descend_from_many(
    features: Features,
    n_hidden: int,
    starts: int,
    rng: np.random.Generator,
    guesses: Sequence[tuple[np.ndarray, np.ndarray]] = (),
) -> Descents:
    """Return the best of `starts` random descents and one from each guess (W, b).

    Half of the random starts leave out some features from the beginning. Where features differ, the best
    model then tries to exchange the places of any two of them.
    """
    objective, cost = _scaled_objective(features)
    begin = [_start(features, n_hidden, i, rng) for i in range(starts)] + list(guesses)
    ends = sorted((_descend(objective, W, b, COARSE) for W, b in begin), key=lambda end: end[0])
    ends[0] = _exchange(objective, ends[0], features)
    for rank, end in enumerate(ends[:POLISHED]):
        ends[rank] = _drop_vanishing(objective, _descend(objective, end[1], end[2], FINE), features)
    losses = cost * np.array([loss for loss, _, _ in ends])
    _, W, b = ends[int(losses.argmin())]
    return Descents(W, b, losses)


def _exchange(objective, end: End, features: Features) -> End:
    """Exchange the rows of two features while that lowers the loss.

    A shape has as many optima as ways to label its vertices with unlike features, and random starts find each
    of them about equally often: exchanging two labels is how to get from one to a better one.
    """
    improved = True
    while improved:
        improved = False
        for i, j in _unlike_pairs(features):
            W, b = end[1].copy(), end[2].copy()
            W[[i, j]], b[[i, j]] = W[[j, i]], b[[j, i]]
            other = _descend(objective, W, b, COARSE)
            if other[0] < end[0] * (1 - SAME):
                end, improved = other, True
    return end


def _unlike_pairs(features: Features) -> list[tuple[int, int]]:
    law = list(zip(features.probability, features.importance, strict=True))
    return [(i, j) for i in range(features.n) for j in range(i) if law[i] != law[j]]


def _scaled_objective(features: Features):
    """Return the loss as a fraction of what storing nothing costs, and that cost."""
    cost = float(features.importance @ features.variance) or 1.0
    objective = relu_objective(features)

    def scaled(vector: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient = objective(vector)
        return loss / cost, gradient / cost

    return scaled, cost


def _start(features: Features, m: int, index: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    n = features.n
    W = rng.normal(size=(n, m))
    W /= np.linalg.norm(W, axis=1, keepdims=True)
    W *= rng.uniform(0.5, 1.3)
    b = rng.uniform(-0.3, 0.1, size=n) * np.array([law.second_moment for law in features.laws]) ** 0.5
    if index % 2 and n > m:
        # Zero rows stay zero: a dropped feature is a critical point, and often part of the optimum.
        dropped = _least_worth(features, rng)[: rng.integers(1, n - m + 1)]
        W[dropped], b[dropped] = 0.0, features.mean[dropped]
    return W, b


def _least_worth(features: Features, rng: np.random.Generator) -> np.ndarray:
    """Order features by what dropping them costs, cheapest first, ties and near-ties at random."""
    return np.argsort(features.importance * features.variance * np.exp(0.3 * rng.normal(size=features.n)))


def _descend(objective, W: np.ndarray, b: np.ndarray, slope: float) -> End:
    """Descend with dense BFGS: at these sizes L-BFGS-B spends 40 times longer in threaded BLAS than here."""
    from scipy.optimize import minimize

    result = minimize(objective, pack(W, b), jac=True, method="BFGS", options={"gtol": slope, "maxiter": 5000})
    return float(result.fun), *unpack(result.x, len(b))


def _drop_vanishing(objective, end: End, features: Features) -> End:
    """Try to drop the features whose rows nearly vanished; a tie goes to the tidy model."""
    loss, W, b = end
    norms = np.linalg.norm(W, axis=1)
    vanishing = norms < VANISHING * norms.max()
    if not vanishing.any() or vanishing.all():
        return end
    tidy_W, tidy_b = np.where(vanishing[:, None], 0.0, W), np.where(vanishing, features.mean, b)
    tidy = _descend(objective, tidy_W, tidy_b, FINE)
    return tidy if tidy[0] <= loss * (1 + 1e-9) else end
