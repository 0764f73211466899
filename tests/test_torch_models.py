"""Models trained by PyTorch alone: our losses against its Monte Carlo, our names against what W shows.

tests/data/torch_toy_models.py made the data; nothing here imports PyTorch.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from geomsup import Features, ToyModel, classify, compare, expected_loss

DATA = json.loads((Path(__file__).parent / "data" / "torch_toy_models.json").read_text())
MODELS = DATA["models"]


def name(entry):
    unequal = ", unequal" if entry["importance"][1] != 1 else ""
    return f"{entry['n_features']}-{entry['n_hidden']} p={entry['probability']}{unequal} seed {entry['seed']}"


def size(entry):
    return entry["n_features"], entry["n_hidden"], entry["probability"]


def problem(entry):
    """PyTorch's W is (n_hidden, n_features), as in the paper."""
    W = np.array(entry["W"])
    assert W.shape == (entry["n_hidden"], entry["n_features"])
    return ToyModel(W.T, entry["b"]), Features(W.shape[1], entry["probability"], entry["importance"])


# By inspection of the weights. At p = 1 nothing is sparse, and the two models differ: see the test of these.
NAMES = {
    (5, 2, 0.3): "square (2 digons)",
    (5, 2, 0.05): "pentagon",
    (2, 1, 0.1): "digon",
    (6, 3, 0.05): "octahedron (3 digons)",
}


def test_the_data_are_what_they_claim():
    assert DATA["samples"] == 10_000_000
    assert len(MODELS) >= 16
    assert {size(entry) for entry in MODELS} >= {*NAMES, (5, 2, 1.0)}
    assert all(entry["standard_error"] < 0.01 * entry["loss"] for entry in MODELS)


@pytest.mark.parametrize("entry", MODELS, ids=name)
def test_expected_loss_agrees_with_the_monte_carlo_of_torch(entry):
    result = expected_loss(*problem(entry))
    assert abs(result.value - entry["loss"]) < 4 * entry["standard_error"]


def test_all_differences_together_are_those_of_chance():
    """Scores of independent samples: their mean has the standard error 1/√n, their squares sum to about n."""
    scores = np.array([(float(expected_loss(*problem(e))) - e["loss"]) / e["standard_error"] for e in MODELS])
    assert abs(scores.mean()) < 4 / np.sqrt(len(scores))
    assert (scores**2).sum() < len(scores) + 4 * np.sqrt(2 * len(scores))


@pytest.mark.parametrize("entry", [e for e in MODELS if size(e) in NAMES], ids=name)
def test_the_geometry_is_the_one_to_be_seen(entry):
    for geometry in (classify(entry["W"]), classify(entry["W"], orientation="columns")):
        assert geometry.name == NAMES[size(entry)]
        dropped = 1 if size(entry) == (5, 2, 0.3) else 0
        assert len(geometry.not_represented) == dropped


@pytest.mark.parametrize("entry", [e for e in MODELS if size(e) == (5, 2, 1.0)], ids=name)
def test_dense_features_get_no_shape(entry):
    """At p = 1 two features are stored well, and the other three, much shorter, share what is left."""
    W = np.array(entry["W"]).T
    norms = np.sort(np.linalg.norm(W, axis=1))
    assert (norms[-2:] > 0.8).all()
    assert (norms[:3] < 0.6).all()
    geometry = classify(W)
    assert all(component.polytope is None or component.polytope.n_vertices == 1 for component in geometry.components)
    assert sum(component.rank for component in geometry.components) <= 2
    # Two dedicated dimensions, three features dropped, would lose the variance of three: 3/12.
    assert float(expected_loss(*problem(entry))) == pytest.approx(3 / 12, rel=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("entry", [e for e in MODELS if e["n_features"] <= 8], ids=name)
def test_trained_models_are_within_a_percent_of_the_optimum(entry):
    model, features = problem(entry)
    result = compare(model, features, starts=6)
    assert 0 <= result.excess < 0.01
    if size(entry) in NAMES:
        assert result.optimum.geometry.name == NAMES[size(entry)]


def test_twelve_features_in_four_dimensions_use_the_spectral_method():
    (entry,) = [e for e in MODELS if e["n_features"] == 12]
    assert expected_loss(*problem(entry)).method == "spectral"
