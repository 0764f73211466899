"""Symbols and numeric losses that the symbolic tests share."""

import numpy as np
from sympy import Symbol, symbols

from geomsup import Features, ToyModel, Uniform, expected_loss

r, p, I2 = symbols("r p I", positive=True)
b = Symbol("b", real=True)


def numeric(W, bias, probability, importance=1.0, values=None, **options):
    W = np.array(W, float)
    features = Features(len(W), probability, importance, values or Uniform())
    return expected_loss(ToyModel(W, np.broadcast_to(bias, len(W)).astype(float)), features, **options)


def polygon_rows(k, norm):
    angle = 2 * np.pi * np.arange(k) / k
    return norm * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def two_in_one():
    w, bias = symbols("w1 w2"), symbols("b1 b2")
    at = dict(zip([*w, *bias], (0.8, -0.6, 0.1, 0.05), strict=True))
    return w, bias, at
