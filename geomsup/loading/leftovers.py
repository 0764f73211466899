"""Arrays without a role: harmless ones are told of, and what may belong to the model is refused."""

from math import prod

import numpy as np

from geomsup.loading.arrangement import Arrangement
from geomsup.loading.held import Held
from geomsup.loading.names import COPIES, is_by_product, words_of
from geomsup.loading.roles import Chosen, Roles
from geomsup.loading.texts import speaks_of_activations

__all__ = ["check_leftovers"]

MOST_SHOWN = 8  # arrays that an error lists

# Words of what an array could do in a model, if its shape does not say it.
SUSPECT = {"scale", "gain", "bias", "b", "offset", "shift", "mean", "center", "temperature", "threshold"}
# Words of numbers that trainings keep; another number may scale something, or shift it.
KEPT = {
    "decay", "momentum", "betas", "eps", "batch", "batches", "size", "rate", "warmup", "time", "version", "averaged",
    "iteration", "iterations", "samples", "features", "hidden", "inputs", "instances", "models", "dim", "count",
}  # fmt: skip
COUNTS = {"n", "m", "d", "num"}  # of integers
# Words of flags that say what the model computes.
SWITCHES = {
    "relu", "gelu", "linear", "sigmoid", "tied", "tie", "untied", "bias", "norm", "normalise", "normalize", "layernorm",
    "residual", "skip", "abs", "absolute",
}  # fmt: skip


def check_leftovers(held: Held, roles: Roles, arrangement: Arrangement, chosen: Chosen) -> tuple[str, ...]:
    """Return the names of the arrays that are left out rightly.

    Raises
    ------
    ValueError
        If one of `roles.rest` may be a bias, a decoder or another part of the model.
    """
    unclear = []
    for name in roles.rest:
        parts = _possible_roles(held, name, roles, arrangement)
        if parts and not all(chosen.decided(part) for part in parts):
            what = " or ".join(f"a {part.replace('_', ' ')}" for part in parts)
            flags = " or ".join(f"`{part}`" for part in (*parts, "ignore"))
            raise ValueError(
                f"`path` must leave no doubt: {_shown(held, [name])} of {held.title} may be {what}, "
                f"and was not used. Name it as {flags}{_or_none(parts)}."
            )
        if not parts and not _is_harmless(held, name, arrangement):
            unclear.append(name)
    if unclear:
        one = len(unclear) == 1
        raise ValueError(
            f"`path` must leave no doubt: {_shown(held, unclear)} of {held.title} may be "
            f"{'a part' if one else 'parts'} of the model, and {'was' if one else 'were'} not used. "
            f"Name {'it' if one else 'them'} as `ignore`."
        )
    return roles.rest


def _shown(held: Held, names: list[str]) -> str:
    shown = [f"{name!r} {held.entries[name].shape}" for name in names[:MOST_SHOWN]]
    return ", ".join(shown) + (f", ... ({len(names)} in all)" if len(names) > MOST_SHOWN else "")


def _or_none(parts: list[str]) -> str:
    flags = [f"{part}=False (--no-{part.replace('_', '-')})" for part in parts]
    return f", or pass {' and '.join(flags)}"


def _possible_roles(held: Held, name: str, roles: Roles, arrangement: Arrangement) -> list[str]:
    """Return what an array may be by its shape, or by its name; nothing for by-products of trainings."""
    entry, meaning = held.entries[name], roles.meanings.get(name)
    if is_by_product(name) or entry.kind not in "fiub":
        return []
    n, m = arrangement.n, arrangement.m
    by_shape = {(n,): ["bias"], (m,): ["hidden_bias"], (n, m): ["decoder"], (m, n): ["decoder"]}
    if n == m:
        by_shape[(n,)] = ["bias", "hidden_bias"]
    trimmed = tuple(length for length in entry.shape if length != 1) or (1,) * min(1, len(entry.shape))
    for shape in (entry.shape, arrangement.core(entry.shape), trimmed):
        if shape in by_shape:
            return by_shape[shape]
    if meaning is None:
        return []
    return ["decoder"] if meaning.kind == "weight" else ["bias", "hidden_bias"]


def _is_harmless(held: Held, name: str, arrangement: Arrangement) -> bool:
    """Whether an array without a possible role cannot be a part of the model in any other way."""
    entry, words = held.entries[name], set(words_of(name))
    if entry.kind == "b" and words & SWITCHES:
        return False
    if is_by_product(name):
        return bool(words & COPIES) or not _has_negatives(held, name)
    if entry.kind == "O":  # a pickle, which is never opened, may hold anything
        return False
    if entry.kind not in "fiub":
        return entry.kind in "USMm" and not speaks_of_activations(name)
    if words & SUSPECT:
        return False
    n, m, length = arrangement.n, arrangement.m, prod(arrangement.core(entry.shape))
    if 1 in (length, prod(entry.shape)):
        return bool(words & KEPT) or (entry.kind in "iu" and bool(words & COUNTS))
    return not set(entry.shape) & {n, m} and length != n * m  # which may be a matrix written in one line


def _has_negatives(held: Held, name: str) -> bool:
    """Whether an array called a loss or a probability has entries that none can have; missing numbers are none."""
    if held.entries[name].kind != "f":
        return False
    value = held.entries[name].read()
    numbers = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value, dtype=float)
    return bool((np.nan_to_num(numbers) < 0).any())
