"""`superposition_test`: planted truth, the inequality in exact rationals, false alarms, refusals."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest

import geomsup as gs
from geomsup.sources.counting import _is_single, _others
from geomsup.sources.directions import Directions

rng = np.random.default_rng(0)


def activations(W, p, samples, seed=0, values=None):
    features = gs.Features(len(W), p, values=values or gs.Uniform(0, 1))
    return features.sample(samples, rng=seed) @ np.asarray(W, float)


@pytest.mark.parametrize("name", ["triangle", "pentagon", "octahedron", "square antiprism", "24-cell"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_shapes_are_shown_and_their_vertices_found(name, kind):
    W = gs.polytope(name).vertices
    found = gs.superposition_test(activations(W, 0.03, 20_000).astype(kind))
    assert found.shown
    assert found.rank == W.shape[1]
    cosines = found.directions @ W.T
    assert sorted(cosines.argmax(axis=1)) == list(range(len(W)))
    assert cosines.max(axis=1) == pytest.approx(1, abs=1e-6)


def test_counts_are_those_of_samples_with_one_active_feature():
    features = gs.Features(12, 0.05)
    X, W = features.sample(10_000, rng=1), rng.normal(size=(12, 4))
    found = gs.superposition_test(X @ W)
    alone = ((X != 0).sum(axis=1) == 1)[:, None] & (X != 0)
    assert sorted(found.counts) == sorted(alone.sum(axis=0))
    assert found.zeros == (X == 0).all(axis=1).sum()


def test_fewer_directions_than_dimensions_that_depend_on_each_other():
    W = np.pad(gs.polytope("triangle").vertices, ((0, 0), (0, 6))) @ np.linalg.qr(rng.normal(size=(8, 8)))[0]
    found = gs.superposition_test(activations(W, 0.1, 3000))
    assert (found.shown, len(found.counts), found.rank) == (True, 3, 2)
    assert "depend on each other" in found.headline


def test_one_dimension():
    assert gs.superposition_test(activations([[1.0], [-2.0]], 0.1, 1000)).shown
    assert not gs.superposition_test(activations([[1.0], [2.0]], 0.1, 1000)).shown  # one direction: nothing to see


CHANCES = [Fraction(1, 100), Fraction(1, 3), Fraction(1, 2), Fraction(9, 10)]
VALUES = ((1, Fraction(1, 4)), (2, Fraction(3, 4)))


def exact_directions(p):
    """The probability of every direction of three sources with two values each, and of none, in exact rationals."""
    found: dict[tuple[Fraction, ...], Fraction] = {}
    for outcome in product(*([(0, 1 - chance), *((v, chance * q) for v, q in VALUES)] for chance in p)):
        values, probability = [v for v, _ in outcome], Fraction(1)
        for _, q in outcome:
            probability *= q
        direction = tuple(Fraction(v, max(*values, 1)) for v in values)
        found[direction] = found.get(direction, Fraction(0)) + probability
    return found


@pytest.mark.parametrize("p", list(product(CHANCES, repeat=3)))
def test_the_inequality_in_exact_rationals(p):
    """Of several active sources, no direction is more frequent than the two of its parts allow, whatever p is."""
    every = exact_directions(p)
    none = every.pop((0, 0, 0))
    for direction, probability in every.items():
        active = [i for i in range(3) if direction[i]]
        for size in range(1, len(active)):
            for part in combinations(active, size):
                parts = []
                for inside in (True, False):
                    kept = [direction[i] if (i in part) == inside else Fraction(0) for i in range(3)]
                    parts.append(tuple(v / max(kept) for v in kept))
                assert probability <= every[parts[0]] * every[parts[1]] / none
                assert direction not in parts


@pytest.mark.parametrize("p", [0.6, 0.75, [0.95, 0.3, 0.2]])
def test_features_that_are_mostly_present_give_no_alarm(p):
    for seed in range(10):
        H = activations(np.eye(3), p, 20_000, seed, gs.Discrete((1,)))
        assert gs.superposition_test(H, level=0.5).p_value == 1


LAWS = [gs.Discrete((1,)), gs.Discrete((1, 2, 3)), gs.Uniform(0, 1), gs.Uniform(0.5, 1)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["random", "fewer", "orthogonal"])
@pytest.mark.parametrize("law", LAWS, ids=str)
def test_false_alarms_are_as_rare_as_promised(kind, law):
    alarms = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        m = int(rng.integers(2, 7))
        A = rng.normal(size=(m if kind != "fewer" else rng.integers(1, m), m))
        A = np.linalg.qr(A)[0] if kind == "orthogonal" else A
        p = rng.choice([0.5, 0.1]) if rng.random() < 0.5 else rng.uniform(0.01, 0.95, len(A))
        H = gs.Features(len(A), p, values=law).sample(2000, rng).astype(np.float32) @ A.astype(np.float32)
        alarms += gs.superposition_test(H).shown
    assert alarms <= 4  # at level 0.01: 5 of 100 have a probability of 0.003


def test_values_that_are_lost_in_rounding_are_no_features():
    """Values that span 12 decades, in single precision: many sums look like one source."""
    values = gs.Discrete(tuple(10.0 ** np.arange(-12, 1)))
    H = gs.Features(4, 0.3, values=values).sample(50_000, rng=2).astype(np.float32) @ np.eye(4, dtype=np.float32)
    found = gs.superposition_test(H)
    assert found.p_value == 1
    assert found.rank == len(found.counts) == 4


def test_noise_means_and_density_show_nothing():
    W = gs.polytope("pentagon").vertices
    H = activations(W, 0.05, 5000)
    for other in (H + 1e-3 * rng.normal(size=H.shape), H - H.mean(axis=0), H + np.array([0.1, 0.2])):
        found = gs.superposition_test(other)
        assert not found.shown
        assert "not shown" in found.headline
    assert gs.superposition_test(H + np.array([0.1, 0.2])).reason.startswith("no sample is 0")
    dense = gs.superposition_test(activations(W, 0.9, 5000))
    assert "dense" in dense.reason
    few = gs.superposition_test(H[:40])
    assert few.reason == f"3 equally frequent features would need {few.needed} samples"
    assert few.needed > 40


@pytest.mark.parametrize(("n", "m"), [(3, 2), (11, 10)])
def test_the_number_of_samples_needed_is_about_right(n, m):
    """A quarter of it shows nothing, and it shows m + 1 features nine times in ten: in 7 of 10 draws or more."""
    W, p = rng.normal(size=(n, m)), 0.05
    needed = gs.superposition_test(activations(W, p, 100_000)).needed
    shown = [[gs.superposition_test(activations(W, p, size, s)).shown for s in range(10)]
             for size in (needed // 4, needed)]  # fmt: skip
    assert sum(shown[0]) <= 1
    assert sum(shown[1]) >= 7  # 6 or fewer of 10 have a chance of 1 % then


def halved(H, kind):
    """Return a float32 with the digits of half precision; bfloat16 has its first 16 bits."""
    if kind == "float16":
        return H.astype(np.float16).astype(np.float32)
    return (H.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)


LEAST = {"float16": 0.001, "bfloat16": 0.008}


@pytest.mark.parametrize("kind", LEAST)
@pytest.mark.parametrize("now", [np.float32, np.float64])
def test_half_precision_is_refused_whatever_its_type_is_now(kind, now):
    """Rounded so, five integer sources in five dimensions have ten directions."""
    rng = np.random.default_rng(0)
    s = (rng.random((5000, 5)) < 0.1) * rng.integers(1, 4, (5000, 5))
    H = s @ rng.normal(size=(5, 5))
    half = halved(H, kind)
    if kind == "float16":
        with pytest.raises(ValueError, match="`H` must have single precision or better"):
            gs.superposition_test(half.astype(np.float16))
    with pytest.raises(ValueError, match="`H` must have single precision or better"):
        gs.superposition_test(half.astype(now))
    with pytest.raises(ValueError, match=f"or pass tolerance={LEAST[kind]}, without a proof"):
        gs.superposition_test(half.astype(now), tolerance=0.9 * LEAST[kind])
    found = gs.superposition_test(half.astype(now), tolerance=LEAST[kind])
    assert not found.shown
    assert not found.proved
    exact = gs.superposition_test(H.astype(now))
    assert exact.proved
    assert not exact.shown


@pytest.mark.parametrize("kind", LEAST)
def test_half_precision_raises_no_alarm_where_columns_are_nearly_dependent(kind):
    """Five columns whose least singular value is below the rounding look dependent, and are not."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        A = rng.normal(size=(5, 5))
        A[4] = A[:4].mean(axis=0) + 0.004 * rng.normal(size=5)
        H = ((rng.random((5000, 5)) < 0.1) * rng.integers(1, 4, (5000, 5))) @ A
        found = gs.superposition_test(halved(H, kind), tolerance=LEAST[kind])
        assert not found.shown, seed


