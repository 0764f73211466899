"""How the weights of a model are packed into one vector, and where training starts."""

import numpy as np

from geomsup.model import ToyModel
from geomsup.training.settings import Settings

__all__ = ["OPTIONAL", "layout", "pack", "split", "start_weights"]

OPTIONAL = (
    "W_out",
    "b_hidden",
    "W_between",
    "b_between",
)  # arrays that a model may lack; packed in this order, behind W and b


def layout(n: int, settings: Settings) -> dict[str, tuple[int, ...]]:
    """Return the shape of each array of weights, by its name in `ToyModel`, in the order of packing."""
    m, *second = settings.units
    shapes: dict[str, tuple[int, ...]] = {"W": (n, m), "b": (n,)}
    if not settings.tied:
        shapes["W_out"] = (n, *(second or [m]))
    if settings.hidden_bias:
        shapes["b_hidden"] = (m,)
    if second:
        shapes |= {"W_between": (m, *second), "b_between": (*second,)}
    return shapes


def pack(parts: dict[str, np.ndarray], shapes: dict[str, tuple[int, ...]], axes: int = 0) -> np.ndarray:
    """Return the arrays packed into one vector, or into an array of vectors with `axes` axes in front."""
    sizes = {name: int(np.prod(shape)) for name, shape in shapes.items()}
    return np.concatenate([parts[name].reshape(*parts[name].shape[:axes], sizes[name]) for name in shapes], axis=-1)


def split(theta: np.ndarray, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Return the arrays, by name, of packed weights ``(..., theta.size)``."""
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes.values()])
    pieces = np.split(theta, ends[:-1], axis=-1)
    return {
        name: piece.reshape(*theta.shape[:-1], *shape)
        for (name, shape), piece in zip(shapes.items(), pieces, strict=True)
    }


def start_weights(
    shapes: dict[str, tuple[int, ...]], seed: int, number: int, model: ToyModel | None, scale: float = 1.0
) -> dict[str, np.ndarray]:
    """Return the weights that run `number` starts from: the model's, or Xavier-normal ones and zero biases.

    `scale` multiplies the standard deviation of Xavier-normal weights.
    """
    if model is not None:
        return {name: getattr(model, name) for name in shapes}
    rng = np.random.default_rng([seed, number])
    return {
        name: rng.normal(0.0, scale * np.sqrt(2 / sum(shape)), shape) if len(shape) == 2 else np.zeros(shape)
        for name, shape in shapes.items()
    }
