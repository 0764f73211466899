"""`polysemanticity`: closed forms, numerical integration of the information, invariances, refusals."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

import geomsup as gs
from geomsup.weights.semantics import METRICS

rng = np.random.default_rng(0)


def equal(k, n=12, m=3):
    """Neurons with k features of equal weight each."""
    W = np.zeros((n, m))
    for a in range(m):
        W[rng.permutation(n)[:k], a] = 0.7
    return W


@pytest.mark.parametrize("k", [1, 2, 5, 12])
def test_k_features_of_equal_weight(k):
    n, found = 12, gs.polysemanticity(equal(k))
    assert found.largest_share == pytest.approx(np.full(3, 1 / k))
    assert found.participation == pytest.approx(np.full(3, k))
    assert found.entropy == pytest.approx(np.full(3, np.log2(k)), abs=1e-12)
    assert found.features.tolist() == [k] * 3
    assert found.equivocation == pytest.approx(np.full(3, np.log2(k)), abs=1e-12)
    assert found.hoyer == pytest.approx(np.full(3, (n**0.5 - k**0.5) / (n**0.5 - 1)), abs=1e-12)
    f = k / n
    kurtosis = (1 - 6 * f * (1 - f)) / (f * (1 - f)) if k < n else 0.0  # of a Bernoulli law
    assert found.kurtosis == pytest.approx(np.full(3, kurtosis))


def test_kurtosis_and_entropy_are_those_of_scipy():
    W = rng.normal(size=(40, 5))
    found = gs.polysemanticity(W)
    assert found.kurtosis == pytest.approx(stats.kurtosis(W, axis=0))
    assert found.entropy == pytest.approx(stats.entropy(W**2, base=2, axis=0))


@pytest.mark.parametrize("rectified", [False, True])
def test_metrics_in_plain_python(rectified):
    W, W_out = rng.normal(size=(9, 4)), rng.normal(size=(9, 4))
    found = gs.polysemanticity(W, W_out, threshold=0.3, rectified=rectified)
    G = W_out @ (np.maximum(W, 0) if rectified else W).T
    C = [G[i, i] ** 2 / sum(G[i, j] ** 2 for j in range(9)) for i in range(9)]
    product = [[abs(max(W[i, a], 0 if rectified else -9) * W_out[i, a]) for a in range(4)] for i in range(9)]
    for a in range(4):
        s = [product[i][a] / sum(product[j][a] for j in range(9)) for i in range(9)]
        assert found.largest_share[a] == pytest.approx(max(s))
        assert found.participation[a] == pytest.approx(1 / sum(one**2 for one in s))
        assert found.features[a] == sum(one >= 0.3 * max(s) for one in s)
        parts = [product[i][a] / sum(product[i]) if sum(product[i]) else 0.0 for i in range(9)]
        assert found.capacity[a] == pytest.approx(sum(c * part for c, part in zip(C, parts, strict=True)))


def open_bits(w):
    """E_h[|h| H(i | h)]/E|h| by numerical integration, where h = w_i x, x uniform on [0, 1], i any feature."""

    def density(h):
        return np.array([1 / abs(one) if 0 < h / one < 1 else 0.0 for one in w if one])

    def bits(h):
        p = density(h)
        return abs(h) * p.sum() * stats.entropy(p, base=2) if p.sum() else 0.0

    points = sorted({0.0, *map(float, w)})
    pieces = list(pairwise(points))
    return sum(quad(bits, *piece)[0] for piece in pieces) / sum(
        quad(lambda h: abs(h) * density(h).sum(), *piece)[0] for piece in pieces
    )


@pytest.mark.parametrize("w", [[1.0, 0.5], [1.0, 0.9, 0.1, 0.0], [1.0, -0.5, 0.4, -0.3, 0.2], [2.0, 2.0, 1.0]])
def test_equivocation_is_the_integral(w):
    assert gs.polysemanticity(np.array(w)[:, None]).equivocation[0] == pytest.approx(open_bits(w), rel=1e-6)


def test_capacities_are_those_of_their_definition_and_sum_up():
    W = rng.normal(size=(8, 3))
    G = W @ W.T
    C = np.diag(G) ** 2 / (G**2).sum(axis=1)
    found = gs.polysemanticity(W)
    assert found.capacity.sum() == pytest.approx(C.sum())
    assert found.layer["capacity"] == pytest.approx(C.sum())
    assert gs.polysemanticity(gs.polytope("pentagon").vertices).layer["capacity"] == pytest.approx(2)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    assert gs.polysemanticity(W @ turn).capacity.sum() == pytest.approx(C.sum())


def values(found, names=tuple(METRICS)):
    return np.array([getattr(found, name) for name in names])


def test_what_changes_nothing():
    W, W_out = rng.normal(size=(15, 4)), rng.normal(size=(15, 4))
    first, scale = values(gs.polysemanticity(W, W_out)), rng.uniform(0.1, 10, 4)
    features, neurons = rng.permutation(15), rng.permutation(4)
    signs = rng.choice([-1.0, 1.0], 4)
    for one, other in (
        (W * 1e200, W_out), (W, W_out * 1e-300), (W * scale, W_out / scale), (W * signs, W_out * signs),
        (W[features], W_out[features]),
    ):  # fmt: skip
        assert values(gs.polysemanticity(one, other)) == pytest.approx(first)
    assert values(gs.polysemanticity(W[:, neurons], W_out[:, neurons])) == pytest.approx(first[:, neurons])
    assert values(gs.polysemanticity(W, W)) == pytest.approx(values(gs.polysemanticity(W)))
    wide = values(gs.polysemanticity(np.pad(W, ((0, 9), (0, 0)))))
    same = [k for k, name in enumerate(METRICS) if name not in ("kurtosis", "hoyer")]
    assert wide[same] == pytest.approx(values(gs.polysemanticity(W))[same])


def test_negative_weights_are_nothing_if_rectified():
    W = rng.normal(size=(15, 4))
    names = [name for name in METRICS if name != "capacity"]
    assert values(gs.polysemanticity(W, rectified=True), names) == pytest.approx(
        values(gs.polysemanticity(np.maximum(W, 0)), names)
    )
    with pytest.raises(ValueError, match="`W_in` must have positive weights if rectified"):
        gs.polysemanticity(-np.eye(3), rectified=True)


def test_a_neuron_without_weights_has_nothing():
    found = gs.polysemanticity([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    assert values(found)[:, 1].tolist() == [0.0] * 8
    assert found.layer["participation"] == pytest.approx(2)
    nothing = gs.polysemanticity([[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 1.0]])
    assert set(nothing.layer.values()) == {0.0}
    assert gs.polysemanticity([[3.0]]).hoyer.tolist() == [1.0]


def test_rounding_makes_no_kurtosis():
    assert gs.polysemanticity(np.full((7, 1), 0.1) + 1e-18).kurtosis.tolist() == [0.0]


def test_kurtosis_of_weights_and_activations_that_hardly_vary():
    W, H = 1 + 1e-9 * rng.normal(size=(40, 2)), 1 + 1e-5 * rng.normal(size=(400, 2))
    found = gs.polysemanticity(W, activations=H)
    assert found.kurtosis == pytest.approx(stats.kurtosis(W, axis=0), abs=1e-5)
    constant = gs.polysemanticity(W, activations=np.full((400, 2), 0.1))
    assert constant.activation_kurtosis.tolist() == [0.0, 0.0]
    assert found.activation_kurtosis == pytest.approx(stats.kurtosis(H, axis=0), abs=1e-3)


@pytest.mark.parametrize("samples", [20, 5000])
def test_metrics_of_samples_are_those_of_scipy(samples):
    H = np.column_stack([rng.normal(size=samples), rng.exponential(size=samples), np.full(samples, 0.3)])
    found = gs.polysemanticity(np.eye(3), activations=H)
    assert found.activation_kurtosis[:2] == pytest.approx(stats.kurtosis(H[:, :2], axis=0))
    assert found.activity_ratio[:2] == pytest.approx((np.abs(H).mean(0) ** 2 / (H**2).mean(0))[:2])
    assert (found.activation_kurtosis[2], found.activation_kurtosis_error[2]) == (0, 0)
    assert found.activity_ratio[2] == pytest.approx(1)
    assert found.samples == samples


def test_errors_of_samples_are_the_spread_of_draws():
    """Normal activations: the standard error of a kurtosis is √(24/N), that of an activity ratio follows from draws."""
    found = [gs.polysemanticity(np.eye(2), activations=rng.normal(size=(2000, 2))) for _ in range(100)]
    for name, spread in (("activation_kurtosis", (24 / 2000) ** 0.5), ("activity_ratio", None)):
        drawn = np.array([getattr(one, name) for one in found])
        error = np.array([getattr(one, f"{name}_error") for one in found])
        assert np.sqrt((error**2).mean()) == pytest.approx(drawn.std() if spread is None else spread, rel=0.2)
    assert np.abs(drawn.mean() - 2 / np.pi) < 0.002


def test_what_the_metrics_say_is_what_removal_does():
    """A linear neuron, features one at a time: its output's share of each feature is the metrics' share."""
    W, p = rng.normal(size=(6, 3)), 0.2
    changes = p * W**2  # E (h - h without feature i)², of binary features
    effective = changes.sum(axis=0) ** 2 / (changes**2).sum(axis=0)
    assert gs.polysemanticity(W).participation == pytest.approx(effective)


def test_it_prints_a_headline_and_a_row_per_neuron():
    W = rng.normal(size=(300, 24))
    found = gs.polysemanticity(W, activations=rng.normal(size=(50, 24)))
    lines = str(found).split("\n")
    assert lines[0] == found.headline
    assert len(found.headline.split()) <= 40
    assert lines[-1] == "  and 4 more"
    assert "±" in lines[2]
    assert len(found.to_rows()[0]) == 13
    assert len(gs.polysemanticity(W).to_rows()[0]) == 9
    again = gs.Polysemanticity.from_dict(found.to_dict())
    assert str(again) == str(found)


NAN = float("nan")


@pytest.mark.parametrize("name", ["W_in", "W_out"])
@pytest.mark.parametrize(
    "bad", [NAN, "text", [], [[]], [[NAN, 1.0]], np.zeros((2, 2)), np.zeros((0, 2)), np.ones((2, 2, 2)), [1.0, 2.0],
            [["x"]], [[1.0, 2.0]], {"W": 1}],
)  # fmt: skip
def test_what_is_refused(name, bad):
    with pytest.raises((TypeError, ValueError), match=r"^`W_(in|out)` must") as caught:
        gs.polysemanticity(**{"W_in": np.eye(2), "W_out": np.eye(2)} | {name: bad})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", [NAN, "text", [], np.ones((50, 3)), np.ones((19, 2)), [[NAN, 1.0]] * 20, np.ones(50)])
def test_which_activations_are_refused(bad):
    with pytest.raises((TypeError, ValueError), match=r"^`activations` must") as caught:
        gs.polysemanticity(np.eye(2), activations=bad)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"threshold": 0}, "`threshold` must be positive"),
        ({"threshold": 1.1}, "`threshold` must be at most 1"),
        ({"threshold": NAN}, "`threshold` must be positive"),
        ({"rectified": 1}, "`rectified` must be True or False"),
        ({"W_out": np.ones((3, 2))}, r"`W_out` must have the shape of `W_in`, \(2, 3\); got \(3, 2\). Transpose it."),
    ],
)
def test_what_else_is_refused(arguments, message):
    with pytest.raises((TypeError, ValueError), match=f"^{message}"):
        gs.polysemanticity(np.ones((2, 3)), **arguments)
