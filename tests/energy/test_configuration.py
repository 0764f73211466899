"""The result as a value."""

import dataclasses
import json

import numpy as np
import pytest

import geomsup as gs


@pytest.fixture(scope="module")
def icosahedron():
    return gs.thomson(12)


def test_a_configuration_is_frozen(icosahedron):
    with pytest.raises(ValueError, match="read-only"):
        icosahedron.points[0, 0] = 0
    with pytest.raises(AttributeError):
        icosahedron.energy = 0.0


def test_it_says_what_it_is(icosahedron):
    assert (icosahedron.n, icosahedron.d, icosahedron.index, icosahedron.zero_modes) == (12, 3, 0, 0)
    assert icosahedron.geometry.name == "icosahedron"
    assert icosahedron.symmetry.order == 120
    assert icosahedron.angle == pytest.approx(np.degrees(np.arctan(2)))
    text = str(icosahedron)
    for part in (
        "12 points in 3 dimensions",
        "49.1652530576",
        "matches the best known",
        "icosahedron",
        "Ih, order 120",
    ):
        assert part in text
        assert part in icosahedron._repr_html_() + text
    assert repr(icosahedron).startswith("Configuration(12 points")


def test_it_converts_to_plain_values(icosahedron):
    plain = json.loads(json.dumps(icosahedron.to_dict(), allow_nan=False))
    assert plain["best_known"]["status"] == "proved"
    assert plain["symmetry"] == {"order": 120, "schoenflies": "Ih"}
    assert np.array(plain["points"]) == pytest.approx(icosahedron.points)


def test_many_points_of_a_search_that_was_ended_early_are_not_named(icosahedron, monkeypatch, rng):
    """Their symmetry takes up to minutes: who pressed Ctrl-C does not wait for it."""
    monkeypatch.setattr("geomsup.isometries.symmetry", lambda *_: pytest.fail("looked for symmetries"))
    monkeypatch.setattr("geomsup.recognition.classify", lambda *_, **__: pytest.fail("classified"))
    points = rng.normal(size=(200, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    found = dataclasses.replace(icosahedron, points=points, complete=False)
    assert "not looked at, since the search was ended early" in str(found)
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert (plain["geometry"], plain["symmetry"]) == (None, None)
    np.testing.assert_array_equal(gs.Configuration.from_dict(plain).points, points)


@pytest.mark.parametrize(
    ("shift", "verdict"),
    [(1e-3, "above the best known by 0.001"), (-1e-3, "below the best known by 0.001, which would be new"),
     (-1e-7, "below the best known by 1e-07, which would be new"), (1e-7, "above the best known by 1e-07"),
     (4e-8, "matches the best known"), (-4e-8, "matches the best known")],
)  # fmt: skip
def test_verdicts_at_a_relative_1e9(icosahedron, shift, verdict):
    assert dataclasses.replace(icosahedron, energy=49.16525305762853 + shift).verdict == verdict


def test_cosines_are_compared_absolutely(icosahedron):
    record = gs.best_known(12, 3, "tammes")
    tammes = dataclasses.replace(icosahedron, potential=gs.Potential("tammes"), best_known=record)
    for shift, same in ((0.9e-9, True), (1.1e-9, False)):
        assert (dataclasses.replace(tammes, energy=5**-0.5 + shift).verdict == "matches the best known") is same


def test_the_next_minimum_of_150_points_is_another(icosahedron):
    # Erber and Hockney 1991: many minima lie a few 1e-7 of the energy above the lowest.
    record = gs.best_known(150)
    found = dataclasses.replace(icosahedron, best_known=record, energy=record.value * (1 + 3.4e-7))
    assert found.verdict.startswith("above the best known")


def test_the_energy_of_lines_has_the_angle_of_lines():
    found = gs.minimize_energy(6, 3, "coherence")
    assert found.angle == pytest.approx(np.degrees(np.arccos(5**-0.5)))
    assert found.index is None
    assert found.kind == "contacts balance"


def test_a_saddle_is_called_one(icosahedron):
    cube = gs.polytope("cube").vertices
    saddle = dataclasses.replace(icosahedron, points=cube)
    assert saddle.is_minimum is False
    assert saddle.kind.startswith("saddle of index")
