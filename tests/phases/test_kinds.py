"""Phase diagrams of other kinds of models: single optima, symmetries, transitions, what is kept and what is refused."""

import re

import numpy as np
import pytest
from scipy.optimize import minimize

from geomsup import PhaseDiagram, ToyModel, expected_loss, optimum, phase_diagram
from geomsup.optima.conditions.conditions import Conditions, largest_cosine
from geomsup.phases import search
from geomsup.phases.cells import Setting
from geomsup.phases.dropped import dropped
from geomsup.phases.gauges import balanced, middle

KINDS = {
    "gelu": {"activation": "gelu"},
    "hidden": {"hidden_activation": "relu"},
    "untied": {"tied": False},
    "square": {"target": "square"},
}
P, VALUES = [0.1, 0.75], [1 / 3, 1.0, 3.0]


@pytest.fixture(scope="module", params=KINDS)
def diagram(request):
    return phase_diagram(2, 1, P, VALUES, **KINDS[request.param])


def test_cells_are_single_optima(diagram):
    how = diagram.conditions
    for i, j in ((0, 0), (1, 1), (1, 2)):
        features, model = diagram.features(i, j), diagram.model(i, j)
        single = optimum(
            features, 1, activation=how.activation, tied=how.tied, hidden_activation=how.hidden_activation,
            target=how.target,
        )  # fmt: skip
        assert diagram.loss[i, j] == pytest.approx(single.loss, rel=1e-6)
        assert float(expected_loss(model, features, target=how.target)) == pytest.approx(diagram.loss[i, j], rel=1e-9)
        assert (model.activation, model.hidden_activation) == (how.activation, how.hidden_activation)


def test_exchanging_the_features_exchanges_importances(diagram):
    """Importances 1 and 1/3 are a third of 3 and 1, the features exchanged."""
    np.testing.assert_allclose(3 * diagram.loss[:, 0], diagram.loss[:, 2], rtol=1e-9)
    shares = diagram.dimensionality
    stored = shares[:, [0, 2]].min(axis=1) > 0
    np.testing.assert_allclose((shares[:, 0] + shares[:, 2])[stored], 1, atol=1e-5)


def test_states_cost_the_same_where_they_change_places(diagram):
    assert diagram.transitions
    for one in diagram.transitions:
        features = Setting(2, 1).features((one.probability, one.importance))
        losses = [float(expected_loss(model, features, target=diagram.conditions.target)) for model in one.models]
        assert losses[0] == pytest.approx(losses[1], rel=1e-6 if one.order == "second" else 1e-8)
        assert one.loss == pytest.approx(min(losses), rel=1e-9)


def test_a_diagram_of_a_kind_is_written_and_read_back(diagram):
    again = PhaseDiagram.from_dict(diagram.to_dict())
    assert again.conditions == diagram.conditions
    np.testing.assert_array_equal(again.dimensionality, diagram.dimensionality)
    assert (again.W_out is None) == diagram.conditions.tied
    assert [ax.get_title() for ax in again.plot()] == [f"optimum, {diagram.conditions}"]


def test_lines_are_of_the_same_kind(diagram):
    own = [one.importance for one in diagram.transitions if one.along == "importance" and one.probability == P[1]]
    on_line = [one.importance for one in diagram.transitions_at(probability=P[1], points=5)]
    assert own
    assert all(min(abs(np.log(np.array(on_line) / one))) < 1e-6 for one in own)


def test_a_decoder_of_its_own_never_loses_more():
    p, importance = [0.05, 0.3, 0.8], [0.3, 1.0]
    tied, untied = (phase_diagram(2, 1, p, importance, tied=one) for one in (True, False))
    assert (untied.loss <= tied.loss * (1 + 1e-9)).all()
    assert untied.loss[0, 0] < 0.9 * tied.loss[0, 0]
    assert untied.W_out is not None
    for i, j in np.ndindex(untied.phase.shape):
        A, B = untied.W[i, j], untied.W_out[i, j]
        np.testing.assert_allclose(A.T @ A, B.T @ B, atol=1e-9)


def test_a_cap_keeps_rows_apart():
    """Three features in a plane: at a cap of ½ a triangle is still allowed, below it one of them is dropped."""
    for cap, names in ((0.5, "extra in a triangle"), (0.4, "extra not represented, others: 2 dedicated")):
        diagram = phase_diagram(3, 2, [0.3], [0.9], max_cosine=cap)
        assert diagram.names == (names,)
        assert largest_cosine(diagram.model(0, 0).W) <= cap + 1e-6
        single = optimum(diagram.features(0, 0), 2, max_cosine=cap)
        assert diagram.loss[0, 0] == pytest.approx(single.loss, rel=1e-6)


def test_a_cap_decides_which_features_have_room():
    """Cells of five features, of which three have room: they were 14 to 54 % above single optima."""
    diagram = phase_diagram(5, 2, [0.05, 0.1], [0.5, 2.0], max_cosine=0.5)
    for i, j in np.ndindex(diagram.loss.shape):
        assert diagram.loss[i, j] == pytest.approx(optimum(diagram.features(i, j), 2, max_cosine=0.5).loss, rel=1e-5)


def test_signs_of_values_that_are_never_negative_do_not_count():
    plain, signed = (phase_diagram(2, 1, P, VALUES, target=target) for target in ("identity", "abs"))
    np.testing.assert_array_equal(plain.loss, signed.loss)
    assert signed.conditions.plain


