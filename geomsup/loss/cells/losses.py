"""The exact loss of a model with piecewise linear hidden units, of few features."""

from typing import NamedTuple

import numpy as np

from geomsup.activations import LEAKS
from geomsup.features import Features
from geomsup.loss.cells.boxes import ORDERS, make_boxes
from geomsup.model import ToyModel
from geomsup.threads import stop_flag

__all__ = ["CellLosses", "cell_losses_of", "has_cells", "layer_losses"]

# Sizes of values and weights whose squares and products are far from the ends of doubles.
SMALLEST, LARGEST = 1e-60, 1e60


class CellLosses(NamedTuple):
    """Losses of outputs before importances ``(n, n + 1)``, by the number of active features; bounds on their errors.

    Gradients by W, b_hidden, W_out and b are those of the sum with its importances.
    """

    by_active: np.ndarray
    error: np.ndarray
    grads: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def has_cells(model: ToyModel, features: Features) -> bool:
    """Whether hidden units and outputs are piecewise linear, and the cells few enough for an exact loss.

    Examples
    --------
    >>> models = [ToyModel(np.eye(n, 2), hidden_activation="relu") for n in (3, 9)]
    >>> has_cells(models[0], Features(3, 0.1)), has_cells(models[1], Features(9, 0.1))
    (True, False)
    """
    bent = all(isinstance(one, str) and one in LEAKS for one in (model.hidden_activation, model.activation))
    return bent and model.W_between is None and _is_ordinary(model, features) and make_boxes(features) is not None


def _is_ordinary(model: ToyModel, features: Features) -> bool:
    parts = [model.W, model.decoder, model.b, features.reach, features.importance]
    parts += [] if model.b_hidden is None else [model.b_hidden]
    sizes = np.abs(np.concatenate([np.ravel(part) for part in parts]))
    return bool(np.all((sizes == 0) | ((sizes > SMALLEST) & (sizes < LARGEST))))


def cell_losses_of(model: ToyModel, features: Features, gradient: bool) -> CellLosses:
    """Return the losses of a model that `has_cells`."""
    hidden = np.zeros(model.n_hidden) if model.b_hidden is None else model.b_hidden
    activations = str(model.hidden_activation), str(model.activation)
    return layer_losses((model.W, hidden, model.decoder, model.b), activations, features, gradient)


def layer_losses(
    weights: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], activations: tuple[str, str], features: Features,
    gradient: bool, most_active: int | None = None,
) -> CellLosses:  # fmt: skip
    """Return the losses of W, b_hidden, W_out and b, with these activations of hidden units and outputs.

    `most_active` leaves out inputs with more features present, whose cells are by far the most.
    """
    from geomsup.loss.cells.kernels import Layer, cell_losses

    boxes = make_boxes(features)
    assert boxes is not None
    boxes = boxes if most_active is None else boxes.up_to(most_active)
    W, b_hidden, W_out, b = (np.ascontiguousarray(part, float) for part in weights)
    hidden_leak, leak = (LEAKS[name] for name in activations)
    layer = Layer(W, b_hidden, W_out, b, hidden_leak, leak, np.array(features.importance))
    return CellLosses(*cell_losses(layer, *boxes, ORDERS, gradient, stop_flag()))
