"""For tests and doctests alike: draw without a screen, close figures after each, leave the user's cache alone."""

import os
import random
import sys
import tempfile

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")
if "PYTEST_XDIST_WORKER" not in os.environ:  # workers inherit the folder of the process that started them
    CACHE = tempfile.TemporaryDirectory(prefix="geomsup-tests-")  # empty: what tests find must come from this code
    os.environ["GEOMSUP_CACHE"] = CACHE.name

# A program of its own, for a numba that was told to simulate a GPU when it was imported.
collect_ignore = ["tests/training/cuda/simulated.py"]


def pytest_addoption(parser):
    """Let ``--shuffle SEED`` draw the order of the tests."""
    parser.addoption("--shuffle", type=int, help="run the tests in an order drawn with this seed")


def pytest_collection_modifyitems(config, items):
    """Put the tests in the order asked for."""
    seed = config.getoption("--shuffle")
    if seed is not None:  # what one test leaves in the process must not matter to the next
        random.Random(seed).shuffle(items)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
