"""Attacks against numerical maximisation."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize

import geomsup as gs

rng = np.random.default_rng(0)
MODEL = gs.ToyModel(rng.normal(size=(6, 3)), rng.normal(size=6) / 4, hidden_activation="linear")


def by_search(unit, x, eps, norm):
    """The largest change among all corners of the cube, or that searches in the ball find from the best of 500."""
    if norm == "linf":  # rising functions of sums are largest, and least, at corners
        return max(abs(unit(x + np.array(corner)) - unit(x)) for corner in product((-eps, eps), repeat=len(x)))
    best = 0.0
    directions = rng.normal(size=(500, len(x)))
    tried = directions * eps / np.linalg.norm(directions, axis=1, keepdims=True)
    moves = np.array([unit(x + d) for d in tried]) - unit(x)  # local searches stay where a ReLU is flat
    for sign in (1, -1):
        for start in tried[np.argsort(-sign * moves)[:5]]:
            found = minimize(
                lambda d, sign=sign: -sign * (unit(x + d) - unit(x)), start,
                constraints={"type": "ineq", "fun": lambda d: eps**2 - d @ d}, method="SLSQP",
                options={"maxiter": 500, "ftol": 1e-14},
            )  # fmt: skip
            size = np.linalg.norm(found.x)
            best = max(best, abs(unit(x + found.x * min(1, eps / size)) - unit(x))) if size else best
    return best


@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("output", range(3))
@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_no_search_finds_a_worse_perturbation_of_an_output(norm, output, shift):
    x = shift * np.abs(rng.normal(size=6))
    found = gs.attack(MODEL, output=output, x=x, eps=0.3, norm=norm)
    assert found.before == pytest.approx(MODEL(x)[output])
    assert found.after == pytest.approx(MODEL(x + found.delta)[output])
    size = np.linalg.norm(found.delta) if norm == "l2" else np.abs(found.delta).max()
    assert size == pytest.approx(0.3)
    searched = by_search(lambda z: MODEL(z)[output], x, 0.3, norm)
    assert searched <= abs(found.change) + 1e-7
    assert searched == pytest.approx(abs(found.change), rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("activation", ["linear", "relu", "leaky_relu"])
def test_no_search_finds_a_worse_perturbation_of_a_neuron(norm, activation):
    model = gs.ToyModel(MODEL.W, W_out=MODEL.W, b_hidden=[0.5, 0.1, 0.4], hidden_activation=activation)
    x = np.abs(rng.normal(size=6))
    for neuron in range(3):
        found = gs.attack(model, neuron=neuron, x=x, eps=0.5, norm=norm)
        assert found.after == pytest.approx(model.hidden(x + found.delta)[neuron])
        searched = by_search(lambda z, neuron=neuron: model.hidden(z)[neuron], x, 0.5, norm)
        assert searched <= abs(found.change) + 1e-7
        assert searched == pytest.approx(abs(found.change), rel=1e-4, abs=1e-9)


def test_closed_forms():
    model = gs.ToyModel([[3.0], [4.0]])
    assert gs.attack(model, neuron=0, eps=2).change == pytest.approx(10)
    assert gs.attack(model, neuron=0, eps=2, norm="linf").change == pytest.approx(14)
    found = gs.attack(model, output=0, eps=1, x=[1, 1])  # 9 x_0 + 12 x_1
    assert (found.before, found.after) == (pytest.approx(21), pytest.approx(36))
    assert found.typical == pytest.approx(15 / 2**0.5)


def test_the_sign_is_the_one_that_moves_further():
    """At 0.05 above its kink a ReLU can rise by the whole reach, and fall by 0.05; behind it, it can only rise."""
    model = gs.ToyModel([[1.0]], [0.05])
    assert gs.attack(model, output=0, eps=0.2).change == pytest.approx(0.2)
    assert gs.attack(gs.ToyModel([[1.0]], [-1.0]), output=0, eps=0.2).change == 0.0


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_a_random_perturbation_moves_the_sum_as_it_says(norm):
    """On three nulls, 100 units each: the mean square of 4,000 random changes, within 4.5 standard errors."""
    draws = np.random.default_rng(1)
    for n in (2, 9, 40):
        noise = draws.normal(size=(4000, n))
        noise = noise / np.linalg.norm(noise, axis=1, keepdims=True) if norm == "l2" else np.sign(noise)
        for _ in range(100):
            model = gs.ToyModel(draws.normal(size=(n, 2)))
            found = gs.attack(model, neuron=0, eps=1, norm=norm)
            squares = (noise @ model.W[:, 0]) ** 2
            assert abs(squares.mean() - found.typical**2) < 4.5 * squares.std() / 4000**0.5 + 1e-12
            assert squares.max() <= found.strongest**2 + 1e-12


def test_a_dead_unit_cannot_be_moved():
    found = gs.attack(gs.ToyModel([[0.0], [1.0]]), output=0)
    assert (found.change, found.delta.tolist()) == (0.0, [0.0, 0.0])


def test_the_headline_is_short():
    assert len(str(gs.attack(MODEL, output=0)).split()) <= 40


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": None}, "`model` must be a ToyModel; got NoneType"),
        ({"output": None}, "`output` or `neuron` must be given"),
        ({"neuron": 0}, "`output` or `neuron` must be given, not both; got 0 and 0"),
        ({"output": 6}, "`output` must be at most 5; got 6"),
        ({"output": "0"}, "`output` must be an integer"),
        ({"x": [1.0]}, "`x` must have one entry per feature (6,); got shape (1,)"),
        ({"x": [float("nan")] * 6}, "`x` must be finite"),
        ({"x": [1e300] * 6}, "`x` must hold numbers up to 1e+100"),
        ({"eps": 0.0}, "`eps` must be positive"),
        ({"eps": float("nan")}, "`eps` must be positive"),
        ({"eps": 1e300}, "`eps` must be at most 1e+100"),
        ({"norm": "l1"}, '`norm` must be one of "l2", "linf"'),
        ({"model": gs.ToyModel(np.full((6, 1), 1e200))}, "`model` must have products of weights"),
        (
            {"model": gs.ToyModel(np.full((6, 1), 1e200)), "output": None, "neuron": 0},
            "`model` must have weights up to",
        ),
        ({"model": gs.ToyModel(np.ones((6, 1)), activation="gelu")}, "`model` must have one of the output activations"),
        (
            {"model": gs.ToyModel(np.ones((6, 1)), hidden_activation="relu")},
            "`model` must have one linear hidden layer",
        ),
    ],
)
def test_refusals(changes, words):
    with pytest.raises((TypeError, ValueError)) as caught:
        gs.attack(**({"model": MODEL, "output": 0} | changes))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
