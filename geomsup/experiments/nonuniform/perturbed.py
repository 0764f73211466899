"""What E11 and E12 share: five equal features in two dimensions, one of them denser or sparser than the others."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from geomsup.features import Features
from geomsup.model import ToyModel
from geomsup.phases import Crossing, crossing

__all__ = ["BASES", "find_crossing", "listed", "make_features", "make_pentagon", "make_square"]

BASES = (0.03, 0.05, 0.1)  # densities of the other four
BRACKETS = ((0.1, 0.5), (0.15, 0.5), (0.25, 0.9))  # relative densities around the crossing; both are minima there


def make_features(base: float, relative: float) -> Features:
    """Return five features, the first `relative` times as dense as the others."""
    return Features(5, base * np.array([relative, 1.0, 1.0, 1.0, 1.0]))


def find_crossing(number: int) -> Crossing:
    """Return where the exact losses of pentagon and digons cross at base density `number`."""
    base = BASES[number]
    return crossing(make_pentagon(), make_square(), lambda r: make_features(base, r), BRACKETS[number])


def listed(values: Iterable[Any], form: str = "g") -> str:
    """Return the values as text, separated by commas.

    Examples
    --------
    >>> listed([0.25, 0.5], ".2f")
    '0.25, 0.50'
    """
    return ", ".join(format(value, form) for value in values)


def make_pentagon() -> ToyModel:
    """Return a regular pentagon with the bias of very sparse features."""
    turns = 2 * np.pi * np.arange(5) / 5
    return ToyModel(1.17 * np.stack([np.cos(turns), np.sin(turns)], axis=1), np.full(5, -0.28))


def make_square() -> ToyModel:
    """Return two digons of the last four features; the first feature is dropped."""
    return ToyModel([[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
