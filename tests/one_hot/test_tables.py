"""Tables of codes; the best of them against descent."""

import json

import numpy as np
import pytest

from geomsup import optimum, polytopes
from geomsup.one_hot import one_hot_codes, one_hot_features, one_hot_polygons


@pytest.mark.slow
@pytest.mark.parametrize(("c", "name"), [(5, "pentagon"), (6, "hexagon"), (7, "heptagon"), (8, "heptagon +")])
def test_descent_from_anywhere_finds_the_best_code_in_the_plane(c, name):
    best = one_hot_codes(2, c).states[0]
    assert best.name == name
    found = optimum(one_hot_features(c), 2, starts=8)
    assert found.loss == pytest.approx(best.loss, rel=1e-9)
    assert np.sort(np.linalg.norm(found.model.W, axis=1)) == pytest.approx(
        np.sort(np.linalg.norm(best.model.W, axis=1)), abs=1e-4
    )


@pytest.mark.slow
def test_the_table_of_polygons():
    table = one_hot_polygons()
    assert [state.shape.n_vertices for state in table.states] == list(range(2, 15))  # one critical point each
    lines = str(table).splitlines()
    assert lines[0].split() == [
        "state", "c", "norm", "bias", "potential", "loss", "kind", "index", "flat", "rotations",
    ]  # fmt: skip
    assert lines[4].split() == [
        "pentagon", "5", "1.1704596391", "-0.2822972831", "0.23738441", "0.01582563", "minimum", "0", "1", "1",
    ]  # fmt: skip
    assert len({len(line) for line in lines}) == 1
    data = json.loads(json.dumps(table.to_dict(), allow_nan=False))
    assert data["skipped"] == []
    assert data["states"][3] == {
        "shape": "pentagon", "name": "pentagon", "n_features": 5, "dead": 0, "silent": 0, "dead_bias": 0.1,
        "norm": table.states[3].norm, "bias": table.states[3].bias, "potential": table.states[3].potential,
        "loss": table.states[3].loss, "kind": "minimum", "index": 0, "n_flat": 1, "n_symmetries": 1,
    }  # fmt: skip


def test_a_table_with_dead_features():
    assert [state.name for state in one_hot_polygons([5, 6], 2, silent=1).states] == ["pentagon +-", "hexagon +-"]


@pytest.mark.slow
def test_codes_of_a_dimension_are_sorted_by_loss():
    table = one_hot_codes(3)
    names = [state.shape.name for state in table.states]
    assert sorted([*names, *table.skipped]) == sorted(
        shape.name for shape in polytopes(dimension=3) if shape.n_vertices <= 48
    )
    losses = [state.loss for state in table.states]
    assert losses == sorted(losses)
    assert names.index("icosahedron") < names.index("cuboctahedron")
    assert "square antiprism" in table.skipped
    assert "square antiprism" in str(table).splitlines()[-1]
    assert str(table).splitlines()[-1].startswith("not critical: ")


def test_codes_at_equal_number_of_features():
    table = one_hot_codes(3, 12)
    assert {state.n_features for state in table.states} == {12}
    assert table.states[0].name == "icosahedron"
    assert max(state.shape.n_vertices for state in table.states) <= 12
    assert [state.name for state in one_hot_codes(2, 8).states][:3] == ["heptagon +", "hexagon ++", "octagon"]


@pytest.mark.parametrize(
    ("function", "arguments", "options", "error", "message"),
    [
        (one_hot_polygons, (5,), {}, TypeError, r"^`ks` must be numbers of sides; got 5\. Pass range"),
        (one_hot_polygons, ([1],), {}, ValueError, r"^`ks` must be at least 2; got 1\. Pass"),
        (one_hot_codes, (0,), {}, ValueError, r"^`dimension` must be at least 1; got 0\. Pass"),
        (one_hot_codes, (2, 1), {}, ValueError, r"^`n_features` must be at least 2; got 1\. Pass"),
    ],
)
def test_bad_input_is_named(function, arguments, options, error, message):
    with pytest.raises(error, match=message):
        function(*arguments, **options)
