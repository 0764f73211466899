"""Losses of smooth outputs of few features: rules of Gauss and Legendre over all that the inputs can be.

A gelu is a smooth function of inputs that vary over intervals. Twenty nodes along each of up to three intervals leave a
relative 1e-12, as long as no interval makes an output vary by much more than a gelu's bend. Series take fifty times as
long for two features.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from geomsup.activations import Activation
from geomsup.features import Features
from geomsup.loss.cells.boxes import make_boxes

__all__ = ["Nodes", "gauss_losses", "is_within_reach", "make_nodes"]

POINTS = 20  # along an interval
MOST_NODES = 20_000  # of all boxes together: a loss takes a millisecond, and series some five
WIDEST = 6.0  # what an output may vary by along an interval, before its activation: 1e-14; at 12 it is off by 1e-6


class Nodes(NamedTuple):
    """Inputs ``(nodes, n)`` and their weights; widths of the widest intervals of features ``(n,)``."""

    x: np.ndarray
    weight: np.ndarray
    width: np.ndarray


@lru_cache(maxsize=64)
def make_nodes(features: Features) -> Nodes | None:
    """Return the nodes of all boxes, None if they are too many.

    Examples
    --------
    >>> nodes = make_nodes(Features(2, 0.5))
    >>> len(nodes.weight), round(float(nodes.weight @ nodes.x[:, 0] ** 2), 12)
    (441, 0.166666666667)
    """
    boxes = make_boxes(features)
    if boxes is None or not (POINTS ** (boxes.width > 0).sum(axis=1).astype(float)).sum() <= MOST_NODES:
        return None
    points, weights = np.polynomial.legendre.leggauss(POINTS)
    inputs, masses = [], []
    for mass, low, width, _ in zip(*boxes, strict=True):
        axes = [(points + 1) / 2 if one > 0 else np.zeros(1) for one in width]
        along = [weights / 2 if one > 0 else np.ones(1) for one in width]
        inputs.append(low + width * np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, features.n))
        masses.append(mass * np.prod(np.stack(np.meshgrid(*along, indexing="ij"), axis=-1), axis=-1).ravel())
    return Nodes(np.concatenate(inputs), np.concatenate(masses), boxes.width.max(axis=0))


def is_within_reach(G: np.ndarray, nodes: Nodes) -> bool:
    """Whether the rule is good for outputs of these couplings."""
    return bool((np.abs(G) * nodes.width).max() <= WIDEST)


def gauss_losses(
    G: np.ndarray, b: np.ndarray, output: Activation, nodes: Nodes
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return E (x_i - f(G x + b)_i)² of all outputs, and its slopes by G and b."""
    u = nodes.x @ G.T + b
    residual = output(u) - nodes.x
    slope = 2 * nodes.weight[:, None] * residual * output.slope(u)
    return nodes.weight @ residual**2, slope.T @ nodes.x, slope.sum(axis=0)