@pytest.mark.parametrize("how", [{}, *KINDS.values()], ids=str)
@pytest.mark.parametrize("p", [0.1, 1.0])
def test_a_dropped_feature_loses_what_the_best_constant_does(how, p):
    bias, lost = dropped(p, Conditions(**how))
    x = (np.arange(20000) + 0.5) / 20000
    wanted = x**2 if how.get("target") == "square" else x
    mean = p * wanted.mean()
    assert lost == pytest.approx(p * (wanted**2).mean() - mean**2, rel=1e-6)
    model = ToyModel([[0.0]], [bias], **{name: how[name] for name in how if "activation" in name})
    assert float(model(np.zeros((1, 1)))[0, 0]) == pytest.approx(mean, rel=1e-6)


@pytest.mark.parametrize("m", [1, 2])
def test_balanced_weights_are_the_same_model_whatever_they_pass_to_each_other(m, rng):
    A, B, M = rng.normal(size=(4, m)), rng.normal(size=(4, m)), rng.normal(size=(m, m))
    A[2] = B[2] = 0
    one = balanced(np.hstack([A, B]))
    other = balanced(np.hstack([A @ M, B @ np.linalg.inv(M).T]))
    for found in (one, other):
        np.testing.assert_allclose(found[:, m:] @ found[:, :m].T, B @ A.T, atol=1e-12)
        np.testing.assert_allclose(found[:, :m].T @ found[:, :m], found[:, m:].T @ found[:, m:], atol=1e-12)
        assert not found[2].any()
    np.testing.assert_allclose(middle(one) @ middle(one).T, middle(other) @ middle(other).T, atol=1e-9)
    same = balanced(np.hstack([A, A]))
    np.testing.assert_allclose(middle(same) @ middle(same).T, A @ A.T, atol=1e-9)


def test_hidden_relus_are_not_rotated(rng):
    """They are put in another order: rotated ones would be another model."""
    W = rng.normal(size=(3, 2))
    shown = Setting(3, 2, Conditions(hidden_activation="relu")).standing(W)
    assert sorted(map(tuple, shown.T.tolist())) == sorted(map(tuple, W.T.tolist()))
    assert shown[0, 0] >= shown[0, 1]


def test_an_interrupted_diagram_of_untied_models_goes_on_where_it_was(monkeypatch, tmp_path):
    monkeypatch.setenv("GEOMSUP_CACHE", str(tmp_path))
    whole = phase_diagram(2, 1, P, [0.5, 2], tied=False)

    def once(stage, fraction):
        if stage == "searching":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as interruption:
        phase_diagram(2, 1, P, [0.5, 2], tied=False, progress=once)
    (note,) = interruption.value.__notes__
    assert re.fullmatch("[12] of 2 rows of cells are kept; the same search goes on from there", note)
    kept = []
    begun = search._part
    monkeypatch.setattr(search, "_part", lambda *setting: kept.append(dict((part := begun(*setting)).items())) or part)
    again = phase_diagram(2, 1, P, [0.5, 2], tied=False)
    assert len(kept[0]) == int(note[0])
    for name in ("loss", "W", "W_out", "b"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))


@pytest.mark.parametrize(
    ("n", "how", "message"),
    [
        (2, {"activation": "square"}, "`activation` must be one of"),
        (2, {"target": "pairs"}, "`target` must not be of pairs unless all values are points"),
        (
            2,
            {"target": "square", "hidden_activation": "relu"},
            '`target` must be "identity", "abs" or "relu" if hidden',
        ),
        (6, {"hidden_activation": "relu"}, '`hidden_activation` must be "linear" unless there are few features'),
        (2, {"tied": False, "coherence": 0.1}, "`coherence` must be left out if the decoder is not W; got 0.1"),
        (2, {"tied": False, "max_cosine": 0.5}, "`max_cosine` must be left out if the decoder is not W; got 0.5"),
        (2, {"tied": False, "hidden_activation": "relu"}, '`hidden_activation` must be "linear" if the decoder is not'),
    ],
)
def test_kinds_that_are_refused(n, how, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        phase_diagram(n, 1, [0.1], [1.0], **how)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_a_feature_grows_beside_another_one_in_a_hidden_relu_where_it_is_worth_it(p):
    """With a row ε beside a norm of 1 + δ ε and a bias β ε, output 1 is off by ε (2 δ x + y + β), or by ε relu(y + β)
    where x is absent, and the extra feature y gains ε² I Var(y): its own output hears ε y ε, and ε x."""

    def cost(z):
        delta, beta = z
        u, y = 2 * delta, p / 2
        present = u**2 / 3 + p / 3 + beta**2 + u * y + u * beta + 2 * y * beta
        silent = (1 - p) * max(beta, 0) ** 2 + p * (max(1 + beta, 0) ** 3 - max(beta, 0) ** 3) / 3
        return p * present + (1 - p) * silent

    worth = minimize(cost, (-0.1, -0.1), method="Nelder-Mead", tol=1e-12).fun / (p / 3 - p**2 / 4)
    diagram = phase_diagram(2, 1, [p], [0.8 * worth, 1.1 * worth], hidden_activation="relu")
    (transition,) = diagram.transitions
    assert transition.order == "second"
    assert transition.importance == pytest.approx(worth, rel=1e-5)
