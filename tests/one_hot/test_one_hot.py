"""The one-hot limit: its loss against rationals, quadrature and `expected_loss`; codes against 30 digits and the
literature; stability against descent."""

import json
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from geomsup import Features, Polytope, ToyModel, expected_loss, optimum, polytope, polytopes
from geomsup.one_hot import (
    one_hot_codes,
    one_hot_features,
    one_hot_loss,
    one_hot_polygons,
    one_hot_state,
    one_hot_states,
)
from geomsup.one_hot.kernels import critical_ratios

GOLDEN = (1 + 5**0.5) / 2

# Chen, Lau, Mendel, Wei, Murfet 2023 (arXiv 2310.06301): norm, bias, potential.
PUBLISHED = {5: (1.1704596391, -0.2822972831, 0.23738441), 6: (1.3205263308, -0.6181351319, 0.86746277)}

# Where the search for 30 digits starts: norm and bias to two digits.
STARTS = {5: (1.17, -0.28), 6: (1.32, -0.62), 7: (1.45, -0.97), 8: (1.55, -1.29), 9: (1.62, -1.54), 10: (1.62, -1.62)}


def terms_of_the_paper(a, b, own):
    """H_ij of arXiv 2310.06301 as the theory notes print it, with a = W_i·W_j; any field of numbers."""
    if own:
        N = (1 - a) ** 2 - 3 * (1 - a) * b + 3 * b**2
        if b > 0:
            return N
        return N + b**3 / a**2 + b**3 / a if -a <= b and a != 0 else 1
    if b <= 0:
        return (a + b) ** 3 / a if a > 0 and -a <= b else 0
    return -(b**3) / a if a < -b else a**2 + 3 * a * b + 3 * b**2


def potentials_of_the_paper(W, b):
    """H_i for every feature, from rows and biases of any field of numbers."""
    gram = [[sum(x * y for x, y in zip(v, w, strict=True)) for w in W] for v in W]
    return [sum(terms_of_the_paper(gram[i][j], b[i], i == j) for j in range(len(W))) for i in range(len(W))]


def models(least=-1.0):
    """Rows of W, and biases from `least` to 0.5 (or to 0)."""
    sizes = st.tuples(st.integers(2, 7), st.integers(1, 3), st.integers(0, 2**32 - 1))

    def build(size):
        n, m, seed = size
        rng = np.random.default_rng(seed)
        return rng.normal(size=(n, m)), rng.uniform(least, 0.5, n), rng

    return sizes.map(build)


# --- the loss ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_the_loss_is_the_exact_rational(seed):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 7)), int(rng.integers(1, 4))
    W = [[Fraction(int(x), 64) for x in row] for row in rng.integers(-96, 97, (n, m))]
    b = [Fraction(int(x), 64) for x in rng.integers(-64, 33, n)]
    importance = [Fraction(int(x), 8) for x in rng.integers(0, 17, n)]
    truth = [i * h / (3 * n) for i, h in zip(importance, potentials_of_the_paper(W, b), strict=True)]
    floats = (np.array(part, dtype=float) for part in (W, b, importance))
    W, b, weights = floats
    result = one_hot_loss(W, b, importance=weights)
    assert result.value == pytest.approx(float(sum(truth)), rel=1e-14)
    assert result.per_feature == pytest.approx([float(t) for t in truth], rel=1e-13, abs=1e-16)
    assert result.potential == pytest.approx(float(3 * n * sum(truth)), rel=1e-14)


def test_the_loss_is_the_integral():
    W = [[0.9, 0.2], [-0.3, 0.8], [-0.5, -0.7], [0.6, -0.4]]
    b = [-0.1, 0.07, 0.0, -0.2]
    total = mpmath.mpf(0)
    for active in range(4):
        for i in range(4):
            a = sum(mpmath.mpf(x) * y for x, y in zip(W[i], W[active], strict=True))
            kink = [-b[i] / a] if 0 < -b[i] / a < 1 else []
            total += mpmath.quad(
                lambda x, a=a, i=i, own=(active == i): (own * x - max(a * x + b[i], 0)) ** 2, [0, *kink, 1]
            )
    assert one_hot_loss(W, b).value == pytest.approx(float(total / 4), rel=1e-14)
    assert one_hot_loss(W, np.minimum(b, 0), independent=True).potential == one_hot_loss(W, np.minimum(b, 0)).potential


