"""Closed forms about the origin and about the mean."""

from itertools import combinations

import numpy as np
import pytest

import geomsup as gs
from geomsup.recognition.hidden.fitting import fit
from tests.recognition.truth import ngon, rotation, shortest_chord, simplex, unit

NAMES = {3: "triangle", 4: "square", 5: "pentagon", 7: "heptagon", 12: "dodecagon"}


def fitted(X):
    lengths = np.linalg.norm(X, axis=1)
    U = X / lengths[:, None]
    return fit((U @ U.T)[None], lengths[None], X.shape[1])


def placed(vertices, m, noise, rng):
    k, r = vertices.shape
    error = noise * shortest_chord(vertices) / m**0.5 * rng.normal(size=(k, m))
    return (vertices @ rotation(m, rng)[:r] + error)[rng.permutation(k)]


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.1, 0.2])
@pytest.mark.parametrize("k", NAMES)
def test_polygons_are_named_about_both_centers(k, noise, rng):
    X = placed(ngon(k), 200, noise, rng)
    offset = rng.normal(size=200) * 1.2 / 200**0.5
    about_mean = fitted(3 * (X + offset))
    assert (about_mean.names, about_mean.centers) == ([NAMES[k]], ["mean"])
    about_origin = fitted(X * rng.uniform(0.1, 10, (k, 1)))
    assert (about_origin.names, about_origin.centers) == ([NAMES[k] if k != 4 else None], ["origin"])
    if noise == 0:
        assert about_mean.residual[0] < 1e-4


@pytest.mark.parametrize("d", range(1, 12))
def test_simplices_are_named(d, rng):
    shape = simplex(d)
    found = fitted(placed(shape, 200, 0.1, rng))
    assert (found.names, found.centers) == ([gs.polytope(f"{d}-simplex" if d > 1 else "digon").name], ["origin"])


def test_the_distance_is_that_of_procrustes(rng):
    from scipy.linalg import orthogonal_procrustes

    X, T = unit(ngon(5) @ np.eye(2, 6) + 0.05 * rng.normal(size=(5, 6))), ngon(5) @ np.eye(2, 6)
    turn = orthogonal_procrustes(T, X)[0]
    assert fitted(X).chord[0] == pytest.approx(np.sqrt(((X - T @ turn) ** 2).sum() / 5), rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("k", range(5, 13))
def test_a_polygon_that_lost_points_is_no_other_polygon(k):
    for lost in (1, 2):
        if k - lost > 3:
            for kept in combinations(range(k), k - lost):
                for offset in (0.0, 1.0):
                    X = np.column_stack([ngon(k)[list(kept)], np.full(k - lost, offset), np.zeros((k - lost, 20))])
                    assert fitted(X).names[0] in (None, "copy")


def test_copies_and_opposites(rng):
    x = rng.normal(size=(1, 50))
    for k in (2, 3):
        found = fitted(np.repeat(x, k, axis=0) * np.arange(1, k + 1)[:, None])
        assert (found.names, found.residual[0]) == (["copy"], pytest.approx(0, abs=1e-5))
    assert fitted(np.vstack([x, -3 * x])).names == ["digon"]
    assert fitted(rng.normal(size=(2, 50))).names == [None]


def test_the_residual_is_an_angle():
    turned = np.deg2rad(170)
    found = fitted(np.array([[1.0, 0.0], [np.cos(turned), np.sin(turned)]]))
    assert found.names == ["digon"]
    assert found.residual[0] == pytest.approx(5.0, rel=2e-3)
