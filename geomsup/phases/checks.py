"""Checks of what phase diagrams, and their predictions, are asked for."""

from typing import Any

import numpy as np

from geomsup import checks
from geomsup.features import Features
from geomsup.optima.conditions.conditions import Conditions, checked_conditions
from geomsup.optima.conditions.known import check_known
from geomsup.samples import SampledFeatures

__all__ = ["axis", "kind", "point", "sizes"]

MOST_FEATURES = 8  # up to which the exact loss of a cell is a matter of milliseconds


def sizes(n_features: int, n_hidden: int) -> tuple[int, int]:
    """Return n and m, m < n <= 8."""
    if isinstance(n_features, Features | SampledFeatures):
        raise TypeError(
            "`n_features` must be a number, as phase diagrams are of independent features with values U[0, 1]; "
            f"got {checks.shown(n_features)}. Take optimum, point by point, for other inputs."
        )
    n = checks.integer("n_features", n_features, minimum=2)
    m = checks.integer("n_hidden", n_hidden, minimum=1)
    if n > MOST_FEATURES:
        raise ValueError(
            f"`n_features` must be at most {MOST_FEATURES}; got {n}. Ask for single points with optimum instead."
        )
    if m >= n:
        raise ValueError(
            f"`n_hidden` must be less than `n_features`; got {m} and {n}. With a dimension for every feature "
            "nothing is shared."
        )
    return n, m


def point(name: str, value: Any, most: float) -> float:
    """Return one number in (0, most]."""
    return float(axis(name, [checks.number(name, value)], most)[0])


def axis(name: str, values: Any, most: float) -> np.ndarray:
    """Return a read-only axis, rising, in (0, most]."""
    array = np.array(checks.real_array(name, values))
    rule = f"in (0, {most:g}]" if np.isfinite(most) else "positive"
    if array.ndim != 1 or not len(array):
        raise ValueError(f"`{name}` must be a list of numbers; got shape {array.shape}. Pass np.geomspace(...).")
    if (array <= 0).any() or (array > most).any():
        worst = array[(array <= 0) | (array > most)][0]
        raise ValueError(f"`{name}` must be {rule}; got {worst:g}. Leave out what is not.")
    if array[0] < 1e-100 or array[-1] > 1e100:
        raise ValueError(f"`{name}` must be from 1e-100 to 1e100; got {array[0]:g} to {array[-1]:g}. Rescale them.")
    if (np.diff(array) <= 0).any():
        raise ValueError(f"`{name}` must rise; got {array[:-1][np.diff(array) <= 0][0]:g} before a value no larger. "
                         "Sort them and drop repeats.")  # fmt: skip
    array.flags.writeable = False
    return array


def kind(
    n: int, activation: Any, tied: Any, coherence: Any, max_cosine: Any, hidden_activation: Any, target: Any
) -> Conditions:
    """Return the kind of models that arguments of `phase_diagram` name, or refuse it."""
    asked = checked_conditions(activation, tied, coherence, max_cosine, 0.0, hidden_activation, target)
    features = Features(n, 0.5)  # which losses are known does not depend on p
    check_known(features, asked)
    if not asked.tied and (asked.coherence > 0 or asked.max_cosine is not None):
        name = "coherence" if asked.coherence > 0 else "max_cosine"
        raise ValueError(
            f"`{name}` must be left out if the decoder is not W; got {getattr(asked, name):g}. It would only change W, "
            "and a decoder of its own makes up for that."
        )
    if not asked.tied and asked.hidden_activation == "relu":
        raise ValueError(
            '`hidden_activation` must be "linear" if the decoder is not W; got "relu". What features share has no name '
            "there. Ask for single points with optimum instead."
        )
    return asked.on(features)
