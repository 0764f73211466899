"""Inputs of length 1: samples, losses against closed forms, and refusals wherever features must be independent."""

import json
from dataclasses import replace

import numpy as np
import pytest

import geomsup as gs
from geomsup.loss.plan import make_plan, make_units
from geomsup.optima.proved.bounds import lower_bound
from geomsup.training.measure import measured_loss
from tests.training.reference import samples

UNIT = gs.Features(4, [0.9, 0.5, 0.2, 0.0], values=gs.Uniform(-1, 2), correlated=[], normalised=True)
TRIANGLE = gs.ToyModel(gs.polytope("triangle").vertices)
THREE = gs.Features(3, 0.3, normalised=True)


def test_every_sample_has_length_one_or_none():
    x = UNIT.sample(10_000, rng=0)
    length = np.linalg.norm(x, axis=1)
    none = length == 0
    np.testing.assert_allclose(length[~none], 1, rtol=1e-14)
    assert none.mean() == pytest.approx(0.1 * 0.5 * 0.8, abs=0.01)


def test_directions_are_those_of_the_inputs_themselves():
    plain = replace(UNIT, normalised=False).sample(1000, rng=3)
    length = np.linalg.norm(plain, axis=1, keepdims=True)
    np.testing.assert_allclose(UNIT.sample(1000, rng=3) * length, plain, atol=1e-14)


@pytest.mark.parametrize("scale", [1e-149, 1e-3, 1e149])
def test_the_unit_of_values_does_not_matter(scale):
    x = gs.Features(3, 0.7, values=gs.Uniform(0, scale), normalised=True).sample(100, rng=0)
    np.testing.assert_allclose(x, gs.Features(3, 0.7, normalised=True).sample(100, rng=0), rtol=1e-12)


@pytest.mark.slow
def test_a_loss_with_a_closed_form():
    """Two values of 1, W = 0: the loss is E |x|² = P(any)."""
    features = gs.Features(2, 0.5, values=gs.Discrete((1, 3)), normalised=True)
    result = gs.expected_loss(gs.ToyModel(np.zeros((2, 1))), features, rng=0)
    assert result.method == "sampled"
    assert abs(result.value - 0.75) <= 4 * result.error
    alone = gs.expected_loss(gs.ToyModel([[1.0]]), gs.Features(1, 0.5, normalised=True), rng=0)
    assert alone.value == 0


def test_json_and_equality_know_it():
    assert gs.Features.from_dict(json.loads(json.dumps(UNIT.to_dict()))) == UNIT
    assert replace(UNIT, normalised=False) != UNIT
    assert "normalised=True" in repr(UNIT)
    old = {name: value for name, value in UNIT.to_dict().items() if name != "normalised"}
    assert gs.Features.from_dict(old) == replace(UNIT, normalised=False)
    with pytest.raises(TypeError, match="`normalised` must be True or False; got 1"):
        gs.Features(2, normalised=1)


READERS = {
    "mean": lambda: THREE.mean,
    "second_moment": lambda: THREE.second_moment,
    "root_mean_square": lambda: THREE.root_mean_square,
    "variance": lambda: THREE.variance,
    "covariance": lambda: THREE.covariance,
    "units": lambda: THREE.units,
    "plan": lambda: make_plan(THREE),
    "units of kernels": lambda: make_units(THREE),
    "exact": lambda: gs.expected_loss(TRIANGLE, THREE, method="exact"),
    "spectral": lambda: gs.expected_loss(TRIANGLE, THREE, method="spectral"),
    "numeric": lambda: gs.expected_loss(TRIANGLE, THREE, method="numeric"),
    "hessian": lambda: gs.hessian(TRIANGLE, THREE),
    "optimum": lambda: gs.optimum(THREE, 2),
    "linear optimum": lambda: gs.optimum(THREE, 2, activation="linear"),
    "lower bound": lambda: lower_bound(THREE, 2),
    "compare": lambda: gs.compare(TRIANGLE, THREE),
    "exact training": lambda: gs.train(THREE, 2, steps=2, objective="exact"),
    "crossing": lambda: gs.crossing(TRIANGLE, TRIANGLE, lambda p: replace(THREE, probability=p), (0.01, 0.5)),
}


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_what_needs_independent_features_refuses_and_says_what_to_do(reader):
    with pytest.raises(ValueError, match="normalised") as refusal:
        reader()
    assert "sampled" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("probability", [0.3, 0.08], ids=["all drawn", "lists"])
def test_the_trainer_sees_the_same_samples_divided_by_their_lengths(probability):
    """Untrained weights of 0: the loss of a step is that of its batch, E |x|²."""
    features = gs.Features(24, probability, values=gs.Uniform(1, 2), normalised=True)
    zero = gs.ToyModel(np.zeros((24, 2)))
    run = gs.train(features, 2, steps=1, batch=300, model=zero, seed=5, learning_rate=1e-9)
    plain = gs.train(replace(features, normalised=False), 2, steps=1, batch=300, model=zero, seed=5, learning_rate=1e-9)
    x = samples(
        replace(features, normalised=False),
        np.array([np.random.SeedSequence(5).generate_state(1)[0], 0], np.uint32),
        0,
        300,
    )
    assert plain.loss[0, 0] == pytest.approx((x**2).sum(axis=1).mean(), rel=1e-5)
    assert run.loss[0, 0] == pytest.approx((x != 0).any(axis=1).mean(), rel=1e-5)


@pytest.mark.slow
def test_trainings_are_measured_on_the_same_samples_each_time():
    run = gs.train(THREE, 2, steps=200, models=2, seed=1)
    assert run.expected_loss()[0] == pytest.approx(measured_loss(run.model(0), THREE), rel=1e-12)
    sampled = gs.expected_loss(run.model(0), THREE, rng=9)
    assert abs(sampled.value - run.expected_loss()[0]) < 6 * sampled.error
    assert run.best().W.shape == (3, 2)


def test_the_command_line_says_it(tmp_path, capsys):
    from geomsup.cli.inputs import Inputs

    assert Inputs(probability=[0.1], normalised=True).of(3) == gs.Features(3, 0.1, normalised=True)
    (tmp_path / "unit.toml").write_text(
        'probability = 0.1\nnormalised = true\nvalues = {law = "half-normal", scale = 2}'
    )
    features = Inputs(features=tmp_path / "unit.toml").of(3)
    assert features == gs.Features(3, 0.1, values=gs.HalfNormal(2), normalised=True)
