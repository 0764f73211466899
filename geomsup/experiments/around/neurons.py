"""What neurons stand for: shared by the experiments on models with hidden ReLUs."""

import numpy as np

from geomsup.experiments.neurons import neuron_shares

__all__ = ["PURE", "monosemantic"]

PURE = 0.9  # part of the squares of a neuron's input weights that its first feature must hold
LIVE = 0.05  # strength, relative to the strongest neuron, from which one counts


def monosemantic(W: np.ndarray, W_out: np.ndarray) -> tuple[int, int]:
    """Return how many neurons read one feature only, and how many are live.

    A neuron's strength is the product of the lengths of its input and output weights.

    Examples
    --------
    >>> W = np.array([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 1e-4]])
    >>> monosemantic(W, W)
    (2, 3)
    """
    strength = np.linalg.norm(W, axis=0) * np.linalg.norm(W_out, axis=0)
    live = strength > LIVE * strength.max()
    pure = neuron_shares(W[:, live]) > PURE
    return int(pure.sum()), int(live.sum())
