"""For tests and doctests alike: draw without a screen, close figures after each, leave the user's cache alone.

And compile anew what numba would not: its cache looks at the file of a function, not at those of what it calls.
"""

import os
import sys
import tempfile
from pathlib import Path

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")
CACHE = tempfile.TemporaryDirectory(prefix="geomsup-tests-")  # empty: what tests find must come from this code
os.environ["GEOMSUP_CACHE"] = CACHE.name

PACKAGE = Path(__file__).parent / "geomsup"
SOURCES = [path for path in PACKAGE.rglob("*.py") if "numba" in (text := path.read_text()) or "compiled" in text]
CHANGED = max(path.stat().st_mtime for path in SOURCES)
for index in PACKAGE.rglob("*.nbi"):
    if index.stat().st_mtime < CHANGED:
        index.unlink(missing_ok=True)

# A program of its own, for a numba that was told to simulate a GPU when it was imported.
collect_ignore = ["tests/training/simulated.py"]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
