"""Objects that hold a model: dictionaries, nested as checkpoints and JSON are, and PyTorch modules.

Arrays in nested dictionaries have their names joined by dots.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.loading.held import Entry, Held, entry_of
from geomsup.loading.texts import speaks_of_activations

__all__ = ["held_by", "held_by_object"]

DEEPEST = 20  # levels
# PyTorch's names of layers that have weights, and are no model.
LAYERS = ("Linear", "Embedding")


def held_by_object(state: Any) -> Held:
    """Return the arrays of a dictionary, or of a PyTorch module, whose `state_dict` it asks for.

    Raises
    ------
    TypeError
        If `state` is something else.
    """
    if type(state).__name__ in LAYERS and hasattr(state, "weight"):
        raise TypeError(
            f"`state` must be a whole model; got the layer {type(state).__name__} alone. "
            'Pass {"W": layer.weight, "b": ...} with the bias of the output.'
        )
    if callable(getattr(state, "state_dict", None)) and not isinstance(state, type):
        return held_by(f"the module {type(state).__name__}", state.state_dict())
    if isinstance(state, Mapping):
        return held_by("`state`", state)
    if hasattr(state, "best") and hasattr(state, "W"):
        raise TypeError(
            f"`state` must be one model; got a {type(state).__name__}. Pick one with `.model(0)` or `.best()`."
        )
    raise TypeError(
        f"`state` must be a dictionary of arrays, or a PyTorch module; got {checks.shown(state)}. "
        'Pass {"W": W, "b": b}, or model.state_dict().'
    )


def held_by(title: str, content: Any) -> Held:
    """Return the arrays of a mapping; what is no mapping is the array W."""
    entries: dict[str, Entry] = {}
    texts: dict[str, str] = {}
    for name, value in _leaves(content if isinstance(content, Mapping) else {"W": content}):
        value = str(value) if getattr(value, "shape", None) == () and _is_text(value) else value
        if isinstance(value, str) or (value is None and speaks_of_activations(name)):
            texts[name] = str(value)
        elif value is not None:
            if name in entries:
                raise ValueError(f"`path` must name each array once; got {name!r} twice in {title}. Rename one.")
            entries[name] = entry_of(value) if hasattr(value, "shape") and hasattr(value, "dtype") else _plain(value)
    return Held(title, entries, texts)


def _is_text(value: Any) -> bool:
    """Whether it is a text that NumPy has wrapped."""
    return isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "U"


def _leaves(content: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    if depth > DEEPEST:
        raise ValueError(f"`path` must nest its arrays at most {DEEPEST} deep; got more. Pass the weights alone.")
    if isinstance(content, Mapping):
        for name, value in content.items():
            yield from _leaves(value, f"{prefix}.{name}" if prefix else str(name), depth + 1)
    elif isinstance(content, list | tuple) and any(_holds_names(entry) for entry in content):
        for place, value in enumerate(content):
            yield from _leaves(value, f"{prefix}.{place}", depth + 1)
    else:
        yield prefix, content


def _holds_names(entry: Any) -> bool:
    """Whether an entry of a list is more than numbers: a dictionary, or a tensor with axes."""
    return isinstance(entry, Mapping) or len(getattr(entry, "shape", ())) > 0


def _plain(value: Any) -> Entry:
    """Return an entry for numbers in lists, or for what is none: an array of objects, which `real_array` refuses."""

    def read() -> Any:
        return value

    def look() -> tuple[tuple[int, ...], str]:
        try:
            array = np.asarray(value)
        except (ValueError, OverflowError, RecursionError):  # ragged
            return (len(value),), "O"
        return array.shape, array.dtype.kind

    return Entry(look, read)
