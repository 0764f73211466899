"""Objects that hold a model: dictionaries, PyTorch modules, and what this package returns."""

from collections.abc import Mapping
from typing import Any

from geomsup import checks
from geomsup.loading.held import Held
from geomsup.loading.nested import held_by

__all__ = ["held_by_object"]

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
