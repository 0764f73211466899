"""Figures leave matplotlib's settings alone."""

import matplotlib as mpl
import pytest


@pytest.fixture(autouse=True)
def settings_stay():
    before = dict(mpl.rcParams)
    yield
    assert dict(mpl.rcParams) == before
