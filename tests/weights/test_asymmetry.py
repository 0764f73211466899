"""`motifs`: planted motifs, the definition in plain Python, the experiment's detector, false alarms."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.experiments.computation.motif import find_motifs
from tests.weights.chance import DRAWS, LEVEL, NULLS, allowed, drawn

W_IN, W_OUT = np.array([[2.0, 1.0], [-0.5, 0.0]]), np.array([[0.5, 0.0], [2.0, -4.5]])


def planted(motifs, alone, noise, seed=0):
    """Blocks of the motif, and features with two neurons of their own; features and neurons in any order."""
    rng = np.random.default_rng(seed)
    n, m = 2 * motifs + alone, 2 * motifs + 2 * alone
    into, out = np.zeros((n, m)), np.zeros((n, m))
    for k in range(motifs):
        place = slice(2 * k, 2 * k + 2)
        into[place, place], out[place, place] = W_IN, W_OUT
    into[2 * motifs :, 2 * motifs :] = np.kron(np.eye(alone), [[1.0, -1.0]])
    out[2 * motifs :, 2 * motifs :] = np.kron(np.eye(alone), [[1.0, 1.0]])
    into, out = (one + noise * rng.normal(size=one.shape) for one in (into, out))
    scale, features, neurons = rng.uniform(0.2, 5, m), rng.permutation(n), rng.permutation(m)
    truth = {
        tuple(int(x) for x in (np.flatnonzero(neurons == 2 * k)[0], np.flatnonzero(features == 2 * k)[0],
                               np.flatnonzero(features == 2 * k + 1)[0], np.flatnonzero(neurons == 2 * k + 1)[0]))
        for k in range(motifs)
    }  # fmt: skip
    return (into * scale)[features][:, neurons], (out / scale)[features][:, neurons], truth


@pytest.mark.parametrize(("motifs", "alone", "noise"), [(3, 4, 0.0), (4, 20, 0.005), (12, 10, 0.005), (30, 100, 0.0)])
def test_planted_motifs_are_found(motifs, alone, noise):
    into, out, truth = planted(motifs, alone, noise)
    found = gs.motifs(into, out)
    assert set(map(tuple, found.found.tolist())) == truth
    assert found.count == motifs
    assert found.p_value == 0.01
    assert found.by_chance < motifs / 2


@pytest.mark.parametrize("noise", [0.0, 0.005])
def test_features_alone_have_no_motif(noise):
    found = gs.motifs(*planted(0, 20, noise)[:2])
    assert found.count == 0
    assert found.p_value == 1


def slow(into, out, ratio, share):
    """The definition, weight by weight."""
    n, m = into.shape
    found = []
    for a in range(m):
        for i in range(n):
            for j in range(n):
                serves = all(
                    abs(into[f, a]) * max(out[f, a], 0)
                    > share * np.sum(into[f] ** 2) ** 0.5 * np.sum(np.maximum(out[f], 0) ** 2) ** 0.5
                    for f in (i, j)
                )
                unequal = abs(into[i, a]) >= ratio * abs(into[j, a]) and out[j, a] >= ratio * out[i, a]
                if i == j or not serves or not unequal:
                    continue
                onto = [max(np.sign(into[i, a]) * into[i, b], 0) * out[j, b] for b in range(m)]
                if min(onto) <= -0.25 * onto[a] and sum(onto) <= 0.1 * onto[a]:
                    found.append([a, i, j, int(np.argmin(onto))])
    return found


@pytest.mark.parametrize("seed", range(6))
def test_the_definition_in_plain_python(seed):
    rng = np.random.default_rng(seed)
    into, out = rng.normal(size=(60, 5)), rng.normal(size=(60, 5))
    balance = np.sqrt(np.linalg.norm(out, axis=0) / np.linalg.norm(into, axis=0))
    truth = slow(into * balance, out / balance, 1.5, 0.1)
    found = gs.motifs(into, out, ratio=1.5, share=0.1, shuffles=19)
    assert found.found.tolist() == truth
    assert len(truth) > 0


def test_ratios_and_what_is_left():
    found = gs.motifs(W_IN, W_OUT)
    assert found.found.tolist() == [[0, 0, 1, 1]]
    np.testing.assert_allclose(found.ratios, [[4, 4]])
    assert found.left[0] == pytest.approx(-0.125)  # (2·2 − 1·4.5)/4


def test_a_trained_model_has_them_beyond_chance():
    """E28's task: 20 features, |x|, 16 neurons. Most of what is found, the experiment's detector finds too."""
    features = gs.Features(20, 0.1, 0.9 ** np.arange(20), values=gs.Uniform(-1, 1))
    run = gs.train(
        features, 16, models=2, steps=3000, batch=256, learning_rate=1e-2, seed=0, device="cpu", target="abs",
        tied=False, hidden_activation="relu", schedule="cosine",
    )  # fmt: skip
    for W, W_out in zip(run.W, run.W_out, strict=True):
        found = gs.motifs(W, W_out)
        others = {(one.shared, one.strong, one.weak) for one in find_motifs(W, W_out)}
        ours = {tuple(row[:3]) for row in found.found.tolist()}
        assert found.p_value <= 0.03
        assert len(ours & others) >= 0.6 * len(ours)


@pytest.mark.parametrize("null", NULLS)
def test_false_alarms_are_as_rare_as_promised(null):
    """Weights in and out are draws of two null models that know nothing of each other."""
    alarms = counts = 0
    for seed in range(DRAWS):
        into, out = drawn(30, 6, null, 2 * seed), drawn(30, 6, null, 2 * seed + 1)
        found = gs.motifs(into, out, rng=seed)
        alarms += found.p_value < LEVEL
        counts += found.count
    assert counts > 20  # there is something to be wrong about
    assert alarms <= allowed()


def test_scale_signs_and_order_change_nothing():
    into, out, truth = planted(4, 6, 0.005)
    neurons = np.random.default_rng(1).uniform(0.1, 10, into.shape[1])
    for x, y in ((into * 1e300, out), (into, out * 1e-300), (-into, out), (into * neurons, out / neurons)):
        assert set(map(tuple, gs.motifs(x, y, shuffles=19).found.tolist())) == truth


def test_no_motif_without_inhibition():
    assert gs.motifs(W_IN, W_OUT * [[1, 1], [1, 0.5]]).count == 0
    assert gs.motifs(W_IN, W_OUT, ratio=5).count == 0
    assert gs.motifs(W_IN, W_OUT, share=0.9).count == 0
    assert gs.motifs([[1.0]], [[1.0]]).count == 0


def test_it_prints_a_headline_and_a_row_per_motif():
    into, out, _ = planted(30, 5, 0.0)
    found = gs.motifs(into, out, shuffles=19)
    lines = str(found).split("\n")
    assert lines[0] == found.headline
    assert len(found.headline.split()) <= 40
    assert lines[-1] == "  and 10 more"
    none = gs.motifs([[1.0]], [[1.0]])
    assert str(none) == none.headline
    assert none.plot().get_title() == "p = 1"
    assert gs.Motifs.from_dict(none.to_dict()).count == 0


NAN = float("nan")


@pytest.mark.parametrize("name", ["W_in", "W_out"])
@pytest.mark.parametrize(
    "bad", [None, NAN, "text", [], [[]], [[NAN, 1.0]], np.zeros((2, 2)), np.zeros((0, 2)), np.ones((2, 2, 2)),
            [1.0, 2.0], [["x"]], [[1.0, 2.0]], {"W": 1}],
)  # fmt: skip
def test_what_is_refused(name, bad):
    with pytest.raises((TypeError, ValueError), match=r"^`W_(in|out)` must") as caught:
        gs.motifs(**{"W_in": W_IN, "W_out": W_OUT} | {name: bad})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ratio": 1}, "`ratio` must be more than 1"),
        ({"ratio": NAN}, "`ratio` must be finite"),
        ({"share": 1}, "`share` must be less than 1"),
        ({"share": NAN}, "`share` must be positive"),
        ({"shuffles": 18}, "`shuffles` must be at least 19"),
        ({"rng": "x"}, "`rng` must be what"),
        ({"progress": 1}, "`progress` must be callable"),
    ],
)
def test_what_else_is_refused(arguments, message):
    with pytest.raises((TypeError, ValueError), match=f"^{message}"):
        gs.motifs(W_IN, W_OUT, **arguments)


def test_a_matrix_the_other_way_round_is_named():
    with pytest.raises(
        ValueError, match=r"`W_out` must have the shape of `W_in`, \(3, 2\); got \(2, 3\). Transpose it."
    ):
        gs.motifs(np.ones((3, 2)), np.ones((2, 3)))
    with pytest.raises(TypeError, match="`motifs` must be a Motifs"):
        gs.plot.plot_motifs(3)


def test_it_says_how_far_it_is():
    told = []
    gs.motifs(W_IN, W_OUT, progress=lambda *one: told.append(one))
    assert told[-1] == ("shuffles", 1.0)
