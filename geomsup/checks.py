"""Checks of arguments; every message names the argument, the rule, the value, and what to do."""

import functools
import inspect
import math
import os
import reprlib
import shutil
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, SupportsInt, TypeVar

import numpy as np

__all__ = [
    "boolean", "callback", "count", "folder_or_file", "hinted", "holds", "integer", "number", "one_of",
    "per_feature", "pip_install", "positive_number", "random_generator", "real_array", "room", "shape", "shown",
    "unknown",
]  # fmt: skip

MOST_SEEDS = 1000  # of which a generator is made
LONGEST_SHOWN = 80  # characters of a value in a message
MOST_NUMBERS = 2**27  # in one array: a gigabyte
LARGEST_INTEGER = 2**63 - 1  # unless a count has a limit of its own

Function = TypeVar("Function", bound=Callable[..., Any])  # or a class

# Words that other libraries, or other functions here, have for the same: the first that the function takes is named.
MEANT = {
    "seed": ("rng",), "rng": ("seed",), "random_state": ("rng", "seed"), "generator": ("rng", "seed"),
    "lr": ("learning_rate",), "eta": ("learning_rate",),
    "n_steps": ("steps",), "num_steps": ("steps",), "epochs": ("steps",), "iterations": ("steps", "starts"),
    "batch_size": ("batch",), "n_batch": ("batch",), "n_models": ("models",), "num_models": ("models",),
    "n_instances": ("models",), "p": ("probability", "probabilities"), "feature_probability": ("probability",),
    "sparsity": ("probability", "probabilities"), "sparsities": ("probabilities",), "importances": ("importance",),
    "probabilities": ("probability",), "n_features": ("n", "features"), "m": ("n_hidden",), "hidden": ("n_hidden",),
    "d_hidden": ("n_hidden",), "n_starts": ("starts",), "restarts": ("starts",), "n_jobs": ("threads",),
    "workers": ("threads",), "num_threads": ("threads",), "tol": ("rtol", "tolerance"), "bias": ("b",),
    "weights": ("W",), "wd": ("weight_decay",),
}  # fmt: skip
REMARKS = {"sparsity": ", which is 1 - sparsity", "sparsities": ", which are 1 - sparsity"}


def shown(value: Any) -> str:
    """Return a value as messages show it: in one line, even if it is large, deep or unprintable."""
    try:
        text = " ".join(_Short().repr(value).split())
    except Exception:  # a foreign __repr__ may raise anything
        text = f"an unprintable {type(value).__name__}"
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."


class _Short(reprlib.Repr):
    """`repr`, cut where lists are long or deep, and where integers have more digits than Python prints."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxlist, self.maxtuple, self.maxdict, self.maxstring, self.maxother = 4, 12, 12, 8, 72, 400

    def repr_int(self, x: int, level: int) -> str:
        return repr(x) if abs(x) < 10**40 else f"an integer of {x.bit_length()} bits"

    def repr_Integer(self, x: SupportsInt, level: int) -> str:  # sympy's
        return self.repr_int(int(x), level)


def real_array(name: str, value: Any) -> np.ndarray:
    """Return `value` as a float64 array of finite real numbers."""
    if _is_masked(value):
        raise TypeError(f"`{name}` must not be a masked array, whose mask would be lost. Fill or drop what is masked.")
    if isinstance(value, Sequence):
        room(name, len(value))
    try:
        array = np.asarray(value)
    except OverflowError:
        raise ValueError(f"`{name}` must be finite in double precision; got {shown(value)}. Rescale it.") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"`{name}` must be rectangular; its rows have different lengths. Pad or drop rows.") from error
    if array.dtype == object and array.size and all(isinstance(entry, int | np.integer) for entry in array.flat):
        raise ValueError(f"`{name}` must be finite in double precision; got {shown(value)}. Rescale it.")
    if array.dtype == object or array.dtype.kind not in "biuf":
        raise TypeError(f"`{name}` must hold real numbers; got {_kind(array)}. Convert it to a float array.")
    with np.errstate(over="ignore"):  # long doubles beyond the range of doubles become infinite, and are refused
        array = array.astype(np.float64, copy=False)
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        if not where:
            raise ValueError(f"`{name}` must be finite; got {array[()]}. Pass a finite number.")
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


def integer(name: str, value: Any, *, minimum: int, maximum: int = LARGEST_INTEGER) -> int:
    """Return `value` as an int from `minimum` to `maximum`."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(
            f"`{name}` must be an integer; got {shown(value)} ({type(value).__name__}). Pass a whole number."
        )
    if value < minimum:
        raise ValueError(f"`{name}` must be at least {minimum}; got {shown(int(value))}. Pass a larger number.")
    if value > maximum:
        raise ValueError(f"`{name}` must be at most {maximum}; got {shown(int(value))}. Pass a smaller number.")
    return int(value)


def room(name: str, numbers: int) -> None:
    """Refuse sizes that need arrays of more than MOST_NUMBERS numbers."""
    if numbers > MOST_NUMBERS:
        raise ValueError(f"`{name}` must leave arrays of at most 2^27 numbers; got {shown(numbers)}. Ask for less.")


def number(name: str, value: Any) -> float:
    """Return `value` as a finite float."""
    array = real_array(name, value)
    if array.ndim:
        raise TypeError(f"`{name}` must be one number; got shape {array.shape}. Pass a float.")
    return float(array)


