"""Files of trainings on a data set: commands take the data, unless a distribution is described."""

import pytest

import geomsup as gs
from tests.cli.common import strict

DATA = gs.SampledFeatures(gs.Features(3, 0.4).sample(40, rng=0))


@pytest.fixture
def trained(folder):
    trained = gs.train(DATA, 1, steps=20)
    trained.save("data.npz")
    return trained


def test_the_loss_is_that_on_the_data(run, trained):
    found = strict(run("loss", "data.npz", "--json"))
    assert found["value"] == pytest.approx(trained.expected_loss()[0], rel=1e-12)
    assert found["method"] == "sampled"
    doubled = strict(run("loss", "data.npz", "--importance", 2, "--json"))
    assert doubled["value"] == pytest.approx(2 * found["value"])


def test_a_distribution_takes_its_place(run, trained):
    found = strict(run("loss", "data.npz", "--probability", 0.4, "--json"))
    assert found["value"] == pytest.approx(float(gs.expected_loss(trained.model(0), gs.Features(3, 0.4))))


def test_what_needs_a_distribution_says_so(refuse, trained):
    assert refuse("compare", "data.npz").startswith("`features` must be Features here")
