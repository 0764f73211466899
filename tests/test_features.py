"""The inputs' law: moments against scipy, samples against the law, values that stay what they are."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from geomsup import Features, Uniform

probabilities = st.floats(0, 1)
ends = st.floats(-10, 10)
laws = st.builds(lambda low, width: Uniform(low, low + width), ends, st.floats(0.01, 10))


@st.composite
def features(draw):
    n = draw(st.integers(1, 6))
    return Features(
        n,
        draw(st.lists(probabilities, min_size=n, max_size=n)),
        draw(st.lists(st.floats(0, 100), min_size=n, max_size=n)),
        draw(laws),
    )


@given(laws)
def test_moments_of_the_law_are_those_of_scipy(law):
    truth = stats.uniform(law.low, law.high - law.low)
    assert law.mean == pytest.approx(truth.mean(), rel=1e-12, abs=1e-12)
    assert law.second_moment == pytest.approx(truth.var() + truth.mean() ** 2, rel=1e-12, abs=1e-12)


@given(laws, probabilities)
def test_moments_of_a_feature_are_those_of_the_mixture(law, p):
    """By quadrature of p * density over the interval, and the rest of the probability at 0."""
    points, weights = np.polynomial.legendre.leggauss(4)  # exact for the square
    x = law.low + (law.high - law.low) * (points + 1) / 2
    first, second = p * (weights @ x) / 2, p * (weights @ x**2) / 2
    one = Features(1, p, values=law)
    scale = max(abs(law.low), abs(law.high)) ** 2
    assert one.mean[0] == pytest.approx(first, rel=1e-12, abs=1e-14 * scale)
    assert one.variance[0] == pytest.approx(second - first**2, rel=1e-12, abs=1e-14 * scale)


def test_variance_of_the_papers_features_is_the_closed_form():
    p = np.linspace(0, 1, 11)
    np.testing.assert_allclose(Features(11, p).variance, p / 3 - p**2 / 4, rtol=1e-14)


@given(features())
def test_no_variance_is_negative(f):
    scale = max(abs(f.values.low), abs(f.values.high)) ** 2
    assert (f.variance >= -1e-14 * scale).all()


def test_defaults_are_always_present_equal_features_on_the_unit_interval():
    f = Features(3)
    assert (f.probability == 1).all()
    assert (f.importance == 1).all()
    assert f.values == Uniform(0, 1)


def test_samples_have_the_law():
    f = Features(2, [0.3, 0.8], values=Uniform(-0.5, 2))
    x = f.sample(20_000, rng=0)
    for i in range(2):
        present = x[x[:, i] != 0, i]
        assert stats.binomtest(len(present), len(x), f.probability[i]).pvalue > 1e-4
        assert stats.kstest(present, stats.uniform(-0.5, 2.5).cdf).pvalue > 1e-4
    together = ((x[:, 0] != 0) & (x[:, 1] != 0)).sum()
    assert stats.binomtest(int(together), len(x), 0.3 * 0.8).pvalue > 1e-4


def test_the_law_itself_samples_its_interval():
    x = Uniform(1, 3).sample((100, 50), rng=1)
    assert x.shape == (100, 50)
    assert stats.kstest(x.ravel(), stats.uniform(1, 2).cdf).pvalue > 1e-4


@pytest.mark.parametrize(("p", "present"), [(0.0, 0), (1.0, 1)])
def test_probability_zero_is_never_and_one_is_always(p, present):
    x = Features(4, p, values=Uniform(1, 2)).sample(1000, rng=0)
    assert ((x != 0) == bool(present)).all()


@pytest.mark.parametrize("size", [0, 1, np.int64(7)])
def test_a_sample_is_a_row(size):
    assert Features(5, 0.1).sample(size, rng=0).shape == (size, 5)


def test_samples_are_reproducible_by_seed():
    f = Features(5, 0.5)
    np.testing.assert_array_equal(f.sample(10, rng=3), f.sample(10, rng=3))
    np.testing.assert_array_equal(f.sample(10, rng=3), f.sample(10, rng=np.random.default_rng(3)))
    assert (f.sample(10, rng=3) != f.sample(10, rng=4)).any()


@given(features())
def test_json_keeps_every_bit(f):
    back = Features.from_dict(json.loads(json.dumps(f.to_dict())))
    assert back == f
    assert hash(back) == hash(f)
    for name in ("probability", "importance"):
        assert getattr(back, name).tobytes() == getattr(f, name).tobytes()


@given(features(), features())
def test_equal_features_and_only_these_have_equal_contents(one, two):
    same = (
        one.n == two.n
        and (one.probability == two.probability).all()
        and (one.importance == two.importance).all()
        and one.values == two.values
    )
    assert (one == two) == same
    assert one == Features(one.n, one.probability.copy(), one.importance.copy(), one.values)


def test_scalar_and_array_of_equal_entries_are_equal():
    assert Features(3, 0.1) == Features(3, [0.1] * 3)
    assert len({Features(3, 0.1), Features(3, [0.1] * 3), Features(3, 0.2)}) == 2
    assert Features(3, 0.1) != "Features"


def test_equal_features_hash_alike_also_with_a_negative_zero():
    one, two = Features(1, 0.0), Features(1, -0.0)
    assert one == two
    assert hash(one) == hash(two)


def test_features_cannot_be_changed(read_only):
    mine = np.array([0.1, 0.2])
    f = Features(2, mine, read_only([1, 2]))
    mine[0] = 0.9
    assert f.probability.tolist() == [0.1, 0.2]
    with pytest.raises(ValueError, match="read-only"):
        f.probability[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        f.n = 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        f.values.low = 3


def test_repr_is_short():
    assert (
        repr(Features(5, 0.1, [1, 2, 3, 4, 5]))
        == "Features(5, probability=0.1, importance=[1. 2. 3. 4. 5.], values=Uniform(low=0.0, high=1.0))"
    )
    assert len(repr(Features(5000, np.linspace(0, 1, 5000)))) < 200


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: Features(2, 1.5),
            ValueError,
            r"^`probability` must be in \[0, 1\]; got 1\.5\. Pass P\(x_i != 0\) = 1 - sparsity\.$",
        ),
        (
            lambda: Features(2, [0.5, -0.1]),
            ValueError,
            r"^`probability` must be in \[0, 1\]; got -0\.1\. Pass",
        ),
        (
            lambda: Features(2, [0.5, np.nan]),
            ValueError,
            r"^`probability` must be finite; got nan at index \(1,\)\. Remove NaN",
        ),
        (
            lambda: Features(2, [0.1] * 3),
            ValueError,
            r"^`probability` must be a number or have one entry per feature \(2\); got shape \(3,\)",
        ),
        (
            lambda: Features(2, [[0.1, 0.1]]),
            ValueError,
            r"^`probability` .* got shape \(1, 2\)\. Pass a scalar",
        ),
        (
            lambda: Features(2, "often"),
            TypeError,
            r"^`probability` must hold real numbers; got text\. Convert",
        ),
        (lambda: Features(2, 1j), TypeError, r"^`probability` must hold real numbers; got complex numbers\."),
        (
            lambda: Features(2, None),
            TypeError,
            r"^`probability` must hold real numbers; got objects\. Convert",
        ),
        (lambda: Features(2, 0.1, -1), ValueError, r"^`importance` must be at least 0; got -1\. Rescale"),
        (
            lambda: Features(2, 0.1, np.inf),
            ValueError,
            r"^`importance` must be finite; got inf\. Pass a finite number\.",
        ),
        (
            lambda: Features(2.0),
            TypeError,
            r"^`n` must be an integer; got 2\.0 \(float\)\. Pass a whole number",
        ),
        (lambda: Features(True), TypeError, r"^`n` must be an integer; got True \(bool\)\. Pass"),
        (lambda: Features("5"), TypeError, r"^`n` must be an integer; got '5' \(str\)\. Pass"),
        (lambda: Features(0), ValueError, r"^`n` must be at least 1; got 0\. Pass a larger number"),
        (
            lambda: Features(2, values=(0, 1)),
            TypeError,
            r"^`values` must be a distribution such as Uniform\(0, 1\), or .*; got \(0, 1\)\. Wrap ranges",
        ),
        *(
            (lambda groups=groups: Features(2, correlated=groups), TypeError, r"^`correlated` must be a list of groups")
            for groups in (np.array(1), [np.array(1)], "01", ["01"])
        ),
        (lambda: Features(2, values=Uniform), TypeError, r"^`values` must be a distribution .* Wrap ranges"),
        (lambda: Features(2).sample(-1), ValueError, r"^`size` must be at least 0; got -1\. Pass"),
        (
            lambda: Features(2).sample(1.5),
            TypeError,
            r"^`size` must be an integer; got 1\.5 \(float\)\. Pass",
        ),
        (
            lambda: Features.from_dict({"n": 1, "probability": 1, "importance": 1, "values": {"law": "cauchy"}}),
            ValueError,
            r'^`law` must be one of "uniform", "discrete", .*; got \'cauchy\'\. Rewrite',
        ),
        (
            lambda: Uniform(1, 1),
            ValueError,
            r"^`high` must be greater than `low`; got Uniform\(1, 1\)\. Swap or spread them\.$",
        ),
        (
            lambda: Uniform(2, 1),
            ValueError,
            r"^`high` must be greater than `low`; got Uniform\(2, 1\)\. Swap",
        ),
        (lambda: Uniform(0, np.nan), ValueError, r"^`high` must be finite; got nan\. Pass a finite number"),
        (lambda: Uniform(-np.inf, 0), ValueError, r"^`low` must be finite; got -inf\. Pass a finite number"),
        (lambda: Uniform("0", 1), TypeError, r"^`low` must hold real numbers; got text\. Convert"),
        (
            lambda: Uniform([0], 1),
            TypeError,
            r"^`low` must be one number; got shape \(1,\)\. Pass a float\.$",
        ),
        (
            lambda: Uniform(0, [1, 2]),
            TypeError,
            r"^`high` must be one number; got shape \(2,\)\. Pass a float",
        ),
    ],
)
def test_bad_input_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()
