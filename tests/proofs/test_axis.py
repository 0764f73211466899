"""The proposition of docs/theorems.md about three features on one axis: its cell, run as it is there."""

import re
from fractions import Fraction
from pathlib import Path

import numpy as np

import geomsup as gs

PAGE = Path(__file__).parents[2] / "docs" / "theorems.md"


def test_three_on_one_axis_lose_less_than_a_digon_and_a_dropped_feature(capsys):
    section = PAGE.read_text(encoding="utf-8").split("(three-on-one-axis)=")[1]
    cell = re.search(r"```\{code-cell\} ipython3\n(.*?)```", section, re.DOTALL)[1]
    names = {"gs": gs, "np": np}
    exec(cell, names)
    L = names["L"]
    assert isinstance(L, Fraction)
    assert Fraction(41, 1200) > L
    features, model = gs.Features(3, 0.1), gs.ToyModel([[1.042], [0.355], [-1.016]], [-0.129, 0.026, 0.002])
    assert gs.expected_loss(model, features).value == float(L)
    apart = gs.ToyModel([[1.0], [-1.0], [0.0]], [0.0, 0.0, 0.05])
    assert gs.expected_loss(apart, features).value > float(Fraction(41, 1200)) - 1e-15
    assert "True" in capsys.readouterr().out
