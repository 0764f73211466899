"""What the tools of this room take: models whose outputs are functions of one weighted sum of features."""

from typing import Any

import numpy as np

from geomsup.activations import activation_name
from geomsup.model import ToyModel, checked_model

__all__ = ["LARGEST", "RISING", "coupling_of", "linear_hidden", "rising_hidden", "rising_outputs"]

RISING = ("relu", "linear", "leaky_relu")  # activations that never fall: an end of a range stays one
LARGEST = 1e100  # of couplings: variances and losses are then doubles


def linear_hidden(model: Any) -> ToyModel:
    """Return the model if its hidden layer is one of sums of features.

    Examples
    --------
    >>> linear_hidden(ToyModel([[1.0], [-1.0]]))
    ToyModel(2 features in 1 dimension, relu)
    """
    checked_model("model", model)
    if model.hidden_activation != "linear" or model.W_between is not None:
        raise ValueError(
            f"`model` must have one linear hidden layer, whose units are sums of features; got {model!r}. "
            'Pass a model with hidden_activation="linear".'
        )
    return model


def rising_outputs(model: Any) -> ToyModel:
    """Return the model if each output is a rising function of a sum of features.

    Examples
    --------
    >>> rising_outputs(ToyModel([[1.0], [-1.0]]))
    ToyModel(2 features in 1 dimension, relu)
    """
    _check_rises(linear_hidden(model).activation, "output")
    return model


def rising_hidden(model: Any) -> ToyModel:
    """Return the model if each unit of its first hidden layer is a rising function of a sum of features.

    Examples
    --------
    >>> rising_hidden(ToyModel([[1.0], [-1.0]]))
    ToyModel(2 features in 1 dimension, relu)
    """
    _check_rises(checked_model("model", model).hidden_activation, "hidden")
    largest = float(max(np.abs(model.W).max(), 0.0 if model.b_hidden is None else np.abs(model.b_hidden).max()))
    if not largest <= LARGEST:
        raise ValueError(f"`model` must have weights up to {LARGEST:g}; got {largest:g}. Rescale the weights.")
    return model


def _check_rises(activation: Any, layer: str) -> None:
    if activation not in RISING:
        raise ValueError(
            f"`model` must have one of the {layer} activations {', '.join(RISING)}; got {activation_name(activation)}. "
            "They are known to rise."
        )


def coupling_of(model: ToyModel) -> tuple[np.ndarray, np.ndarray]:
    """Return what the features add to the outputs' sums, ``(n, n)``, and what is added beside them, ``(n,)``.

    Examples
    --------
    >>> [part.tolist() for part in coupling_of(ToyModel([[1.0], [-1.0]], [0.5, 0.0]))]
    [[[1.0, -1.0], [-1.0, 1.0]], [0.5, 0.0]]
    """
    with np.errstate(over="ignore", invalid="ignore"):
        coupling = model.coupling
        bias = model.b if model.b_hidden is None else model.b + model.decoder @ model.b_hidden
    largest = max(float(np.abs(coupling).max()), float(np.abs(bias).max()))
    if not largest <= LARGEST:
        raise ValueError(
            f"`model` must have products of weights, and biases, up to {LARGEST:g}; got {largest:g}. "
            "Rescale the weights."
        )
    return coupling, bias
