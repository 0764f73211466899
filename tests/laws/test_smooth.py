"""Smooth distributions: moments, excesses and samples against scipy, and what their pieces promise."""

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import integrate, stats

from geomsup import Exponential, Features, HalfNormal, Law, LogNormal, Normal, PowerLaw
from geomsup.laws import law_from_dict, misfit_of


def power_law(exponent, low, high):
    whole = integrate.quad(lambda y: y**-exponent, low, high)[0]

    class Truth(stats.rv_continuous):
        def _pdf(self, x):
            return x**-exponent / whole

    return Truth(a=low, b=high)


# Each distribution and the same one of scipy's.
PAIRS = [
    (Normal(), stats.norm()),
    (Normal(0.3, 0.5), stats.norm(0.3, 0.5)),
    (HalfNormal(2), stats.halfnorm(scale=2)),
    (Exponential(0.7), stats.expon(scale=0.7)),
    (LogNormal(1, 0.5), stats.lognorm(0.5)),
    (LogNormal(0.3, 1), stats.lognorm(1, scale=0.3)),
    (PowerLaw(2, 1, 10), power_law(2, 1, 10)),
    (PowerLaw(1, 0.01, 1), power_law(1, 0.01, 1)),
    (PowerLaw(-1.5, 1, 3), power_law(-1.5, 1, 3)),
]
LAWS = [law for law, _ in PAIRS]
NAMES = [str(law) for law in LAWS]


def laws():
    """Draw any smooth distribution, of any scale."""
    scales, cells = st.floats(1e-3, 1e3), st.sampled_from([16, 24, 64])
    return st.one_of(
        st.builds(lambda mean, std, n: Normal(mean * std, std, cells=n), st.floats(-5, 5), scales, cells),
        st.builds(lambda scale, n: HalfNormal(scale, cells=n), scales, cells),
        st.builds(lambda mean, n: Exponential(mean, cells=n), scales, cells),
        st.builds(lambda median, sigma, n: LogNormal(median, sigma, cells=n), scales, st.floats(0.01, 1), cells),
        st.builds(
            lambda exponent, low, ratio, n: PowerLaw(exponent, low, low * ratio, cells=n),
            st.floats(-4, 4), scales, st.floats(1.1, 1e3), cells,
        ),
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("law", "truth"), PAIRS, ids=NAMES)
def test_moments_and_support_are_those_of_scipy(law, truth):
    assert isinstance(law, Law)
    assert law.mean == pytest.approx(truth.mean(), rel=1e-9)
    assert law.variance == pytest.approx(truth.var(), rel=1e-7)
    assert law.second_moment == pytest.approx(truth.var() + truth.mean() ** 2, rel=1e-8)
    assert law.support == truth.support()


@pytest.mark.slow
@pytest.mark.parametrize(("law", "truth"), PAIRS, ids=NAMES)
def test_densities_and_excesses_are_those_of_scipy(law, truth):
    low, high = truth.ppf(0.001), truth.ppf(0.999)
    far = truth.support()[1] if truth.support()[1] < math.inf else truth.ppf(1 - 1e-15)
    for t in np.linspace(low, high, 7):
        assert law.density(np.array(t)) == pytest.approx(truth.pdf(t), rel=1e-9)
        for k, found in enumerate(law.excess(np.array(t))):
            middle = min(t + law.variance**0.5, far)
            parts = [integrate.quad(lambda x, t=t, k=k: (x - t) ** k * truth.pdf(x), *ends, epsabs=0, limit=200)[0]
                     for ends in ((t, middle), (middle, far))]  # fmt: skip
            assert found == pytest.approx(sum(parts), rel=1e-7), (t, k)
    below = min(low, 0.0) - 1.0  # where all is above, but for a tail
    if law.support[0] > -math.inf:
        expected = 1.0, law.mean - below, law.variance + (law.mean - below) ** 2
        np.testing.assert_allclose(law.excess(np.array(below)), expected, rtol=1e-12)


@pytest.mark.parametrize(("law", "truth"), PAIRS, ids=NAMES)
@pytest.mark.slow
def test_samples_have_the_distribution_itself_not_that_of_the_pieces(law, truth):
    x = law.sample((100, 30), rng=1)
    assert x.shape == (100, 30)
    assert stats.kstest(x.ravel(), truth.cdf).pvalue > 1e-3
    np.testing.assert_array_equal(law.sample(5, rng=2), law.sample(5, rng=2))


