"""Small ReLU networks of any depth, several at once, trained on all their inputs (no samples)."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from geomsup.experiments.adam import adam, falling

__all__ = ["Layer", "codes", "loss", "random_layers", "train"]

Layer = tuple[np.ndarray, np.ndarray]  # weights (networks, in, out) and biases (networks, 1, out)
WARM = 0.05  # fraction of the steps in which the learning rate rises: Adam's first steps are of full size


def random_layers(sizes: Sequence[int], networks: int, seed: int) -> list[Layer]:
    """Return layers of random networks: He's normal weights, biases uniform over the spread of the inputs."""
    rng = np.random.default_rng(seed)
    return [
        (
            rng.normal(0, (2 / a) ** 0.5, (networks, a, b)),
            rng.uniform(-(a**-0.5), a**-0.5, (networks, 1, b)),
        )
        for a, b in pairwise(sizes)
    ]


def codes(layers: Sequence[Layer], x: np.ndarray, linear: Sequence[int] = ()) -> list[np.ndarray]:
    """Return the inputs and what each layer makes of them, ``(networks, inputs, size)``.

    The last layer is linear, and so are those of the numbers `linear`; the others are ReLUs.
    """
    found = [np.broadcast_to(x, (len(layers[0][0]), *x.shape))]
    for k, (weights, biases) in enumerate(layers):
        before = found[-1] @ weights + biases
        found.append(before if k in linear or k == len(layers) - 1 else np.maximum(before, 0))
    return found


def loss(
    layers: Sequence[Layer], x: np.ndarray, targets: np.ndarray, linear: Sequence[int] = ()
) -> tuple[np.ndarray, list[Layer]]:
    """Return Σ over outputs of the mean squared error of each network, and its slopes."""
    found = codes(layers, x, linear)
    off = found[-1] - targets
    pull = 2 * off / len(x)
    slopes: list[Layer] = []
    for k in range(len(layers) - 1, -1, -1):
        if k != len(layers) - 1 and k not in linear:
            pull = pull * (found[k + 1] > 0)
        slopes.append((found[k].swapaxes(1, 2) @ pull, pull.sum(axis=1, keepdims=True)))
        pull = pull @ layers[k][0].swapaxes(1, 2)
    return (off**2).sum(axis=(1, 2)) / len(x), slopes[::-1]


def train(
    layers: Sequence[Layer],
    x: np.ndarray,
    targets: np.ndarray,
    steps: int,
    rate: float,
    linear: Sequence[int] = (),
    mask: np.ndarray | None = None,
) -> list[Layer]:
    """Return the layers after so many steps of Adam on all inputs, at a rate that rises first and then falls to 0.

    Weights of the first layer stay 0 where `mask`, of its shape, is 0.
    """
    parts = [part.copy() for layer in layers for part in layer]
    if mask is not None:
        parts[0] *= mask

    def slopes(now: list[np.ndarray]) -> list[np.ndarray]:
        found = [part for layer in loss(_paired(now), x, targets, linear)[1] for part in layer]
        return found if mask is None else [found[0] * mask, *found[1:]]

    return _paired(adam(parts, slopes, steps, lambda step: falling(step, steps, rate) * min(step / (WARM * steps), 1)))


def _paired(parts: list[np.ndarray]) -> list[Layer]:
    return list(zip(parts[::2], parts[1::2], strict=True))