def positive_number(name: str, value: Any) -> float:
    """Return `value` as a finite float greater than zero."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(
            f"`{name}` must be a number; got {shown(value)} ({type(value).__name__}). Pass a positive float."
        )
    try:
        result = float(value)
    except OverflowError:
        result = np.inf
    if not 0 < result < np.inf:
        raise ValueError(f"`{name}` must be positive and finite; got {result:g}. Pass a positive float.")
    return result


def one_of(name: str, value: Any, choices: Sequence[str]) -> str:
    """Return `value` if it is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        listed = ", ".join(f'"{choice}"' for choice in choices)
        raise ValueError(f"`{name}` must be one of {listed}; got {shown(value)}. Pick one of them.")
    return str(value)


def boolean(name: str, value: Any) -> bool:
    """Return `value` if it is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"`{name}` must be True or False; got {shown(value)}. Pass one of them.")
    return bool(value)


def callback(name: str, value: Any) -> Any:
    """Return `value` if it is None or can be called."""
    if value is not None and not callable(value):
        raise TypeError(f"`{name}` must be callable; got {shown(value)}. Pass a function, or leave it out.")
    return value


def count(n: int, noun: str) -> str:
    """Return a number with its noun, in the plural if needed.

    Examples
    --------
    >>> count(1, "feature"), count(2, "dimension"), count(3, "probability")
    ('1 feature', '2 dimensions', '3 probabilities')
    """
    if n == 1:
        return f"1 {noun}"
    return f"{n} {noun[:-1]}ies" if noun.endswith("ty") else f"{n} {noun}s"


def holds(name: str, value: Any, keys: Sequence[str]) -> None:
    """Refuse what is not a dictionary, or lacks one of `keys`."""
    if not isinstance(value, dict):
        raise TypeError(f"`{name}` must be a dictionary; got {shown(value)}. Pass what `to_dict` returned.")
    missing = [key for key in keys if key not in value]
    if missing:
        raise ValueError(
            f"`{name}` must have the key {missing[0]!r}; got {shown(value)}. Pass what `to_dict` returned."
        )


def shape(name: str, value: Any) -> int | tuple[int, ...]:
    """Return `value` as the shape of an array that fits into memory: a length, or a tuple of them."""
    lengths = tuple(value) if isinstance(value, list | tuple) else (value,)
    checked = tuple(integer(name, length, minimum=0) for length in lengths)
    room(name, math.prod(checked))
    return checked if isinstance(value, list | tuple) else checked[0]


def folder_or_file(name: str, value: Any) -> Path:
    """Return `value` as a path."""
    if not isinstance(value, str | os.PathLike) or "\0" in os.fspath(value):
        raise TypeError(
            f"`{name}` must be a path; got {shown(value)} ({type(value).__name__}). Pass a string or a Path."
        )
    return Path(value)


def random_generator(name: str, value: Any) -> np.random.Generator:
    """Return the generator that `value` gives: anything that ``np.random.default_rng`` takes."""
    try:
        if isinstance(value, bool | np.bool_) or _is_masked(value):
            raise TypeError
        if isinstance(value, Sequence) and len(value) > MOST_SEEDS:
            raise ValueError
        return np.random.default_rng(value)
    except (TypeError, ValueError, OverflowError, RecursionError, AttributeError):
        raise TypeError(
            f"`{name}` must be what numpy.random.default_rng takes; got {shown(value)}. Pass a whole number from 0 on."
        ) from None


def _is_masked(value: Any) -> bool:
    """Whether a value is a masked array, or a list that holds one."""
    if isinstance(value, list | tuple):
        return any(isinstance(entry, np.ma.MaskedArray) for entry in value)
    return isinstance(value, np.ma.MaskedArray)


def hinted(function: Function) -> Function:
    """Return the function or class, whose error about a keyword that it does not take names the one that was meant.

    Examples
    --------
    >>> @hinted
    ... def train(*, learning_rate=1e-3): ...
    >>> train(lr=0.1)
    Traceback (most recent call last):
    TypeError: `train` has no argument `lr`; got lr=0.1. Pass `learning_rate`.
    """
    if isinstance(function, type):
        made: Any = function
        made.__init__ = hinted(made.__init__)
        return made
    known = tuple(inspect.signature(function).parameters)
    name = function.__qualname__.removesuffix(".__init__")

    @functools.wraps(function)
    def checked(*arguments: Any, **keywords: Any) -> Any:
        for keyword, value in keywords.items():
            if keyword not in known:
                raise TypeError(unknown(name, keyword, value, known))
        return function(*arguments, **keywords)

    return checked  # pyright: ignore[reportReturnType]


def pip_install(package: str) -> str:
    """Return what to type to install a package, or an extra of this one, for the Python that runs.

    Its folder is left out only if the shell finds that Python by its name: the program of an environment that is not
    activated would else send its user to the pip of another one.

    Examples
    --------
    >>> pip_install("torch").split(" -m ")[1]
    'pip install torch'
    >>> pip_install("geomsup[report]").split(" -m ")[1]
    'pip install "geomsup[report]"'
    """
    python = sys.executable
    if shutil.which(Path(python).name) == python:
        python = Path(python).name
    elif " " in python:
        python = f'"{python}"'
    return f"{python} -m pip install " + (f'"{package}"' if "[" in package else package)  # shells read brackets


def unknown(name: str, keyword: str, value: Any, known: tuple[str, ...]) -> str:
    """Return what to say of a keyword that a function does not take: the one that was meant, or those it takes."""
    taken = [one for one in known if one != "self"]
    meant = [one for one in MEANT.get(keyword, ()) if one in taken] or get_close_matches(keyword, taken, 1)
    advice = f"Pass `{meant[0]}`{REMARKS.get(keyword, '')}." if meant else f"It takes {', '.join(taken)}."
    return f"`{name}` has no argument `{keyword}`; got {keyword}={shown(value)}. {advice}"