@settings(max_examples=60)
@given(models())
def test_it_is_the_expected_loss_of_one_anticorrelated_group(model):
    W, b, rng = model
    importance = rng.uniform(0, 2, len(b))
    features = Features(len(b), 1 / len(b), importance, anticorrelated=[tuple(range(len(b)))])
    truth = expected_loss(ToyModel(W, b), features, gradient=True)
    result = one_hot_loss(W, b, importance=importance)
    assert abs(result.value - truth.value) <= 2 * truth.error + 1e-15
    assert result.per_feature == pytest.approx(truth.per_feature, rel=1e-9, abs=1e-12)
    assert result.grad_W == pytest.approx(truth.grad_W, rel=1e-8, abs=1e-10)
    assert result.grad_b == pytest.approx(truth.grad_b, rel=1e-8, abs=1e-10)


@given(models())
def test_rotations_change_nothing_and_permutations_permute(model):
    W, b, rng = model
    turn, _ = np.linalg.qr(rng.normal(size=(W.shape[1],) * 2))
    order = rng.permutation(len(b))
    one, turned, shuffled = one_hot_loss(W, b), one_hot_loss(W @ turn, b), one_hot_loss(W[order], b[order])
    assert turned.value == pytest.approx(one.value, rel=1e-12)
    assert turned.grad_W == pytest.approx(one.grad_W @ turn, abs=1e-11)
    assert shuffled.per_feature == pytest.approx(one.per_feature[order], rel=1e-12)
    assert shuffled.grad_b == pytest.approx(one.grad_b[order], abs=1e-12)


@given(models(), st.floats(0, 10))
def test_importance_weighs_outputs(model, factor):
    W, b, _ = model
    one, many = one_hot_loss(W, b), one_hot_loss(W, b, importance=factor)
    assert many.value == pytest.approx(factor * one.value, rel=1e-12)
    assert one.value == pytest.approx(one.per_feature.sum(), rel=1e-12)
    assert many.potential == pytest.approx(3 * len(b) * many.value, rel=1e-12)
    only = one_hot_loss(W, b, importance=np.eye(len(b))[0])
    assert only.value == pytest.approx(one.per_feature[0], rel=1e-12)


def test_nearly_perfect_codes_lose_no_digits():
    # Two silent outputs 1 - s and b away from perfect: H = 2 (N + b³ (1/s² + 1/s)), all terms tiny.
    s, b = Fraction(2**20 + 1, 2**20), Fraction(-1, 2**20)
    truth = 2 * terms_of_the_paper(s, b, own=True)
    norm = mpmath.sqrt(mpmath.mpf(s.numerator) / s.denominator)
    assert one_hot_loss([[float(norm)], [-float(norm)]], [float(b)] * 2).potential == pytest.approx(
        float(truth), rel=1e-9
    )


def test_edges_of_the_pieces():
    assert one_hot_loss([[0.0]], [0.0]).potential == 1  # never on
    assert one_hot_loss([[1.0]], [-1.0]).potential == 1  # on at x = 1 alone
    assert one_hot_loss([[0.0], [0.0]], [0.25, -0.5]).per_feature == pytest.approx([(1 - 0.75 + 6 / 16) / 6, 1 / 6])
    assert one_hot_loss([[1.0, 0.0], [0.0, 1.0]]).value == 0
    assert one_hot_loss([[1.0], [-1.0]]).grad_W.tolist() == [[0.0], [0.0]]
    assert float(one_hot_loss([[1e-200], [1.0]], [-1e-220, 0])) == pytest.approx(1 / 6)


def test_callers_arrays_stay(read_only):
    W, b = read_only([[0.5], [-0.7]]), read_only([0.1, -0.1])
    result = one_hot_loss(W, b, importance=read_only([1, 2]))
    assert float(result) == result.value
    assert json.loads(json.dumps(result.to_dict()))["per_feature"] == result.per_feature.tolist()


