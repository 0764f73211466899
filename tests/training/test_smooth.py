"""Training on smooth distributions of values: samples by quantiles, ends near the optimum, any number of pieces."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.training.arguments import make_inputs
from geomsup.training.kernels.draws import value_at
from tests.training.reference import Model

LAWS = [gs.HalfNormal(), gs.Exponential(), gs.LogNormal(), gs.PowerLaw(2, 1, 10), gs.Normal(1, 0.5)]


@pytest.mark.parametrize("law", [*LAWS, gs.Uniform(), gs.Discrete((1, 2, 3), (1, 2, 3))], ids=str)
def test_pieces_are_found_by_halving_where_a_walk_finds_them(law):
    pieces = make_inputs(gs.Features(1, values=law)).law.pieces[:, 0]
    for place in np.linspace(0, 1, 1001, dtype=np.float32):
        k = pieces.shape[1] - 1
        while k > 0 and place < pieces[0, k]:
            k -= 1
        assert value_at.py_func(place, pieces) == pieces[1, k] + pieces[2, k] * (place - pieces[0, k])


@pytest.mark.parametrize("probability", [0.4, 0.08], ids=["all drawn", "lists"])
@pytest.mark.parametrize("law", LAWS, ids=str)
def test_steps_are_those_of_plain_numpy(law, probability):
    features = gs.Features(24, probability, values=law)
    start = gs.ToyModel(np.random.default_rng(0).normal(size=(24, 3)) / 5, np.full(24, -0.05))
    run = gs.train(features, 3, steps=3, batch=200, model=start, seed=7, learning_rate=1e-3, record=1)
    key = np.random.SeedSequence(7).generate_state(1)[0], 0
    (W, b), losses = Model().train(features, (start.W, start.b), key, 3, 200, 1e-3)
    np.testing.assert_allclose(run.loss[0], losses, rtol=1e-4)
    np.testing.assert_allclose(run.W[0], W, atol=1e-3 * np.abs(W).max())
    np.testing.assert_allclose(run.b[0], b, atol=1e-3 * np.abs(b).max())


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS, ids=str)
def test_the_best_of_eight_runs_is_near_the_optimum(law):
    features = gs.Features(5, 0.1, values=law.with_cells(16))
    run = gs.train(features, 2, models=8, steps=8000, learning_rate=3e-3, schedule="cosine", seed=0)
    best = gs.optimum(features, 2, starts=1, guesses=[run.best()])
    assert float(gs.expected_loss(run.best(), features)) <= 1.01 * best.loss
