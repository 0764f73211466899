"""Shared settings of the tests: hypothesis profiles, and arrays that fail when anyone writes to them."""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.register_profile("deep", settings.get_profile("default"), max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default"))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def read_only():
    """Return a function that makes a read-only copy of an array."""

    def freeze(array):
        copy = np.array(array, dtype=float)
        copy.flags.writeable = False
        return copy

    return freeze
