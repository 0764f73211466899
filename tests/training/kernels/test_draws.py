"""What is drawn: the reference's samples, and the law that features have."""

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from geomsup import Discrete, Features, Joint, Uniform
from geomsup.training.arguments import make_inputs
from geomsup.training.kernels import draws
from geomsup.training.kernels.compiled import BLOCK
from tests.training import reference
from tests.training.kernels.test_steps import CASES

KEY = np.array([3, 4], np.uint32)


def draw(features, batch, step, listed=False):
    """Return the batch of a step, ``(batch, n)``, drawn densely or by lists of what is present."""
    inputs, n = make_inputs(features), features.n
    x, blocks = np.empty((n, BLOCK), np.float32), []
    present, values = np.empty(n * BLOCK, np.uint32), np.empty(n * BLOCK, np.float32)
    scratch = np.empty((2, draws.GAPS)), np.empty(draws.GAPS, np.float32)
    for block, first in enumerate(range(0, batch, BLOCK)):
        size = min(BLOCK, batch - first)
        if listed:
            count = draws.draw_present(
                x, size, block, step, inputs.gaps, inputs.law.pieces, KEY, *scratch, present, values
            )
            again = np.zeros_like(x)
            again.ravel()[present[:count]] = values[:count]
            assert np.array_equal(again, x)
        else:
            draws.draw(x, size, first, step, inputs.law, np.empty((2, BLOCK), np.int32), KEY)
        assert not x[:, size:].any()
        blocks.append(x[:, :size].T.copy())
    return np.concatenate(blocks)


@pytest.mark.parametrize("case", CASES)
def test_samples_are_those_of_the_reference(case):
    features, _, batch, _ = CASES[case]
    for step in (0, 1, 2**32 + 5):
        expected = reference.samples(features, KEY, step, batch)
        assert np.allclose(draw(features, batch, step, make_inputs(features).gaps.sparse), expected, atol=1e-5)


@pytest.mark.parametrize("listed", [False, True])
def test_draws_follow_the_law(listed):
    p = np.array([0.03, 0.1, 0.06, 0, *[0.02] * 12])
    features = Features(16, p, values=Uniform(0.5, 2))
    assert make_inputs(features).gaps.sparse
    x = np.concatenate([draw(features, 4096, step, listed) for step in range(20)])
    present, size = x != 0, len(x)
    spread = np.sqrt(p * (1 - p) / size)
    assert (np.abs(present.mean(axis=0) - p) <= 4 * spread).all()
    for i in range(3):
        assert kstest(x[present[:, i], i], "uniform", (0.5, 1.5)).pvalue > 1e-3
    together = (present[:, 1] & present[:, 2]).mean()
    assert abs(together - 0.006) < 4 * np.sqrt(0.006 / size)
    # how many are present at once, against independence
    counts = np.bincount(present.sum(axis=1), minlength=17)
    law = np.ones(1)
    for one in p:
        law = np.convolve(law, [1 - one, one])
    expected = size * np.append(law[:4], law[4:].sum())
    observed = np.append(counts[:4], counts[4:].sum())
    assert chi2.sf(((observed - expected) ** 2 / expected).sum(), 4) > 1e-3


def test_listed_draws_take_every_law_and_rare_features():
    features = Features(
        64, np.linspace(0, 0.1, 64), values=[Discrete((1, 2), (3, 1)), *[Uniform(0, 1)] * 62, Uniform(4, 5)]
    )
    x = np.concatenate([draw(features, 2048, step, listed=True) for step in range(20)])
    assert np.allclose((x != 0).mean(axis=0), features.probability, atol=4 * np.sqrt(0.1 / len(x)))
    assert not x[:, 0].any()
    assert x[:, 63][x[:, 63] != 0].min() >= 4
    twice = Features(64, 0.1, values=Discrete((1, 2), (3, 1)))
    x = draw(twice, 4096, 7, listed=True)
    assert (x == 2).sum() / (x != 0).sum() == pytest.approx(0.25, abs=0.015)


def test_rare_features_are_as_rare_as_they_should_be():
    features = Features(800, 1e-3)
    assert make_inputs(features).gaps.sparse
    counts = np.array([(draw(features, 1024, step, listed=True) != 0).sum() for step in range(100)])
    assert counts.mean() == pytest.approx(819.2, abs=4 * np.sqrt(819.2 / 100))
    assert counts.var() == pytest.approx(819.2, rel=0.6)


def test_groups_keep_their_promises():
    features = Features(
        7, [0.3, 0.3, 0.2, 0.5, 0.3, 0.4, 1.0], values=Uniform(1, 2), correlated=[(0, 1, 4)], anticorrelated=[(2, 3)]
    )
    x = np.concatenate([draw(features, 4096, step) for step in range(10)])
    present = x != 0
    assert (present[:, 0] == present[:, 1]).all()
    assert (present[:, 0] == present[:, 4]).all()
    assert not (present[:, 2] & present[:, 3]).any()
    assert np.allclose(present.mean(axis=0), features.probability, atol=0.012)
    values = x[present[:, 0]][:, [0, 1, 4]]
    assert np.allclose(np.corrcoef(values.T), np.eye(3), atol=0.04)
    assert np.allclose(np.cov(x.T), features.covariance, atol=0.02)


def test_an_anticorrelated_group_can_fill_all_samples():
    x = draw(Features(3, [0.5, 0.25, 0.25], values=Discrete((1,)), anticorrelated=[(0, 1, 2)]), 4096, 0)
    assert (x.sum(axis=1) == 1).all()


def test_joint_tables_keep_their_promises():
    table = Joint.hierarchy({5: [], 0: [5], 3: [5]}, (0.5, 0.4, 0.7))
    features = Features(7, 0.2, values=Uniform(1, 2), joint=[table, Joint.exactly((1, 2, 4), 2)])
    x = np.concatenate([draw(features, 4096, step) for step in range(10)])
    present = x != 0
    assert not (present[:, [0, 3]].any(axis=1) & ~present[:, 5]).any()
    assert (present[:, [1, 2, 4]].sum(axis=1) == 2).all()
    assert np.allclose(present.mean(axis=0), features.probability, atol=0.012)
    assert np.allclose(np.cov(x.T), features.covariance, atol=0.02)


def test_a_table_can_fill_all_samples():
    x = draw(Features(2, values=Discrete((1,)), joint=[Joint((0, 1), {(0,): 0.25, (0, 1): 0.75})]), 4096, 0)
    assert (x[:, 0] == 1).all()
    assert x[:, 1].mean() == pytest.approx(0.75, abs=0.03)
