"""Crossings of structures, recomputed from families of one or two numbers."""

import json

import numpy as np
import pytest
from scipy.optimize import brentq, minimize

from geomsup import Features, ToyModel, expected_loss, optimum
from geomsup.phases.crossings import crossing


def polygon(n):
    turns = 2 * np.pi / n * np.arange(n)
    return np.stack([np.cos(turns), np.sin(turns)], axis=1)


PENTAGON = ToyModel(polygon(5), np.full(5, -0.2))
DIGONS = ToyModel([[1, 0], [-1, 0], [0, 1], [0, -1], [0, 0]])


def common_norm_and_bias(shape, p, start):
    """Return the lowest loss of a regular shape over its norm and bias."""

    def loss(z):
        return expected_loss(ToyModel(z[0] * shape, np.full(len(shape), z[1])), Features(len(shape), p)).value

    return minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-16}).fun


@pytest.mark.slow
def test_the_pentagon_gives_way_to_two_digons():
    """Two digons cost twice the optimum of (2, 1), the fifth feature its variance: blocks do not interact."""
    found = crossing(PENTAGON, DIGONS, lambda p: Features(5, p), (0.1, 0.3))

    def digons(p):
        return 2 * optimum(Features(2, p), 1, starts=4).loss + p / 3 - p**2 / 4

    root = brentq(lambda p: common_norm_and_bias(polygon(5), p, (1.1, -0.2)) - digons(p), 0.2, 0.25, xtol=1e-11)
    assert found.parameter == pytest.approx(root, abs=1e-8)
    assert found.parameter == pytest.approx(0.2248754494, abs=1e-9)
    assert found.loss == pytest.approx(digons(found.parameter), rel=1e-10)
    assert found.geometries == ("pentagon", "square (2 digons)")
    assert found.order == "first"
    for model in found.models:
        assert expected_loss(model, found.features).value == pytest.approx(found.loss, rel=1e-12)
    assert (found.models[1].W[4] == 0).all()


@pytest.mark.slow
def test_slopes_are_those_of_the_branches():
    found = crossing(PENTAGON, DIGONS, lambda p: Features(5, p), (0.2, 0.25))
    p, step = found.parameter, 1e-3
    pentagon = [common_norm_and_bias(polygon(5), t, (1.1, -0.2)) for t in (p - step, p + step)]
    digons = [2 * optimum(Features(2, t), 1, starts=4).loss + t / 3 - t**2 / 4 for t in (p - step, p + step)]
    expected = [np.diff(losses)[0] / (2 * step) for losses in (pentagon, digons)]
    np.testing.assert_allclose(found.slopes, expected, rtol=1e-4)
    assert found.slopes[0] > found.slopes[1]  # the lowest loss has a kink that points up


def test_any_parameter_will_do():
    """Along importance: the dropped feature of (2, 1) costs I (p/3 - p²/4), linear in I."""
    p = 0.3
    found = crossing(
        ToyModel([[1], [0]]), ToyModel([[1], [-0.8]], [0.02, 0.06]), lambda i: Features(2, p, [1, i]), (0.2, 0.4)
    )
    assert found.loss == pytest.approx(found.parameter * (p / 3 - p**2 / 4), rel=1e-9)
    assert found.slopes[0] == pytest.approx(p / 3 - p**2 / 4, rel=1e-6)
    assert found.slopes[1] < found.slopes[0]


def test_a_crossing_prints_and_converts():
    pair = ToyModel([[1, 0], [-1, 0], [0, 1]])
    found = crossing(pair, ToyModel(polygon(3)), lambda p: Features(3, p), (0.45, 0.53))
    assert str(found).startswith("digon + dedicated dimension and triangle cross at 0.5218376591, loss 0.0818277")
    assert found.loss == pytest.approx(common_norm_and_bias(polygon(3), found.parameter, (0.9, 0.1)), rel=1e-9)
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert data["parameter"] == found.parameter
    assert Features.from_dict(data["features"]) == found.features


def law(p):
    return Features(5, p)


UNTIED = ToyModel(np.eye(5)[:, :2], W_out=np.eye(5)[:, :2])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((PENTAGON.W, DIGONS, law, (0.1, 0.3)), TypeError, r"^`first` must be a ToyModel; got ndarray\. Wrap"),
        ((PENTAGON, UNTIED, law, (0.1, 0.3)), ValueError, r"^`second` must be a tied ReLU model of 5 features; got"),
        ((PENTAGON, ToyModel(polygon(3)), law, (0.1, 0.3)), ValueError, r"^`second` must be a tied ReLU model of 5"),
        ((PENTAGON, DIGONS, Features(5, 0.1), (0.1, 0.3)), TypeError, r"^`features` must be a function of one number"),
        ((PENTAGON, DIGONS, lambda p: p, (0.1, 0.3)), TypeError, r"^`features` must return Features; got float\."),
        ((PENTAGON, DIGONS, law, (0.3, 0.1)), ValueError, r"^`bracket` must be two rising numbers; got \(0\.3, 0\.1\)"),
        ((PENTAGON, DIGONS, law, 0.1), ValueError, r"^`bracket` must be two rising numbers; got 0\.1\."),
        ((PENTAGON, DIGONS, law, (0.1, 0.15)), ValueError, r"^`bracket` must have another structure better at either"),
        ((DIGONS, DIGONS, law, (0.1, 0.3)), ValueError, r"^`first` and `second` must be two structures all along"),
    ],
)
def test_bad_input_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        crossing(*arguments)


def test_a_branch_that_ends_is_named():
    """At p = 0.6 the weak pair has a minimum of its own up to an importance of about 0.84."""
    weak, dropped = ToyModel([[1.01], [-0.23]], [0.03, 0.35]), ToyModel([[1], [0]])
    with pytest.raises(ValueError, match=r"^`first` must be a structure .* got one that turns into digon before 0\.8"):
        crossing(weak, dropped, lambda i: Features(2, 0.6, [1, i]), (0.72, 0.95))
