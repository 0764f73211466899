"""Shared settings of the tests: hypothesis profiles, read-only arrays, and kernels run as plain Python."""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run: who sees a red test sees the same on the next machine. The other profiles draw anew.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("quick", settings.get_profile("default"), max_examples=10)
settings.register_profile("random", settings.get_profile("default"), derandomize=False)
settings.register_profile("deep", settings.get_profile("random"), max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _same_draws(request, monkeypatch):
    """Begin the generator of a test file anew for each test: its draws must not depend on which tests ran before."""
    if isinstance(getattr(request.module, "rng", None), np.random.Generator):
        monkeypatch.setattr(request.module, "rng", np.random.default_rng(0))


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
