"""Shared settings of the tests: hypothesis profiles, read-only arrays, and kernels run as plain Python."""

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


@pytest.fixture
def interpreted(monkeypatch):
    """Return a function that has the kernels of some modules run as plain Python, which looks at every index."""

    def undo(*modules):
        for module in modules:
            for name, kernel in list(vars(module).items()):
                if hasattr(kernel, "py_func"):
                    monkeypatch.setattr(module, name, kernel.py_func)

    return undo
