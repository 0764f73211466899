"""What kernels are told of a model: its size, its form, and what goes beyond the paper's plain form."""

from typing import NamedTuple

import numpy as np

__all__ = ["Extras", "Form", "Shape"]


class Shape(NamedTuple):
    """Features, hidden units, and units that the decoder is given: m, or those of the second hidden layer."""

    n: int
    m: int
    last: int


class Form(NamedTuple):
    """A model's kind: whether it is tied, hidden units ReLUs, outputs GELU; else their slope below 0; the target."""

    tied: bool
    hidden_relu: bool
    gelu: bool
    leak: np.float32
    target: int


class Extras(NamedTuple):
    """What the paper's plain form lacks; for models of that form kernels take None, and are compiled without it.

    Whether there is a hidden bias, and a second hidden layer; penalty on hidden activations; dropout rate; whether the
    loss is cross-entropy; length of attacks.
    """

    hidden_bias: bool
    deep: bool
    penalty: np.float32
    dropout: float
    classify: bool
    length: np.float32
