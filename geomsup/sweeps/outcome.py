"""What became of a point: its numbers, or the error that kept it from having any."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Outcome", "attempt", "in_one_line", "numbers"]

LONGEST_ERROR = 2000  # characters of an error that are kept
LONGEST_SHOWN = 200  # and that are printed: two or three lines of a terminal


class Outcome(NamedTuple):
    """What became of a point: `result`, a dictionary as JSON, or `error`, and the seconds that it took."""

    result: str | None
    error: str | None
    seconds: float


def attempt(function: Callable[[], Any]) -> Outcome:
    """Call a function; return its numbers, or its error.

    Examples
    --------
    >>> attempt(lambda: 1 / 2).result
    '{"value": 0.5}'
    >>> attempt(lambda: 1 / 0).error
    'ZeroDivisionError: division by zero'
    """
    begin = time.perf_counter()
    try:
        result, error = json.dumps(numbers(function())), None
    except Exception as failure:
        result, error = None, f"{type(failure).__name__}: {failure}".strip(": \n")[:LONGEST_ERROR]
    return Outcome(result, error, time.perf_counter() - begin)


def numbers(value: Any) -> dict[str, Any]:
    """Return what a function returned as numbers and texts by name, or lists of them; a single one is called "value".

    Raises
    ------
    TypeError
        If there is anything else in it.

    Examples
    --------
    >>> numbers({"loss": np.float64(0.5), "W": np.eye(2)})
    {'loss': 0.5, 'W': [[1.0, 0.0], [0.0, 1.0]]}
    """
    named = value if isinstance(value, Mapping) else {"value": value}
    return {str(name): _plain(str(name), one) for name, one in named.items()}


def _plain(name: str, value: Any) -> Any:
    array = np.asarray(value)
    if array.dtype.kind not in "biufU":
        raise TypeError(f"a swept function must return numbers or texts; `{name}` is {type(value).__name__}")
    return array.tolist()


def in_one_line(error: str) -> str:
    """Return an error as it is printed beside others.

    Examples
    --------
    >>> in_one_line("RuntimeError: CUDA error\\n  in a kernel")
    'RuntimeError: CUDA error in a kernel'
    """
    text = " ".join(error.split())
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."