def test_independent_features_have_the_same_limit():
    """L(p) of independent features is p H / 3 + O(p²) where no bias is positive."""
    rng = np.random.default_rng(3)
    W, b = rng.normal(size=(5, 2)), -rng.uniform(0, 0.4, 5)
    slopes = [expected_loss(ToyModel(W, b), Features(5, p)).value / p for p in (1e-4, 5e-5)]
    limit = one_hot_loss(W, b, independent=True)
    assert limit.value == pytest.approx(2 * slopes[1] - slopes[0], rel=1e-6)
    assert limit.value == pytest.approx(limit.potential / 3, rel=1e-14)
    assert limit.grad_W == pytest.approx(5 * one_hot_loss(W, b).grad_W, rel=1e-12)


def test_the_best_pentagon_of_independent_features_tends_to_the_one_hot_pentagon():
    best = {p: optimum(Features(5, p), 2, starts=8) for p in (1e-3, 1e-4)}
    state = one_hot_state(5)

    def limit(of):  # Richardson, for an error proportional to p
        return (10 * of(best[1e-4]) - of(best[1e-3])) / 9

    assert limit(lambda o: 3 * o.loss / o.features.probability[0]) == pytest.approx(state.potential, rel=3e-5)
    assert limit(lambda o: np.linalg.norm(o.model.W, axis=1).mean()) == pytest.approx(PUBLISHED[5][0], abs=2e-6)
    assert limit(lambda o: o.model.b.mean()) == pytest.approx(PUBLISHED[5][1], abs=2e-6)
    at_limit = one_hot_loss(state.model.W, state.model.b, independent=True)
    assert at_limit.potential == pytest.approx(state.potential, rel=1e-13)


# --- critical points --------------------------------------------------------------------------------------------


def polygon_potential(k, s, b):
    """H of a k-gon with squared norm s: k times that of one vertex, with cosines of 30 digits."""
    cosines = [mpmath.cos(2 * mpmath.pi * j / k) for j in range(1, k)]
    return k * (terms_of_the_paper(s, b, True) + sum(terms_of_the_paper(s * g, b, False) for g in cosines))


@pytest.mark.parametrize("k", STARTS)
def test_polygons_to_30_digits(k):
    with mpmath.workdps(40):

        def forces(s, b):
            return [mpmath.diff(lambda *v: polygon_potential(k, *v), (s, b), n) for n in ((1, 0), (0, 1))]

        norm, bias = STARTS[k]
        s, b = mpmath.findroot(forces, (norm**2, bias), tol=1e-50)
        norm, h = float(mpmath.sqrt(s)), float(polygon_potential(k, s, b))
        b = float(b)
    state = one_hot_state(k)
    assert state.norm == pytest.approx(norm, rel=1e-14)
    assert state.bias == pytest.approx(b, rel=2e-14)
    assert state.potential == pytest.approx(h, rel=1e-13)
    assert state.loss == pytest.approx(h / (3 * k), rel=1e-13)
    if k in PUBLISHED:
        assert (state.norm, state.bias) == pytest.approx(PUBLISHED[k][:2], abs=6e-11)
        assert state.potential == pytest.approx(PUBLISHED[k][2], abs=6e-9)


def test_the_decagon_is_golden():
    """With τ = 1/φ: norm φ, bias -φ and potential 5, by φ² = φ + 1 in the closed form."""
    state = one_hot_state(10)
    assert (state.norm, state.bias, state.potential) == pytest.approx((GOLDEN, -GOLDEN, 5), rel=1e-14)


@pytest.mark.parametrize("shape", [2, 3, 4, "tetrahedron", "5-cell", "octahedron", "7-simplex"])
def test_shapes_without_acute_angles_are_perfect(shape):
    state = one_hot_state(shape)
    assert (state.norm, state.bias, state.potential, state.loss) == (1, 0, 0, 0)
    assert state.kind == ("minimum" if shape == 2 else "flat minimum")


CODES = [*range(2, 25), "cube", "icosahedron", "cuboctahedron", "dodecahedron", "16-cell", "30-gon", "101-gon"]


