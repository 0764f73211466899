"""The chance formula against closed forms and simulation."""

from math import comb, exp, log, pi

import numpy as np
import pytest

from geomsup.recognition import chance
from tests.recognition.truth import DEDICATED, DIGON, TETRAHEDRON, ngon, rotation


def probability(template, order, f, m, rho, v=None):
    return exp(chance.tube(template, order, v or len(template), f, m, rho).log_probability)


def test_digon_on_a_line():
    assert probability(DIGON, 2, 1, 1, 0.3) == pytest.approx(1 / 2, rel=1e-12)


def test_digon_in_the_plane():
    # Two angles off by 2e: rho = 2 sin(e/2) ~ e, and the angle falls in a window of 4e out of 2π.
    assert probability(DIGON, 2, 2, 2, 1e-3) == pytest.approx(4e-3 / (2 * pi))


def test_triangle_in_the_plane():
    rho = 0.01
    assert probability(ngon(3), 6, 2, 2, rho) == pytest.approx(3 * 3**0.5 / (2 * pi) * rho**2)


def test_dedicated_dimension():
    # In R³, within ρ of a given line: two caps of area πρ² out of 4π; of a plane: a band 2ρ high.
    assert probability(DEDICATED, 1, 1, 3, 0.01) == pytest.approx(2 * 0.01**2 / 4)
    assert probability(DEDICATED, 1, 2, 3, 0.01) == pytest.approx(0.01)


@pytest.mark.parametrize("n", [2, 3, 4, 7])
def test_signs(n):
    template = np.where(np.arange(n)[:, None] == 0, 1.0, -1.0)
    assert probability(template, 2, 1, 1, 0.1, v=2) == pytest.approx(1 - 2.0 ** (1 - n))


def test_a_fitted_parameter_is_charged_a_quarter_turn():
    # Two digons at any angle, a rectangle: two digons each off by no more than √(8ρ² - the other's²), three pairings,
    # 3 · π 8ρ²/(2π)². A quarter turn of all vertices takes the angle from 0 to π and meets each rectangle twice.
    rho, rectangle = 1e-3, np.vstack([DIGON @ [[0.6, 0.8]], DIGON @ [[0.6, -0.8]]])
    found = exp(chance.tube(rectangle, 4, 4, 2, 2, rho, parameters=1).log_probability)
    assert found == pytest.approx(2 * 6 * rho**2 / pi, rel=1e-12)


def test_no_room_for_the_shape():
    assert chance.tube(ngon(5), 10, 5, 1, 3, 0.1).log_probability == np.inf


@pytest.mark.slow
@pytest.mark.parametrize(
    ("template", "order", "m", "rho"),
    [(TETRAHEDRON, 24, 3, 0.25), (ngon(3), 6, 3, 0.15), (ngon(5), 10, 2, 0.2), (DIGON, 2, 4, 0.15)],
    ids=["tetrahedron", "triangle in space", "pentagon", "digon in 4"],
)
def test_against_simulation(template, order, m, rho):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400_000, len(template), m))
    X /= np.linalg.norm(X, axis=-1, keepdims=True)
    if len(template) == 5:  # the cyclic order, at random labels, is the nearest map for what lies within rho
        X = np.take_along_axis(X, np.argsort(np.arctan2(X[..., 1], X[..., 0]), axis=1)[..., None], axis=1)
    overlap = np.linalg.svd(template.T @ X, compute_uv=False).sum(axis=-1)
    observed = (2 - 2 * overlap / len(template) <= rho**2).mean()
    expected = probability(template, order, m, m, rho)
    error = (expected / len(X)) ** 0.5
    assert observed == pytest.approx(expected, rel=0.12, abs=4 * error)


def test_deviation_is_the_procrustes_distance():
    rng = np.random.default_rng(1)
    template, m = ngon(5), 4
    X = template @ rotation(m, rng)[:2] + 0.1 * rng.normal(size=(5, m))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    left, _, right = np.linalg.svd(template.T @ X, full_matrices=False)
    direct = np.linalg.norm(X - template @ left @ right) / 5**0.5
    assert chance.deviation(X, template, np.eye(m)) == pytest.approx(direct)


def test_deviation_counts_the_leak():
    tilted = np.array([[0.0, 0.6, 0.8], [0.0, -0.6, -0.8]])
    free = np.eye(3)[:, :2]  # 0.8 of the rows lies outside; the nearest copy is along the second axis
    assert chance.deviation(tilted, DIGON, free) == pytest.approx(((1 - 0.6) ** 2 + 0.8**2) ** 0.5)


def test_choices_and_confidence():
    assert exp(chance.log_choices(12, 5, 2)) == pytest.approx(2 * comb(12, 5))
    assert exp(chance.log_elsewhere(12, 5, 5)) == pytest.approx(11)
    assert exp(chance.log_elsewhere(12, 5, 4)) == pytest.approx(11 * 4)
    assert chance.confidence(log(0.25)) == pytest.approx(0.75)
    assert chance.confidence(-1000.0) == 1
    assert chance.confidence(0.0) == 0


def test_tubes_add():
    one = chance.tube(DIGON, 2, 2, 2, 2, 0.1)
    assert one + chance.Tube() == one
    both = one + chance.tube(DIGON, 2, 2, 1, 2, 0.1)
    assert both.codimension == 1 + 2
    assert both.squared_radius == pytest.approx(4 * 0.01)
