"""The stored certificates."""

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "certificates"


@pytest.fixture
def small():
    return FOLDER / "pentagon_small_probability.json"


@pytest.fixture(scope="session")
def digon():
    return json.loads((FOLDER / "digon.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def plane():
    return json.loads((FOLDER / "plane.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def penalty():
    return json.loads((FOLDER / "penalty.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def three():
    return json.loads((FOLDER / "three.json").read_text(encoding="utf-8"))
