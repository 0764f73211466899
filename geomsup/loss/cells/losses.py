"""The exact loss of a model with piecewise linear hidden units, of few features."""

from math import comb, factorial
from typing import NamedTuple

import numpy as np

from geomsup.activations import LEAKS
from geomsup.features import Features
from geomsup.loss.cells.boxes import ORDERS, Boxes, make_boxes
from geomsup.loss.targets.target import TARGETS, targets_of
from geomsup.model import ToyModel
from geomsup.threads import stop_flag

__all__ = ["CellLosses", "cell_losses_of", "has_cells", "has_linear_target", "layer_losses"]

# Sizes whose squares and products are far from the ends of doubles; smaller weights only add next to nothing.
SMALLEST, LARGEST = 1e-60, 1e60
MOST_CELLS = 100_000  # of all outputs together: with six units and five features a loss takes some seconds


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
    if not (bent and model.W_between is None and _is_ordinary(model, features)):
        return False
    boxes = make_boxes(features)
    return boxes is not None and _cells(boxes, model.n_hidden) <= MOST_CELLS


def has_linear_target(features: Features, target: str) -> bool:
    """Whether what outputs are to be is linear on either side of 0 in their own input, or all values are points.

    Examples
    --------
    >>> [has_linear_target(Features(2, 0.1), name) for name in ("abs", "square", "pairs")]
    [True, False, False]
    """
    if target in TARGETS and TARGETS[target].degree == 1:
        return True
    boxes = make_boxes(features)
    return boxes is not None and not (boxes.width > 0).any()


def _cells(boxes: Boxes, m: int) -> int:
    """Return about how many cells m planes cut, and all simplices with them: m planes make Σ_i≤k C(m, i) in k axes."""
    counts = np.bincount((boxes.width > 0).sum(axis=1)).tolist()
    cells = (count * factorial(k) * sum(comb(m, i) for i in range(k + 1)) for k, count in enumerate(counts))
    return boxes.low.shape[1] * sum(cells)


def _is_ordinary(model: ToyModel, features: Features) -> bool:
    parts = [model.W, model.decoder, model.b, features.reach, features.importance]
    parts += [] if model.b_hidden is None else [model.b_hidden]
    largest = max(float(np.abs(part).max()) for part in parts)
    return largest < LARGEST and float(features.reach.max()) > SMALLEST


def cell_losses_of(model: ToyModel, features: Features, gradient: bool, target: str = "identity") -> CellLosses:
    """Return the losses of a model that `has_cells`, to a target that `has_linear_target`."""
    hidden = np.zeros(model.n_hidden) if model.b_hidden is None else model.b_hidden
    activations = str(model.hidden_activation), str(model.activation)
    return layer_losses((model.W, hidden, model.decoder, model.b), activations, features, gradient, target=target)


def layer_losses(
    weights: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray], activations: tuple[str, str], features: Features,
    gradient: bool, most_active: int | None = None, target: str = "identity",
) -> CellLosses:  # fmt: skip
    """Return the losses of W, b_hidden, W_out and b, with these activations of hidden units and outputs.

    `most_active` leaves out inputs with more features present, whose cells are by far the most.
    """
    from geomsup.loss.cells.kernels import Goal, Layer, cell_losses

    boxes = make_boxes(features)
    assert boxes is not None
    boxes = boxes if most_active is None else boxes.up_to(most_active)
    W, b_hidden, W_out, b = (np.ascontiguousarray(part, float) for part in weights)
    hidden_leak, leak = (LEAKS[name] for name in activations)
    layer = Layer(W, b_hidden, W_out, b, hidden_leak, leak, np.array(features.importance))
    slopes = TARGETS.get(target, TARGETS["identity"])  # of others no input varies
    goal = Goal(slopes.below, slopes.above, targets_of(boxes.low, target))
    return CellLosses(*cell_losses(layer, goal, *boxes, ORDERS, gradient, stop_flag()))