@pytest.mark.parametrize("dead", [0, 1, 4])
@pytest.mark.parametrize("shape", CODES)
def test_nothing_is_left_of_the_gradient(shape, dead):
    for state in one_hot_states(shape, dead, silent=dead // 2):
        result = one_hot_loss(state.model.W, state.model.b)
        assert result.value == pytest.approx(state.loss, rel=1e-13, abs=1e-16)
        assert result.potential == pytest.approx(state.potential, rel=1e-13, abs=1e-15)
        assert np.abs(result.grad_W).max() < 1e-14
        assert np.abs(result.grad_b).max() < 1e-14


def ground(cosines, ratios):
    """1 - H_vertex = 3 A²/B with the best norm for each τ, by Gauss quadrature between kinks."""
    nodes, weights = np.polynomial.legendre.leggauss(4)

    def integral(f, low, high):
        x = low + (high - low) * (nodes + 1) / 2
        return (high - low) / 2 * (weights @ f(x)) if high > low else 0.0

    def one(t):
        A = integral(lambda x: x * (x - t), max(t, 0), 1)
        B = 0.0
        for g, times in zip(*np.unique(cosines, return_counts=True), strict=True):
            kink = t / g if g else np.inf
            low, high = (max(kink, 0), 1) if g > 0 else (0, min(kink, 1) if t < 0 else 0)
            B += times * integral(lambda x, g=g: (g * x - t) ** 2, low, high)
        return 3 * A * A / B

    return np.array([one(t) for t in ratios])


@pytest.mark.parametrize("seed", range(12))
def test_no_critical_point_is_missed(seed):
    """Turning points of 3 A²/B on a grid, for cosines nobody chose: as many as are found, at the same places."""
    rng = np.random.default_rng(seed)
    cosines = np.append(1.0, rng.choice([rng.uniform(-1, 0.9), rng.uniform(0.3, 0.99), 0.0], rng.integers(1, 12)))
    grid = np.linspace(-6, 0.999, 4000) + 1e-5
    values = ground(cosines, grid)
    turns = np.flatnonzero(np.diff(np.sign(np.diff(values)))) + 1
    found = [t for t in critical_ratios(cosines) if -6 < t < 0.998]
    assert len(found) == len(turns)
    assert found == pytest.approx(list(grid[turns]), abs=2 * (grid[1] - grid[0]))
    assert len(found) >= 1


@pytest.mark.parametrize(
    ("cosines", "count"),
    [([1] + 6 * [0.9898] + 7 * [0.0214], 3), ([1] + 312 * [0.9624], 3), ([1] + 25 * [0.99] + 67 * [0.9297], 5)],
)
def test_several_critical_points_are_all_found(cosines, count):
    """Crowds of companions: no shape of the catalogue has more than one critical point."""
    found = critical_ratios(np.array(cosines, dtype=float))
    grid = np.linspace(0, 0.9995, 6001) + 1e-6
    values = ground(np.array(cosines, dtype=float), grid)
    turns = np.flatnonzero(np.diff(np.sign(np.diff(values)))) + 1
    assert len(found) == len(turns) == count
    assert found == pytest.approx(list(grid[turns]), abs=4e-4)


@settings(max_examples=200)
@given(st.dictionaries(st.integers(-999, 998), st.integers(1, 60), max_size=4))
def test_critical_points_come_in_odd_numbers(companions):
    """3 A²/B rises from τ = -∞ and falls to 0 at τ = 1, so its turning points alternate and there is one at least."""
    cosines = np.concatenate([[1.0], *(np.full(times, g / 1000) for g, times in companions.items())])
    found = critical_ratios(cosines)
    assert len(found) % 2 == 1
    assert found == sorted(found)


# --- dead features ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dead", [1, 3])
def test_what_dead_features_cost(dead):
    alive, c = one_hot_state(5), 5 + dead
    best, silent = one_hot_state(5, dead), one_hot_state(5, dead, silent=dead)
    assert best.potential == pytest.approx(alive.potential + dead * (1 - 3 / (4 * c)), rel=1e-14)
    assert silent.potential == pytest.approx(alive.potential + dead, rel=1e-14)
    assert (best.norm, best.bias) == (alive.norm, alive.bias)  # biases are negative: dead features are not heard
    assert best.dead_bias == 1 / (2 * c)
    for change in (0.01, -0.01):
        b = best.model.b + change * (np.arange(c) >= 5)
        assert one_hot_loss(best.model.W, b).value > best.loss


def test_names_and_places_of_dead_features():
    state = one_hot_state(5, 3, silent=1)
    assert state.name == "pentagon ++-"
    assert state.model.b.tolist() == pytest.approx([state.bias] * 5 + [1 / 16, 1 / 16, -1 / 16])
    assert np.linalg.norm(state.model.W, axis=1).tolist() == pytest.approx([state.norm] * 5 + [0] * 3)
    assert one_hot_state(5, 9, silent=5).name == "pentagon 4+5-"
    assert one_hot_state(6).name == "hexagon"


# --- stability --------------------------------------------------------------------------------------------------


def lowest_around(state, size, rng, tries=300):
    """Lowest loss of models at random nearby, minus that of the state."""
    W, b = state.model.W, state.model.b
    steps = (size * rng.normal(size=(W.size + b.size,)) for _ in range(tries))
    return min(one_hot_loss(W + v[: W.size].reshape(W.shape), b + v[W.size :]).value for v in steps) - state.loss


@pytest.mark.parametrize(
    ("shape", "dead", "silent", "kind", "index", "flat"),
    [
        (2, 0, 0, "minimum", 0, 0),
        *((k, 0, 0, "minimum", 0, 1) for k in range(5, 10)),
        *((k, 0, 0, "saddle", index, 1) for k, index in [(10, 2), (11, 8), (12, 1), (13, 2), (14, 3)]),
        (5, 1, 0, "minimum", 0, 1),
        (5, 1, 1, "flat minimum", 0, 4),
        (5, 2, 2, "flat minimum", 0, 7),
        (5, 2, 1, "saddle", 2, 2),  # a + feature gains by listening to a silent one
        (7, 3, 0, "minimum", 0, 1),
        ("cube", 0, 0, "saddle", 2, 3),
        ("icosahedron", 0, 0, "minimum", 0, 3),
        ("cuboctahedron", 0, 0, "saddle", 1, 3),
    ],
)
def test_stability(shape, dead, silent, kind, index, flat, rng):
    state = one_hot_state(shape, dead, silent=silent)
    assert (state.kind, state.index, state.n_flat) == (kind, index, flat)
    assert state.n_symmetries == (state.shape.dimension * (state.shape.dimension - 1)) // 2
    if kind == "saddle":
        W, b = state.model.W, state.model.b
        down = np.linalg.eigh(state.curvature.matrix)[1][:, 0]
        sides = [
            one_hot_loss(W + h * down[: W.size].reshape(W.shape), b + h * down[W.size :]).value for h in (0.02, -0.02)
        ]
        assert min(sides) < state.loss - 1e-8
    else:
        assert lowest_around(state, 1e-3, rng) > -1e-15


def test_states_at_bias_zero_are_not_called_more_than_they_are():
    assert one_hot_state(4, 1).kind == "undecided"  # dead features are heard on one side only
    assert one_hot_state(4).kind == "flat minimum"


@pytest.mark.parametrize(("c", "name"), [(5, "pentagon"), (6, "hexagon"), (7, "heptagon"), (8, "heptagon +")])
def test_descent_from_anywhere_finds_the_best_code_in_the_plane(c, name):
    best = one_hot_codes(2, c).states[0]
    assert best.name == name
    found = optimum(one_hot_features(c), 2, starts=8)
    assert found.loss == pytest.approx(best.loss, rel=1e-9)
    assert np.sort(np.linalg.norm(found.model.W, axis=1)) == pytest.approx(
        np.sort(np.linalg.norm(best.model.W, axis=1)), abs=1e-4
    )


# --- tables -----------------------------------------------------------------------------------------------------


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


def test_large_models_have_no_stability():
    state = one_hot_state("134-gon")  # 3 · 134 parameters
    assert (state.kind, state.index, state.n_flat, state.n_symmetries) == ("not computed", None, None, None)
    assert str(one_hot_polygons([134])).splitlines()[1].split()[-4:] == ["computed", "-", "-", "-"]


def test_shapes_come_as_polytopes_names_and_numbers():
    states = [one_hot_state(shape) for shape in (polytope("pentagon"), "pentagon", "{5}", 5, np.int64(5))]
    assert {state.potential for state in states} == {states[0].potential}
    assert str(states[0]) == ("pentagon: norm 1.1704596391, bias -0.2822972831, potential 0.23738441, loss 0.01582563")


EQUATOR = [[1, 0, 0], [-0.5, 0.75**0.5, 0], [-0.5, -(0.75**0.5), 0]]
BIPYRAMID = Polytope("bipyramid", [*EQUATOR, [0, 0, 1], [0, 0, -1]], "", (5, 9, 6), 12)  # at rest, but unlike
UNLIKE = Polytope("kite", [[1, 0], [0, 1], [-1, 0], [0.6, 0.8]], "", (4, 4), 1)


@pytest.mark.parametrize(
    ("function", "arguments", "options", "error", "message"),
    [
        (
            one_hot_loss,
            ([[1.0], [1.0]], [0.1]),
            {},
            ValueError,
            r"^`b` must have one entry per feature \(2,\); got shape",
        ),
        (
            one_hot_loss,
            ([1.0],),
            {},
            ValueError,
            r"^`W` must have the shape \(n_features, n_hidden\); got shape \(1,\)",
        ),
        (
            one_hot_loss,
            ([[1.0]], [0.1]),
            {"independent": True},
            ValueError,
            r"^`b` must be at most 0 in the limit of independent features; got 0\.1\. Clip it",
        ),
        (
            one_hot_loss,
            ([[1.0]],),
            {"importance": -1},
            ValueError,
            r"^`importance` must be at least 0; got -1\. Rescale",
        ),
        (one_hot_state, (1,), {}, ValueError, r"^`shape` must be at least 2; got 1\. Pass"),
        (
            one_hot_state,
            (5.0,),
            {},
            TypeError,
            r"^`shape` must be a Polytope, a name, .*; got 5\.0 \(float\)\. Pass 5 or",
        ),
        (one_hot_state, (True,), {}, TypeError, r"^`shape` must be a Polytope, .*; got True \(bool\)"),
        (one_hot_state, ("pentagram",), {}, ValueError, r"^`name` must be a known shape; got 'pentagram'"),
        (
            one_hot_state,
            (UNLIKE,),
            {},
            ValueError,
            r"^`shape` must have vertices that all see .* got kite, critical for no",
        ),
        (
            one_hot_states,
            ("square antiprism",),
            {},
            ValueError,
            r"^`shape` must .* holds in place; got square antiprism, ",
        ),
        (one_hot_state, (BIPYRAMID,), {}, ValueError, r"^`shape` must have vertices that all see the same angles"),
        (one_hot_state, (5, -1), {}, ValueError, r"^`dead` must be at least 0; got -1\. Pass"),
        (one_hot_state, (5, 1), {"silent": 2}, ValueError, r"^`silent` must be at most `dead` \(1\); got 2\. Silent"),
        (one_hot_polygons, (5,), {}, TypeError, r"^`ks` must be numbers of sides; got 5\. Pass range"),
        (one_hot_polygons, ([1],), {}, ValueError, r"^`ks` must be at least 2; got 1\. Pass"),
        (one_hot_codes, (0,), {}, ValueError, r"^`dimension` must be at least 1; got 0\. Pass"),
        (one_hot_codes, (2, 1), {}, ValueError, r"^`n_features` must be at least 2; got 1\. Pass"),
        (one_hot_features, (1,), {}, ValueError, r"^`n` must be at least 2; got 1\. Pass"),
    ],
)
def test_bad_input_is_named(function, arguments, options, error, message):
    with pytest.raises(error, match=message):
        function(*arguments, **options)
