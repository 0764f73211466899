"""Phase diagrams: brute force, symmetries, what the names mean, and promises."""

import json
import re

import numpy as np
import pytest
from scipy.optimize import minimize

from geomsup import Features, ToyModel, dimensionality, expected_loss, optimum
from geomsup.compiling import COMPILING
from geomsup.optima import cache
from geomsup.phases import search
from geomsup.phases.diagram import phase_diagram
from geomsup.phases.names import invariants, phase_name
from geomsup.phases.prediction import paper_prediction
from tests.phases.truth import DEDICATED, DROPPED, PAIR, STRONG, WEAK, brute_force, small

# --- the optimum -----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("p", "importance"), [(0.1, 1.0), (0.3, 0.4), (0.6, 0.75), (0.9, 1.0)])
def test_two_features_in_one_dimension_by_brute_force(p, importance):
    loss = phase_diagram(2, 1, [p], [importance], starts=8).loss[0, 0]
    assert loss == pytest.approx(brute_force(p, importance), abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m"), [(2, 1), (3, 2), (3, 1), (4, 2)])
def test_no_cell_is_beaten_by_random_starts(n, m):
    size = 8 if n < 4 else 4
    diagram = phase_diagram(n, m, np.geomspace(0.02, 0.98, size), np.geomspace(0.15, 8, size))
    for i, j in np.random.default_rng(n + m).integers(0, size, size=(6, 2)):
        other = optimum(diagram.features(i, j), m, starts=32, rng=int(i + size * j))
        assert diagram.loss[i, j] <= other.loss * (1 + 1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("p", [0.1, 0.05, 0.3])
def test_known_optima(p):
    known = {0.1: 0.026305131, 0.05: 0.008903594, 0.3: 0.136120711}  # (5, 2), the best of 24 starts of a prototype
    diagram = phase_diagram(5, 2, [p], [1.0], starts=40)
    assert diagram.loss[0, 0] == pytest.approx(known[p], abs=1e-9)


def test_losses_are_those_of_the_models():
    diagram = phase_diagram(3, 2, [0.05, 0.4, 0.8], [0.3, 1.7])
    for i, j in np.ndindex(3, 2):
        expected = expected_loss(diagram.model(i, j), diagram.features(i, j))
        assert diagram.loss[i, j] == pytest.approx(expected.value, rel=1e-12)
        np.testing.assert_allclose(diagram.features(i, j).importance, [1, 1, diagram.importances[j]])
    np.testing.assert_allclose(diagram.dimensionality, dimensionality(diagram.W)[..., 2])
    norms = np.linalg.norm(diagram.W[:, :, :2], axis=-1)
    assert (norms[..., 0] >= norms[..., 1] - 1e-6).all()


@pytest.mark.slow
def test_exchanging_the_two_features_is_a_symmetry():
    """L(p, I) = I L(p, 1 / I): the roles of the two features of (2, 1) change places."""
    diagram = small()
    np.testing.assert_allclose(diagram.loss, diagram.importances * diagram.loss[:, ::-1], rtol=1e-9)
    mirrored = {DROPPED: DEDICATED, DEDICATED: DROPPED, PAIR: PAIR, WEAK: STRONG, STRONG: WEAK}
    names = np.array(diagram.names)[diagram.phase[:-1]]  # at p = 1 names are a matter of convention
    assert (np.vectorize(mirrored.get)(names)[:, ::-1] == names).all()


@pytest.mark.slow
def test_at_equal_importance_superposition_beats_dropping_at_every_density():
    """Even at p = 1, where nothing is ever absent: relu then still beats the linear optimum."""
    p = np.linspace(0.01, 1, 100)
    diagram = phase_diagram(2, 1, p, [1.0])
    assert set(np.array(diagram.names)[diagram.phase[:, 0]]) <= {PAIR, WEAK, STRONG}
    gain = 1 - diagram.loss[:, 0] / (p / 3 - p**2 / 4)
    assert gain.min() > 9e-4
    last = expected_loss(diagram.model(99, 0), diagram.features(99, 0), method="spectral")
    assert last.value + last.error < 1 / 12


# --- names -----------------------------------------------------------------------------------------------------

TURNS = 2 * np.pi / 3 * np.arange(3)
TRIANGLE = np.stack([np.cos(TURNS), np.sin(TURNS)], axis=1)
PENTAGON = np.stack([np.cos(0.4 * np.pi * np.arange(5)), np.sin(0.4 * np.pi * np.arange(5))], axis=1)


@pytest.mark.parametrize(
    ("W", "name"),
    [
        ([[1], [0]], DROPPED),
        ([[0], [1]], DEDICATED),
        ([[1], [-0.2]], PAIR),
        ([[1], [0.5]], "extra in an aligned pair"),
        ([[0], [0]], "extra not represented, others: 1 not represented"),
        ([[1], [-1], [0.5]], "extra on a line, beside 1 against 1"),
        ([[1], [1], [-1]], "extra on a line, alone against 2"),
        ([[1], [0.5], [-1]], "extra on a lopsided line, alone against 2"),
        ([[1], [-1], [0]], "extra not represented, others: digon"),
        ([[1], [-0.9], [0]], "extra not represented, others: lopsided digon"),
        ([[1], [-0.9], [0.8], [0]], "extra not represented, others: lopsided line of 2 against 1"),
        (TRIANGLE, "extra in a triangle"),
        (TRIANGLE * [[1], [1], [2]], "extra in a triangle"),
        (TRIANGLE * [[1], [2], [1]], "extra in a lopsided triangle"),
        (np.eye(3)[[0, 1, 0]] * [[1], [1], [-1]], "extra in a digon, others: 1 dedicated"),
        (np.eye(4)[:, :3], "extra not represented, others: 3 dedicated"),
        (np.vstack([np.eye(3), -np.ones(3)]), "extra in a tetrahedron"),
        (np.vstack([np.eye(4), -np.ones(4)]), "extra in a 5-cell"),
        (PENTAGON, "extra in a pentagon"),
        (np.vstack([[1, 1], [1, -1], [-1, 0.5], [-1, -1]]), "extra in an unnamed (4 vertices, rank 2)"),
        (np.array([[1, 0], [-1, 0], [0, 1], [0, -1], [0, 0]]), "extra not represented, others: 2 digons"),
    ],
)
def test_names_say_what_is_stored(W, name, rng):
    W = np.array(W, float)
    assert phase_name(W) == name
    turn, _ = np.linalg.qr(rng.normal(size=(W.shape[1],) * 2))
    other = np.vstack([rng.permutation(W[:-1]), W[-1:]]) @ turn
    assert phase_name(other) == name
    np.testing.assert_allclose(invariants(other), invariants(W), atol=1e-12)


def test_regions_of_one_structure_are_told_apart():
    diagram = small()
    share = {name: diagram.dimensionality[diagram.phase == k] for k, name in enumerate(diagram.names)}
    assert set(share) == {DROPPED, WEAK, PAIR, STRONG, DEDICATED}
    assert (share[DROPPED] == 0).all()
    assert 0 < share[WEAK].min() <= share[WEAK].max() < 0.25
    assert 0.25 < share[PAIR].min() < 0.5 < share[PAIR].max() < 0.75
    assert 0.75 < share[STRONG].min() <= share[STRONG].max() < 1
    assert (share[DEDICATED] == 1).all()
    assert list(diagram.names) == sorted(share, key=lambda name: share[name].mean())


# --- the paper's prediction -------------------------------------------------------------------------------------


def test_the_prediction_is_the_best_of_fixed_configurations():
    p, importances = np.array([0.05, 0.3, 0.55, 0.6, 0.9]), np.array([0.1, 0.6, 1.3, 4.0])
    pair = [[1, 0], [-1, 0], [0, 1]]
    fixed = {
        (2, 1): [([[1], [0]], [1]), ([[1], [-1]], []), ([[0], [1]], [0])],
        (3, 2): [(np.eye(3)[:, :2], [2]), (np.eye(2)[[0, 1, 0]] * [[1], [1], [-1]], []), (pair, []),
                 (np.eye(3)[:, [0, 2]], [1])],
    }  # fmt: skip
    for (n, m), shapes in fixed.items():
        guess = paper_prediction(n, m, p, importances)
        for i, j in np.ndindex(guess.loss.shape):
            features = Features(n, p[i], [1.0] * (n - 1) + [importances[j]])
            losses = []
            for W, dropped in shapes:
                b = np.where(np.isin(np.arange(n), dropped), p[i] / 2, 0.0)
                losses.append(expected_loss(ToyModel(W, b), features).value)
            assert guess.loss[i, j] == pytest.approx(min(losses), rel=1e-12)
            best = np.array(shapes[int(np.argmin(losses))][0], float)
            assert guess.names[guess.phase[i, j]] == phase_name(best)
            assert guess.dimensionality[i, j] == pytest.approx(dimensionality(best)[-1])


def test_the_prediction_has_the_papers_boundaries():
    for p in (0.1, 0.3, 0.5):
        edge = 2 * p / (4 - 5 * p)
        guess = paper_prediction(2, 1, [p], [edge * 0.999, edge * 1.001, 0.999 / edge, 1.001 / edge])
        assert [guess.names[k] for k in guess.phase[0]] == [DROPPED, PAIR, PAIR, DEDICATED]
    dense = paper_prediction(2, 1, [4 / 7 - 1e-3, 4 / 7 + 1e-3], [0.999, 1.001])
    assert [[dense.names[k] for k in row] for row in dense.phase] == [[PAIR, PAIR], [DROPPED, DEDICATED]]


def test_the_optimum_costs_less_than_the_prediction_and_its_pair_reaches_further():
    diagram = small()
    guess = paper_prediction(2, 1, diagram.probabilities, diagram.importances)
    assert (diagram.loss <= guess.loss * (1 + 1e-12)).all()
    point = phase_diagram(2, 1, [0.175], [0.1]), paper_prediction(2, 1, [0.175], [0.1])
    assert [diagram.names[diagram.phase[0, 0]] for diagram in point] == [PAIR, DROPPED]


# --- promises ---------------------------------------------------------------------------------------------------


def test_same_seed_same_bits_and_progress_counts_up():
    seen = []
    once = phase_diagram(
        3, 1, [0.1, 0.6], [0.5, 1, 2], rng=3, progress=lambda *told: told[0] == COMPILING or seen.append(told)
    )
    again = phase_diagram(3, 1, [0.1, 0.6], [0.5, 1, 2], rng=3)
    np.testing.assert_array_equal(once.W, again.W)
    np.testing.assert_array_equal(once.loss, again.loss)
    assert once.names == again.names
    assert [fraction for _, fraction in seen] == sorted(fraction for _, fraction in seen)
    assert seen[-1] == ("searching", 1.0)


def test_an_interrupted_diagram_goes_on_where_it_was(monkeypatch, tmp_path):
    """The same bits as without the interruption, and no row of cells is searched twice."""
    monkeypatch.setenv("GEOMSUP_CACHE", str(tmp_path))
    arguments = 3, 1, [0.1, 0.3, 0.6], [0.5, 2]
    whole = phase_diagram(*arguments, rng=3)
    assert not list(tmp_path.glob("*/*.json"))  # what is done needs no file

    def once(stage, fraction):
        if stage == "searching":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as interruption:
        phase_diagram(*arguments, rng=3, progress=once)
    (note,) = interruption.value.__notes__
    assert re.fullmatch("[1-3] of 3 rows of cells are kept; the same search goes on from there", note)
    (file,) = tmp_path.glob("*/*.json")
    kept = json.loads(file.read_text())["result"]
    assert len(kept) == int(note[0])
    rows = []
    begun = search._part
    monkeypatch.setattr(search, "_part", lambda *setting: rows.append(dict((part := begun(*setting)).items())) or part)
    again = phase_diagram(*arguments, rng=3)
    assert sorted(rows[0]) == [i for i, _ in kept]
    for name in ("loss", "phase", "W", "b"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))
    assert not file.exists()


def test_another_search_or_a_damaged_file_begins_anew(monkeypatch, tmp_path):
    monkeypatch.setenv("GEOMSUP_CACHE", str(tmp_path))
    part = cache.Part("rows", {"n": 1}, int)
    assert part.keep([1, 2])
    assert part.items() == [1, 2]
    assert cache.Part("rows", {"n": 2}, int).items() == []
    (file,) = tmp_path.glob("rows/*.json")
    for text in ("", "{", '{"inputs": {"n": 2}, "result": [1]}', '{"inputs": {"n": 1}, "result": ["x"]}'):
        file.write_text(text)
        assert part.items() == []
    part.drop()
    part.drop()
    assert not file.exists()
    monkeypatch.setenv("GEOMSUP_CACHE", "")
    assert not cache.Part("rows", {"n": 1}, int).keep([1])


def test_arrays_are_nobodys_to_write(read_only):
    p, values = read_only([0.2, 0.5]), read_only([0.5, 2])
    diagram = phase_diagram(2, 1, p, values)
    for name in ("probabilities", "importances", "loss", "phase", "W", "b"):
        assert not getattr(diagram, name).flags.writeable
    assert diagram.loss.shape == diagram.phase.shape == (2, 2)
    assert diagram.W.shape == (2, 2, 2, 1)
    assert diagram.b.shape == (2, 2, 2)


def test_a_diagram_prints_and_converts():
    diagram = small()
    text = str(diagram)
    assert text.startswith("2 features in 1 dimension, 14 probabilities x 12 importances")
    for name in diagram.names:
        assert f"%  {name}" in text
    data = json.loads(json.dumps(diagram.to_dict(), allow_nan=False))
    np.testing.assert_array_equal(data["loss"], diagram.loss)
    assert data["names"] == list(diagram.names)
    assert len(data["transitions"]) == len(diagram.transitions)
    assert data["transitions"][0]["from_"] == diagram.transitions[0].from_
    assert str(diagram.transitions[0]).startswith(f"{diagram.transitions[0].order} order at p = ")


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((1, 1, [0.1], [1]), {}, ValueError, r"^`n_features` must be at least 2; got 1\. Pass"),
        ((9, 1, [0.1], [1]), {}, ValueError, r"^`n_features` must be at most 8; got 9\. Ask for single points"),
        ((2, 2, [0.1], [1]), {}, ValueError, r"^`n_hidden` must be less than `n_features`; got 2 and 2\. With"),
        ((2, 1.5, [0.1], [1]), {}, TypeError, r"^`n_hidden` must be an integer; got 1\.5"),
        ((2, 1, 0.1, [1]), {}, ValueError, r"^`probabilities` must be a list of numbers; got shape \(\)\. Pass np"),
        ((2, 1, [], [1]), {}, ValueError, r"^`probabilities` must be a list of numbers; got shape \(0,\)\."),
        ((2, 1, [0.0, 0.1], [1]), {}, ValueError, r"^`probabilities` must be in \(0, 1\]; got 0\. Leave out"),
        ((2, 1, [0.1, 1.1], [1]), {}, ValueError, r"^`probabilities` must be in \(0, 1\]; got 1\.1\. Leave"),
        ((2, 1, [0.1], [-1]), {}, ValueError, r"^`importances` must be positive; got -1\. Leave out"),
        ((2, 1, [0.2, 0.1], [1]), {}, ValueError, r"^`probabilities` must rise; got 0\.2 before a value no larger\."),
        ((2, 1, [0.2], [1, 1]), {}, ValueError, r"^`importances` must rise; got 1 before .* Sort"),
        ((2, 1, [0.2], ["a"]), {}, TypeError, r"^`importances` must hold real numbers; got text\."),
        ((2, 1, [0.2], [1]), {"starts": 0}, ValueError, r"^`starts` must be at least 1; got 0\."),
    ],
)
def test_bad_input_is_named(arguments, options, error, message):
    with pytest.raises(error, match=message):
        phase_diagram(*arguments, **options)


