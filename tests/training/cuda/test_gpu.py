"""Training on a real GPU, against the CPU; machines that test seldom have one, and `test_cuda` simulates it there."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.training.cuda.available import obstacle
from tests.training.cuda.cases import CASES, agreement, differences, is_resumed_to_the_same_bits

MISSING = obstacle()
pytestmark = pytest.mark.skipif(MISSING is not None, reason=f"needs {MISSING}")


@pytest.mark.parametrize("name", CASES)
def test_the_device_agrees_with_the_cpu(name):
    """Both draw the same samples: after a few steps all arrays agree to the rounding of single precision."""
    devices, errors = agreement(*CASES[name])
    assert devices == ["cuda", "cpu"]
    assert all(error < 1e-5 for error in errors.values()), errors


def test_resumed_runs_have_the_same_bits():
    assert is_resumed_to_the_same_bits()


@pytest.mark.parametrize(("n", "m", "runs"), [(5, 2, 40), (20, 5, 40), (200, 20, 3), (400, 30, 2), (70, 64, 2)])
def test_runs_have_the_same_bits_every_time(n, m, runs):
    features = [gs.Features(n, p) for p in np.geomspace(1, 0.02, runs)]
    first, second = (gs.train(features, m, steps=60, device="cuda") for _ in range(2))
    assert set(differences(first, second).values()) == {0.0}


@pytest.mark.parametrize(("n", "m"), [(5, 2), (20, 5), (80, 20), (200, 20)])
def test_trained_models_are_as_good_as_the_cpus(n, m):
    """Rounding sends runs apart slowly: after a few hundred steps the losses are still the same."""
    features = [gs.Features(n, p) for p in (1.0, 0.3, 0.05)]
    ours, theirs = (gs.train(features, m, steps=300, learning_rate=3e-3, device=device) for device in ("cuda", "cpu"))
    np.testing.assert_allclose(ours.loss, theirs.loss, rtol=2e-3)
