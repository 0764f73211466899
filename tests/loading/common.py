"""One trained model of each kind, and its true loss: of the model built by hand from the arrays."""

from functools import cache

import numpy as np

import geomsup as gs

N, M, RUNS = 5, 2, 3
FEATURES = gs.Features(N, 0.05)


@cache
def trained(tied):
    """Weights of three models, as `train` returns them."""
    features = gs.Features(N, 0.05)
    run = gs.train(features, M, models=RUNS, tied=tied, steps=400, batch=64, learning_rate=1e-2, threads=1, seed=3)
    W_out = run.W if tied else run.W_out
    # In double precision, and each run on its own scale, so that no two losses are near each other.
    scale = np.array([1.0, 0.8, 1.3])[:, None, None]
    return scale * np.float64(run.W), np.float64(W_out) * scale, np.float64(run.b) - 0.01


@cache
def truth(tied, run):
    W, W_out, b = (part[run] for part in trained(tied))
    return gs.expected_loss(gs.ToyModel(W, b, W_out=None if tied else W_out), FEATURES).value


def loss(model):
    return gs.expected_loss(model, FEATURES).value
