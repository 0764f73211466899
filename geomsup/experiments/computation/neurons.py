"""What E26 to E28 share: signed features, models to start from, and weights scaled neuron by neuron."""

import numpy as np

from geomsup.features import Features
from geomsup.laws import Uniform
from geomsup.model import ToyModel

__all__ = ["ABS", "dedicated_start", "normalised", "open_start", "signed"]

ABS = {"target": "abs", "tied": False, "hidden_activation": "relu", "schedule": "cosine"}


def signed(n: int, p: float, ratio: float = 1.0) -> Features:
    """Return features of values uniform in [−1, 1] and importance ratio^i."""
    return Features(n, p, ratio ** np.arange(n), values=Uniform(-1, 1))


def open_start(n: int, m: int, seed: int) -> ToyModel:
    """Return a start model all of whose outputs are open: Xavier-normal W, and W_out = ``|W|``.

    If the signs of W_out were random too, a quarter of rare features would have an output that is closed for both
    signs of x. It would get no gradient, and stay closed.
    """
    W = np.random.default_rng(seed).normal(0, np.sqrt(2 / (n + m)), (n, m))
    return ToyModel(W, W_out=np.abs(W), hidden_activation="relu")


def dedicated_start(n: int, m: int, noise: float, seed: int) -> ToyModel:
    """Return a model with two neurons for each of the first m/2 features, with noise on all weights."""
    W, W_out = np.zeros((n, m)), np.zeros((n, m))
    W[: m // 2, : 2 * (m // 2)] = np.kron(np.eye(m // 2), [[1.0, -1.0]])
    W_out[:] = np.abs(W)
    rng = np.random.default_rng(seed)
    off = [rng.normal(0, noise, W.shape) for _ in range(2)]
    return ToyModel(W + off[0], W_out=W_out + off[1], hidden_activation="relu")


def normalised(W: np.ndarray, W_out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return W and W_out of the same model with every neuron's largest |W| at 1; empty neurons stay as they are.

    A hidden ReLU may be scaled by c > 0 and its outputs by 1/c.

    Examples
    --------
    >>> W, W_out = normalised(np.array([[-2.0], [1.0]]), np.array([[1.0], [0.5]]))
    >>> W.ravel(), W_out.ravel()
    (array([-1. ,  0.5]), array([2., 1.]))
    """
    scale = np.abs(W).max(axis=-2, keepdims=True)
    scale = np.where(scale > 0, scale, 1.0)
    return W / scale, W_out * scale
