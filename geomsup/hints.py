"""Hints for keywords that a function does not have: which one was meant."""

import functools
import inspect
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, TypeVar

__all__ = ["hinted"]

Function = TypeVar("Function", bound=Callable[..., Any])

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


def hinted(function: Function) -> Function:
    """Return the function, whose error about a keyword that it does not take names the one that was meant.

    Examples
    --------
    >>> @hinted
    ... def train(*, learning_rate=1e-3): ...
    >>> train(lr=0.1)
    Traceback (most recent call last):
    TypeError: `train` has no argument `lr`; got lr=0.1. Pass `learning_rate`.
    """
    known = tuple(inspect.signature(function).parameters)
    name = function.__qualname__.removesuffix(".__init__")

    @functools.wraps(function)
    def checked(*arguments: Any, **keywords: Any) -> Any:
        for keyword, value in keywords.items():
            if keyword not in known:
                raise TypeError(_words(name, keyword, value, known))
        return function(*arguments, **keywords)

    return checked  # pyright: ignore[reportReturnType]


def _words(name: str, keyword: str, value: Any, known: tuple[str, ...]) -> str:
    from geomsup.checks import shown

    taken = [one for one in known if one != "self"]
    meant = [one for one in MEANT.get(keyword, ()) if one in taken] or get_close_matches(keyword, taken, 1)
    advice = f"Pass `{meant[0]}`{REMARKS.get(keyword, '')}." if meant else f"It takes {', '.join(taken)}."
    return f"`{name}` has no argument `{keyword}`; got {keyword}={shown(value)}. {advice}"
