"""Checks on what callers pass in; every message names the argument, the rule, what came and what to do."""

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["integer", "number", "one_of", "per_feature", "positive_number", "real_array"]


def real_array(name: str, value: Any) -> np.ndarray:
    """Return `value` as a float64 array of finite real numbers."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"`{name}` must be rectangular; its rows have different lengths. Pad or drop rows.") from error
    if array.dtype == object or array.dtype.kind not in "biuf":
        raise TypeError(f"`{name}` must hold real numbers; got {_kind(array)}. Convert it to a float array.")
    array = array.astype(np.float64, copy=False)
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(
            f"`{name}` must be finite; got {array[where]} at index {where}. Remove NaN and infinity first."
        )
    return array


def _kind(array: np.ndarray) -> str:
    kinds = {
        "U": "text",
        "S": "bytes",
        "c": "complex numbers",
        "O": "objects",
        "M": "dates",
        "m": "durations",
    }
    return kinds.get(array.dtype.kind, f"dtype {array.dtype}")


def per_feature(name: str, value: Any, n: int, *, low: float, high: float = np.inf) -> np.ndarray:
    """Return a scalar or an ``(n,)`` array as a fresh ``(n,)`` array with all entries in [low, high]."""
    array = real_array(name, value)
    if array.ndim > 1 or (array.ndim == 1 and array.shape[0] != n):
        raise ValueError(
            f"`{name}` must be a number or have one entry per feature ({n}); got shape {array.shape}. "
            "Pass a scalar to share it among all features."
        )
    if (array < low).any() or (array > high).any():
        worst = array.flat[int(np.argmax((array < low) | (array > high)))]
        rule = f"in [{low:g}, {high:g}]" if np.isfinite(high) else f"at least {low:g}"
        raise ValueError(f"`{name}` must be {rule}; got {worst:g}.{_hint(name)}")
    return np.array(np.broadcast_to(array, (n,)))


def _hint(name: str) -> str:
    if name == "probability":
        return " Pass P(x_i != 0) = 1 - sparsity."
    return " Rescale or clip it."


def integer(name: str, value: Any, *, minimum: int) -> int:
    """Return `value` as an int no smaller than `minimum`."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(f"`{name}` must be an integer; got {value!r} ({type(value).__name__}). Pass a whole number.")
    if value < minimum:
        raise ValueError(f"`{name}` must be at least {minimum}; got {value}. Pass a larger number.")
    return int(value)


def number(name: str, value: Any) -> float:
    """Return `value` as a finite float."""
    array = real_array(name, value)
    if array.ndim:
        raise TypeError(f"`{name}` must be one number; got shape {array.shape}. Pass a float.")
    return float(array)


def positive_number(name: str, value: Any) -> float:
    """Return `value` as a finite float greater than zero."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"`{name}` must be a number; got {value!r} ({type(value).__name__}). Pass a positive float.")
    if not (np.isfinite(value) and value > 0):
        raise ValueError(f"`{name}` must be positive and finite; got {value:g}. Pass a positive float.")
    return float(value)


def one_of(name: str, value: Any, choices: Sequence[str]) -> str:
    """Return `value` if it is one of `choices`."""
    if value not in choices:
        listed = ", ".join(f'"{choice}"' for choice in choices)
        raise ValueError(f"`{name}` must be one of {listed}; got {value!r}. Pick one of them.")
    return value