def test_superposition_in_half_precision_is_shown_without_a_proof():
    H = halved(activations(gs.polytope("pentagon").vertices, 0.05, 5000), "bfloat16")
    found = gs.superposition_test(H, tolerance=0.008)
    assert found.shown
    assert not found.proved
    assert "not proved: directions are too coarse" in found.headline
    assert len(found.headline.split()) <= 40


def test_float16_below_its_digits_is_refused():
    """Multiples of 2^-24 make directions of their own: three sources at a scale of 1e-6."""
    rng = np.random.default_rng(1)
    H = ((rng.random((3000, 3)) < 0.1) * rng.random((3000, 3))) @ rng.normal(size=(3, 3))
    with pytest.raises(ValueError, match="`H` must not have rows that float16 rounds to fewer digits"):
        gs.superposition_test((1e-6 * H).astype(np.float16), tolerance=0.001)
    assert not gs.superposition_test((1e-6 * halved(H, "bfloat16")), tolerance=0.008).shown


def test_whole_numbers_and_zeros_have_no_half_precision():
    whole = (rng.random((3000, 3)) < 0.1) * rng.integers(1, 200, (3000, 3))
    gs.superposition_test(whole)
    assert gs.superposition_test(np.zeros((50, 2))).reason == "all samples are 0"


