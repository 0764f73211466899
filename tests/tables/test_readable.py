"""Every result is read back from what `to_dict` wrote, by way of JSON."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import geomsup as gs
from geomsup.tables import Readable

DIGON = gs.ToyModel([[1.0], [-1.0]])
PAIR = gs.Features(2, 0.1)
rng = np.random.default_rng(0)


def planted():
    """300 random rows in 64 dimensions, and a pentagon of 5."""
    angles = 2 * np.pi * np.arange(5) / 5
    W = rng.normal(size=(305, 64))
    W[:5] = 0
    W[:5, 0], W[:5, 1] = np.cos(angles), np.sin(angles)
    return W


MADE = {
    "Attack": lambda: gs.attack(DIGON, output=0),
    "Certificate": lambda: gs.certify(5, 2, limit=True),
    "CodeBound": lambda: gs.bound("pentagon"),
    "BlockTable": lambda: gs.block_table(5, 2),
    "Comparison": lambda: gs.compare(DIGON, PAIR, starts=2),
    "Comparisons": lambda: gs.compare([DIGON, DIGON], PAIR, starts=2),
    "Component": lambda: gs.classify(gs.polytope("square antiprism").vertices).components[0],
    "Computation": lambda: gs.computation(
        gs.ToyModel(np.eye(4, 2), activation="linear", hidden_activation="relu"), 0.1
    ),
    "Configuration": lambda: gs.thomson(5, starts=3),
    "Crossing": lambda: gs.crossing(
        gs.ToyModel([[1.0, 0], [-1, 0], [0, 1]]), gs.ToyModel(gs.polytope("triangle").vertices),
        lambda p: gs.Features(3, p), (0.45, 0.53),
    ),
    "Description": lambda: gs.classify(rng.normal(size=(200, 30))).components[0].description,
    "Discoveries": lambda: gs.find_shapes(planted()),
    "Discovery": lambda: gs.find_shapes(planted())[0],
    "ExpectedLoss": lambda: gs.expected_loss(DIGON, PAIR, gradient=True, by_active=False),
    "Geometry": lambda: gs.classify(rng.normal(size=(9, 3))),
    "LocalBases": lambda: gs.local_bases(np.concatenate([np.eye(6), np.eye(6)])),
    "Matching": lambda: gs.match(rng.normal(size=(9, 4)), rng.normal(size=(7, 4))),
    "Interference": lambda: gs.interference(DIGON, PAIR),
    "Mixture": lambda: gs.Mixture((0, 1), [[0.2, 0.1], [0.05, 0.3]], [0.5, 0.5]),
    "OneHotLoss": lambda: gs.one_hot_loss([[1.0], [-1.0]]),
    "OneHotState": lambda: gs.one_hot_states("pentagon")[0],
    "OneHotTable": lambda: gs.one_hot_polygons([5, 6]),
    "Motifs": lambda: gs.motifs([[2.0, 1.0], [-0.5, 0.0]], [[0.5, 0.0], [2.0, -4.5]]),
    "Optimum": lambda: gs.optimum(PAIR, 1, starts=2),
    "Outline": lambda: gs.classify(rng.normal(size=(9, 3))).components[0].description,
    "PhaseDiagram": lambda: gs.phase_diagram(2, 1, [0.2, 0.5], [0.3, 0.4]),
    "PlateauBlock": lambda: gs.plateaus([0.1], largest_rank=1).winners[0],
    "PlateauCrossing": lambda: gs.plateaus([0.7, 0.6], largest_rank=2).crossings[0],
    "PlateauMixture": lambda: gs.plateaus([0.1], largest_rank=1, n_features=4, n_hidden=2).mixtures[0],
    "Plateaus": lambda: gs.plateaus([0.7, 0.6], largest_rank=2),
    "Polysemanticity": lambda: gs.polysemanticity(rng.normal(size=(9, 4)), activations=rng.normal(size=(30, 4))),
    "Polytope": lambda: gs.polytope("24-cell"),
    "Probes": lambda: gs.probes(DIGON, PAIR),
    "Features": lambda: PAIR,
    "Record": lambda: gs.best_known(12),
    "SampledFeatures": lambda: gs.SampledFeatures(rng.random((9, 2))),
    "TabulatedBlock": lambda: gs.block_table(5, 2).at(0.05),
    "Subspaces": lambda: gs.subspaces({"a": rng.normal(size=(9, 4)), "b": rng.normal(size=(2, 4))}, rotations=99),
    "SuperpositionTest": lambda: gs.superposition_test(gs.Features(3, 0.1).sample(900, rng=0)[:, :2]),
    "Sweep": lambda: gs.sweep(
        "tests.sweeps.functions:fails_at", {"x": [1, 2]}, bad=2, executor=ThreadPoolExecutor(1)
    ),
    "Symmetry": lambda: gs.symmetry(gs.polytope("cube").vertices),
    "Theorem": lambda: gs.verify(gs.certify(5, 2, limit=True)),
    "ToyModel": lambda: DIGON,
    "Transition": lambda: gs.phase_diagram(2, 1, [0.2, 0.5], [0.3, 0.4]).transitions[0],
}  # fmt: skip


def through_json(value):
    return json.loads(json.dumps(value, allow_nan=False))


@pytest.mark.slow
@pytest.mark.parametrize("name", MADE)
def test_results_are_read_back(name):
    first = MADE[name]()
    assert type(first).__name__ == name
    again = type(first).from_dict(through_json(first.to_dict()))
    assert type(again) is type(first)
    assert through_json(again.to_dict()) == through_json(first.to_dict())
    assert str(again) == str(first)


def test_every_result_is_among_them():
    """What has `to_dict` has a line above; tests of their own read distributions and reports."""
    inputs = {"Joint", "Law", *_laws()}
    written = {name for name in gs.__all__ if hasattr(getattr(gs, name), "to_dict")} - inputs
    kept_by_folders = {"Report", "Verdict"}
    assert written - set(MADE) - kept_by_folders == set()


def _laws():
    return [name for name in gs.__all__ if getattr(getattr(gs, name), "__module__", "").startswith("geomsup.laws.")]


def test_a_field_that_is_missing_is_named():
    data = gs.best_known(12).to_dict()
    with pytest.raises(ValueError, match="`data` must have the key 'source'"):
        gs.Record.from_dict({name: value for name, value in data.items() if name != "source"})
    with pytest.raises(TypeError, match="`data` must be a dictionary; got 3"):
        gs.Record.from_dict(3)


def test_a_command_leaves_out_the_weights():
    """They are in the file that was classified; with them the geometry is whole again."""
    found = gs.classify([[1, 0], [-1, 0], [0, 1]])
    data = {name: value for name, value in through_json(found.to_dict()).items() if name != "W"}
    with pytest.raises(ValueError, match="`data` must have the key 'W'"):
        gs.Geometry.from_dict(data)
    assert str(gs.Geometry.from_dict(data | {"W": [[1.0, 0], [-1, 0], [0, 1]]})) == str(found)


def test_the_loss_on_a_data_set_is_read_back():
    loss = gs.expected_loss(DIGON, gs.SampledFeatures(rng.random((9, 2))))
    assert gs.ExpectedLoss.from_dict(through_json(loss.to_dict())).features == loss.features


def test_arrays_that_were_read_are_read_only():
    assert issubclass(gs.PhaseDiagram, Readable)
    again = gs.ExpectedLoss.from_dict(through_json(gs.expected_loss(DIGON, PAIR).to_dict()))
    with pytest.raises(ValueError, match="read-only"):
        again.per_feature[0] = 1