def test_other_bad_input_is_named():
    with pytest.raises(ValueError, match=r"^`probability` or `importance` must be given, and not both; got None and"):
        small().transitions_at()
    with pytest.raises(ValueError, match=r"^`between` must rise; got 2 before"):
        small().transitions_at(probability=0.5, between=(2, 1))
    for given, message in (
        ({"probability": 2}, r"^`probability` must be in \(0, 1\]; got 2\."),
        ({"probability": np.nan}, r"^`probability` must be finite"),
        ({"importance": -1}, r"^`importance` must be positive; got -1\."),
        ({"importance": 1, "between": (0.5, 2)}, r"^`between` must be in \(0, 1\]; got 2\."),
        ({"importance": 1, "between": (0.2, 0.5, 0.7)}, r"^`between` must be two numbers; got 3\. Pass"),
    ):
        with pytest.raises(ValueError, match=message):
            small().transitions_at(**given)
    with pytest.raises(ValueError, match=r"^`n_features` and `n_hidden` must be 2, 1 or 3, 2, .*; got 4, 2\. Call"):
        paper_prediction(4, 2, [0.1], [1])


# --- other outputs ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["abs", "leaky_relu", "linear"])
def test_diagrams_of_other_outputs_hold_what_scipy_finds(activation):
    diagram = phase_diagram(2, 1, [0.1, 0.7], [0.5, 1.0], activation=activation)
    rng = np.random.default_rng(0)
    for i, j in np.ndindex(2, 2):
        features = diagram.features(i, j)

        def loss(vector, features=features):
            return float(expected_loss(ToyModel(vector[:2, None], vector[2:], activation=activation), features))

        dropped = [np.array([0.0, 1.0, features.mean[0], 0.0]), np.array([1.0, 0.0, 0.0, features.mean[1]])]
        starts = [np.append(rng.normal(size=2), rng.uniform(-0.3, 0.3, 2)) for _ in range(10)]
        best = min(minimize(loss, start, method="BFGS").fun for start in [*starts, *dropped])
        assert diagram.loss[i, j] == pytest.approx(best, rel=1e-7)
        assert diagram.model(i, j).activation == activation
        assert float(expected_loss(diagram.model(i, j), features)) == pytest.approx(diagram.loss[i, j], rel=1e-9)
    assert [ax.get_title() for ax in diagram.plot()] == [f"optimum, {activation} outputs"]
    assert diagram.to_dict()["conditions"]["activation"] == activation


def test_linear_models_drop_the_less_important_feature_at_every_density():
    """They keep the m of largest I Var x (baldi1989): the extra one, where its importance is above 1."""
    diagram = phase_diagram(2, 1, [0.1, 0.5, 1.0], [0.5, 2.0], activation="linear")
    assert diagram.dimensionality.round(6).tolist() == [[0.0, 1.0]] * 3
