"""Arguments that describe a model to kernels: its size, its form, and what the paper's plain form lacks."""

from typing import NamedTuple

import numpy as np

__all__ = ["Extras", "Form", "Shape"]


class Shape(NamedTuple):
    """Numbers of features, of hidden units, and of units before the decoder: m, or the second hidden layer's."""

    n: int
    m: int
    last: int


class Form(NamedTuple):
    """The kind of a model.

    Parameters
    ----------
    tied, hidden_relu
        Whether it is tied, and whether hidden units are ReLUs.
    gelu, leak
        Whether outputs are GELUs; if not, their slope below 0.
    target
        Code of the target (see `codes`).
    """

    tied: bool
    hidden_relu: bool
    gelu: bool
    leak: np.float32
    target: int


class Extras(NamedTuple):
    """What the paper's plain form lacks; for models of that form kernels take None, and are compiled without it.

    Parameters
    ----------
    hidden_bias, deep
        Whether there is a hidden bias, and a second hidden layer.
    penalty, dropout
        Penalty on hidden activations, and rate of dropout.
    classify
        Whether the loss is cross-entropy.
    length
        Length of attacks; 0 for none.
    bent
        Code of a hidden activation that is neither linear nor a ReLU (see `codes`); 0 for these.
    """

    hidden_bias: bool
    deep: bool
    penalty: np.float32
    dropout: float
    classify: bool
    length: np.float32
    bent: int
