"""Dense components: bounds that are attained, laws of random rows, verdicts, names."""

import json

import numpy as np
import pytest
from hypothesis import example, given, strategies as st
from scipy.stats import beta, kstest

import geomsup as gs
from geomsup.recognition.description import describe
from tests.recognition.truth import ICOSAHEDRON, paley_frame, rotation, simplex, unit


def described(rows):
    norms = np.linalg.norm(rows, axis=1)
    return describe(rows / norms[:, None], norms)


@pytest.mark.parametrize(
    "rows",
    [ICOSAHEDRON[[i for i in range(12) if all(ICOSAHEDRON[i] @ ICOSAHEDRON[j] > -0.99 for j in range(i))]]]
    + [paley_frame(q) for q in (5, 13, 61, 137)],
    ids=["6 in 3", "Paley 6 in 3", "14 in 7", "62 in 31", "138 in 69"],
)
def test_equiangular_tight_frames_attain_welch(rows):
    found = described(rows)
    assert found.verdict == "near equiangular, tight frame"
    assert found.coherence == pytest.approx(found.welch, rel=1e-6)
    assert found.effective_rank == pytest.approx(found.rank)
    assert found.tightness < 1e-3
    assert found.equiangular_spread < 1e-3


def test_simplex_with_random_signs(rng):
    n = 150
    rows = simplex(n) * rng.choice([-1.0, 1.0], (n + 1, 1))
    found = described(rows)
    assert found.verdict == "near equiangular, tight frame"
    assert found.coherence == pytest.approx(1 / n)
    assert described(simplex(n)).largest_cosine == pytest.approx(found.rankin)


def test_random_rows_follow_their_law(rng):
    n, m = 3000, 50
    found = described(rng.normal(size=(n, m)))
    # Beta law of g²: variance 1/m, fourth moment 3/(m(m + 2)); participation ratio by E tr F² = n + n(n−1)/m.
    assert found.verdict == "dense, nearly random"
    assert found.rms_cosine**2 == pytest.approx(1 / m, rel=0.01)
    assert found.excess_kurtosis == pytest.approx(3 * m / (m + 2) - 3, abs=0.02)
    assert found.effective_rank == pytest.approx(n**2 / (n + n * (n - 1) / m), rel=0.01)
    assert found.random_effective_rank == pytest.approx(found.effective_rank, rel=0.01)
    assert found.random_distance < 0.003
    assert found.tightness == pytest.approx((m / n) ** 0.5, rel=0.05)


@pytest.mark.parametrize(("m", "law"), [(2, "arcsine"), (3, "uniform")])
def test_distance_from_random_in_the_plane_and_in_space(m, law):
    # Archimedes: cosines of random rows in space are uniform; in the plane they follow the arcsine law.
    turns = np.arange(1, 4001) * 0.5 * (5**0.5 - 1) % 1
    if m == 2:
        rows = np.stack([np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)], axis=1)
    else:
        z = 1 - (2 * np.arange(4000) + 1) / 4000
        r = np.sqrt(1 - z**2)
        rows = np.stack([r * np.cos(2 * np.pi * turns), r * np.sin(2 * np.pi * turns), z], axis=1)
    assert described(rows).random_distance < 0.003


@pytest.mark.parametrize(("n", "d"), [(120, 6), (300, 20), (400, 200), (120, 2)])
def test_distance_from_random_is_that_of_kolmogorov_and_smirnov(n, d, rng):
    rows = unit(rng.normal(size=(n, d)) + 0.1)
    cosines = (rows @ rows.T)[np.triu_indices(n, 1)]
    truth = kstest((cosines + 1) / 2, beta((d - 1) / 2, (d - 1) / 2).cdf).statistic
    assert described(rows).random_distance == pytest.approx(truth, abs=2e-4)  # of a step of the histogram


def test_low_effective_rank_and_tight_frames(rng):
    slanted = rng.normal(size=(1000, 60)) * np.exp(-np.arange(60) / 8)
    assert described(slanted).verdict == "dense, low effective rank"
    frame = np.linalg.qr(rng.normal(size=(1000, 60)))[0]
    assert described(frame).verdict == "tight frame, nearly random"
    union = np.vstack([rotation(64, rng) for _ in range(8)])
    assert described(union).verdict.startswith("tight frame")
    assert described(union).tightness < 1e-6


def test_values_against_the_dense_matrix(rng):
    rows = rng.normal(size=(300, 20)) + 0.5
    found = described(rows)
    G = unit(rows) @ unit(rows).T
    upper = G[np.triu_indices(300, 1)]
    assert found.coherence == pytest.approx(np.abs(upper).max(), rel=1e-12)
    assert abs(G[found.coherent_pair]) == pytest.approx(found.coherence, rel=1e-12)
    assert found.largest_cosine == pytest.approx(upper.max(), rel=1e-12)
    assert found.mean_cosine == pytest.approx(upper.mean(), abs=1e-7)
    assert found.rms_cosine == pytest.approx(np.sqrt((upper**2).mean()), rel=1e-6)
    assert found.excess_kurtosis == pytest.approx((upper**4).mean() / (upper**2).mean() ** 2 - 3, abs=1e-5)
    assert found.equiangular_spread == pytest.approx(np.abs(upper).std() / np.sqrt((upper**2).mean()), rel=1e-5)
    norms = np.linalg.norm(rows, axis=1)
    assert found.norm_spread == pytest.approx(norms.std() / norms.mean())


@given(st.integers(0, 2**32 - 1), st.floats(-100, 100))
@example(90118674, 0.0)  # a cosine at the edge of two bins of the histogram
def test_invariances(seed, scale):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(120, 6)) * rng.uniform(0.5, 2, 6)
    before = described(rows)
    after = described((rows @ rotation(6, rng))[rng.permutation(120)] * 10.0**scale)
    assert after.verdict == before.verdict
    for name, value in before.to_dict().items():
        if name not in ("verdict", "coherent_pair"):
            assert getattr(after, name) == pytest.approx(value, rel=1e-4, abs=1e-4)


@pytest.mark.slow
def test_components_of_many_rows_carry_it(rng):
    geometry = gs.classify(rng.normal(size=(2000, 100)))
    (component,) = geometry.components
    assert geometry.name == component.name == "dense, nearly random (2000 vertices, rank 100)"
    assert component.description.n_rows == 2000
    assert (component.confidence, component.polytope, component.residual) == (0, None, None)
    data = json.loads(json.dumps(geometry.to_dict(), allow_nan=False))
    assert data["components"][0]["description"]["welch"] == component.description.welch
    assert str(component.description) in geometry.summary()
    i, j = component.description.coherent_pair
    cosine = geometry.W[i] @ geometry.W[j] / np.linalg.norm(geometry.W[i]) / np.linalg.norm(geometry.W[j])
    assert abs(cosine) == pytest.approx(component.description.coherence)
    assert isinstance(gs.classify(rng.normal(size=(100, 20))).components[0].description, gs.Outline)
    assert gs.classify(paley_frame(137)).name == "near equiangular, tight frame (138 vertices, rank 69)"