def test_the_level_of_a_direction_is_where_it_becomes_sure():
    H = activations(rng.normal(size=(4, 2)), 0.05, 800)
    whole = gs.superposition_test(H, level=0.999)
    for count, level in zip(whole.counts, whole.levels, strict=True):
        for factor, expected in ((1.001, True), (0.999, False)):
            found = gs.superposition_test(H, level=min(level * factor, 0.9999))
            assert (count in found.counts) == expected
    first, second = np.sort(whole.counts)[::-1][:2]
    least = whole.counts.min()
    level = whole.levels[whole.counts.argmin()]
    assert _is_single(least, first, second, 800, whole.zeros, level * 1.001)


@pytest.mark.parametrize("counts", [[9], [9, 9], [9, 9, 9], [9, 7, 7, 2], [9, 7, 5, 3], [2, 1]])
@pytest.mark.parametrize("rest", [0, 1, 2, 7, 8, 20])
def test_the_two_largest_others(counts, rest):
    """What was not looked at may be any number of directions."""
    found = _others(Directions(np.zeros((len(counts), 1)), np.array(counts), rest))
    truth = [sorted([*counts[:k], *counts[k + 1 :], rest, rest])[-2:] for k in range(len(counts))]
    assert np.transpose(found)[:, ::-1].tolist() == truth


def test_defaults_and_the_ends_of_ranges():
    H = activations(np.eye(2), 0.1, 1000)
    assert gs.superposition_test(H).level == 0.01
    assert all(gs.superposition_test(H, tolerance=end).rank == 2 for end in (1e-12, 1e-2))


def test_scale_order_and_turns_change_nothing():
    H = activations(rng.normal(size=(7, 3)), 0.05, 3000)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    first = gs.superposition_test(H)
    for other in (H * 1e300, H * 1e-290, H[::-1], H @ turn, H * rng.uniform(0.1, 10, (len(H), 1))):
        again = gs.superposition_test(other)
        assert (again.p_value, again.counts.tolist()) == (first.p_value, first.counts.tolist())


def test_short_rows_are_zeros_if_asked():
    H = activations(rng.normal(size=(5, 2)), 0.05, 3000)
    H[~H.any(axis=1)] = 1e-12 * rng.normal(size=((~H.any(axis=1)).sum(), 2))
    assert not gs.superposition_test(H).shown
    assert gs.superposition_test(H, zero=1e-9).shown


def test_it_prints_a_headline_and_a_row_per_direction():
    found = gs.superposition_test(activations(rng.normal(size=(30, 6)), 0.02, 20_000))
    lines = str(found).split("\n")
    assert lines[0] == found.headline
    assert lines[-1] == "  and 10 more"
    nothing = gs.superposition_test(np.zeros((9, 2)))
    assert str(nothing) == nothing.headline
    for one in (found, nothing, gs.superposition_test(np.ones((9, 2)))):
        assert len(one.headline.split()) <= 40
        assert gs.SuperpositionTest.from_dict(one.to_dict()).headline == one.headline


NAN = float("nan")


@pytest.mark.parametrize(
    "bad",
    [None, NAN, "text", [], [[]], [[NAN, 1.0]] * 9, np.zeros((0, 2)), np.ones((2, 2, 2)), [1.0, 2.0], [["x"]],
     np.ones((2, 2)), {"H": 1}],
)  # fmt: skip
def test_what_is_refused(bad):
    with pytest.raises((TypeError, ValueError), match=r"^`H` must") as caught:
        gs.superposition_test(bad)
    assert "\n" not in str(caught.value)


def test_activations_the_other_way_round_are_named():
    with pytest.raises(ValueError, match=r"got \(2, 9\). Transpose it."):
        gs.superposition_test(np.ones((2, 9)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"level": 1}, "`level` must be less than 1"),
        ({"level": NAN}, "`level` must be positive"),
        ({"tolerance": NAN}, "`tolerance` must be positive"),
        ({"tolerance": 0.1}, "`tolerance` must be from 1e-12 to 0.01"),
        ({"zero": -1.0}, "`zero` must be at least 0"),
        ({"zero": NAN}, "`zero` must be finite"),
        ({"progress": 1}, "`progress` must be callable"),
    ],
)
def test_what_else_is_refused(arguments, message):
    with pytest.raises((TypeError, ValueError), match=f"^{message}"):
        gs.superposition_test(np.eye(3)[[0, 1, 2, 0]], **arguments)


def test_it_says_how_far_it_is():
    told = []
    gs.superposition_test(activations(np.eye(2), 0.1, 100), progress=lambda *one: told.append(one))
    assert told[-1] == ("directions", 1.0)
