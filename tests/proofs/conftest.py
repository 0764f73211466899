"""The stored certificates."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "certificates"


@pytest.fixture
def small():
    return FOLDER / "pentagon_small_probability.json"