@given(laws())
def test_pieces_keep_mass_mean_and_second_moment(law):
    weight, low, width = law.pieces()
    assert len(weight) == law.cells
    assert (weight > 0).all()
    assert (width > 0).all()
    assert low.min() >= law.support[0]
    middle = low + width / 2
    assert weight.sum() == pytest.approx(1, rel=1e-12)
    scale = law.second_moment**0.5
    assert weight @ middle == pytest.approx(law.mean, rel=1e-10, abs=1e-12 * scale)
    assert weight @ (middle**2 + width**2 / 12) == pytest.approx(law.second_moment, rel=1e-10)


@given(laws(), st.integers(0, 2**32 - 1))
def test_no_excess_of_the_pieces_is_farther_off_than_the_misfit_says(law, seed):
    """E(x-t)₊, E(x-t)₊² and E x(x-t)₊ of the pieces, summed piece by piece, at random t inside and beyond."""
    weight, low, width = law.pieces()
    rng, spread = np.random.default_rng(seed), low.max() + width.max() - low.min()
    t = rng.uniform(low.min() - 0.1 * spread, low.max() + width.max() + 0.1 * spread, 200)
    t = np.concatenate(
        [t, low[rng.integers(0, len(low), 200)] + width[rng.integers(0, len(low), 200)] * rng.random(200)]
    )
    above = np.maximum(low + width - t[:, None], 0), np.maximum(low - t[:, None], 0)
    first = (weight * (above[0] ** 2 - above[1] ** 2) / (2 * width)).sum(axis=1)
    second = (weight * (above[0] ** 3 - above[1] ** 3) / (3 * width)).sum(axis=1)
    _, true_first, true_second = law.excess(t)
    scale, misfit = law.second_moment**0.5, misfit_of(law)
    slack = 1e-9 * np.maximum(scale, np.abs(t))  # the differences above cancel, the misfit's do not
    assert (np.abs(first - true_first) <= misfit.first + slack).all()
    assert (np.abs(second - true_second) <= misfit.second + slack * np.maximum(scale, np.abs(t))).all()
    own = np.abs(second + t * first - true_second - t * true_first)
    assert (own <= misfit.own + slack * np.maximum(scale, np.abs(t))).all()


@pytest.mark.parametrize("law", LAWS, ids=NAMES)
def test_twice_as_many_cells_are_about_eight_times_as_close(law):
    few, many = (dataclasses.replace(law, cells=cells).misfit for cells in (32, 128))
    assert many.first < few.first / 20
    assert many.own < few.own / 20


@pytest.mark.slow
@given(laws(), st.floats(1e-3, 1e3))
def test_units_do_not_matter(law, factor):
    scaled = law.times(factor)
    assert scaled.mean == pytest.approx(factor * law.mean, rel=1e-12)
    assert scaled.misfit.first == pytest.approx(
        factor * law.misfit.first, rel=1e-2, abs=1e-13 * scaled.second_moment**0.5
    )
    assert type(scaled) is type(law)
    assert scaled.cells == law.cells


@pytest.mark.parametrize("law", LAWS, ids=NAMES)
def test_files_keep_them(law):
    assert law_from_dict(json.loads(json.dumps(law.to_dict()))) == law
    features = Features(2, 0.1, values=[law, dataclasses.replace(law, cells=32)])
    assert Features.from_dict(json.loads(json.dumps(features.to_dict()))) == features


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Normal(0, 0), "`std` must be positive"),
        (lambda: Normal(0, math.nan), "`std` must be positive"),
        (lambda: Normal(math.nan), "`mean` must be finite"),
        (lambda: Normal(1e8, 1), "`std` must be at least 1e-06 of `mean`; got 1 for 1e"),
        (lambda: HalfNormal(-1), "`scale` must be positive"),
        (lambda: Exponential(0), "`mean` must be positive"),
        (lambda: LogNormal(1, 3), r"`sigma` must be in \[0.001, 1.25\]; got 3"),
        (lambda: LogNormal(0, 1), "`median` must be positive"),
        (lambda: PowerLaw(20, 1, 2), r"`exponent` must be in \[-10, 10\]; got 20"),
        (lambda: PowerLaw(2, 0, 2), "`low` must be positive"),
        (lambda: PowerLaw(2, 2, 1), "`high` must be 1.01 to 10000 times `low`; got 1 for 2"),
        (lambda: Exponential(1, cells=8), "`cells` must be at least 16; got 8"),
        (lambda: Exponential(1, cells=1000), "`cells` must be at most 256; got 1000"),
        (lambda: Exponential(1e200), "`mean` must be a size from 1e-150 to 1e.150"),
        (lambda: law_from_dict({"law": "cauchy"}), '`law` must be one of "uniform", .*"power-law"; got \'cauchy\''),
        (lambda: law_from_dict({"law": "normal", "mean": 0}), "`values` must have the key 'std'"),
    ],
)
def test_bad_input_is_refused_in_words(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
