"""Phases of (2, 1) by brute force and on paper, and their names."""

import itertools
from functools import cache as once_only

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from geomsup.phases.diagram import phase_diagram

DROPPED, PAIR, DEDICATED = (
    "extra not represented, others: 1 dedicated",
    "extra in a digon",
    "extra dedicated, others: 1 not represented",
)
WEAK, STRONG = "extra weakly in a digon", "extra strongly in a digon"


@once_only
def small():
    """Return (2, 1) with importances symmetric about 1."""
    return phase_diagram(2, 1, np.geomspace(0.05, 1, 14), np.geomspace(0.2, 5, 12))


def output_loss(a, c, b, p):
    """Return E (x - relu(a x + c y + b))² for x, y ~ U[0, 1] with probability p each, a > 0; arrays broadcast.

    Inner integrals in closed form; the outer one by Gauss, exact between the kinks of a cubic.
    """
    nodes, weights = np.polynomial.legendre.leggauss(4)

    def alone(z):  # integral over x of (x - relu(a x + z))²
        edge = np.clip(-z / a, 0, 1)
        rest = [((1 - a) ** 2, 3), (-2 * (1 - a) * z, 2), (z**2, 1)]
        return edge**3 / 3 + sum(k * (1 - edge**power) / power for k, power in rest)

    with np.errstate(divide="ignore", invalid="ignore"):
        kinks = [np.clip(np.nan_to_num(t), 0, 1) for t in (-b / c, (-a - b) / c)]
    ends = np.sort(np.stack([np.zeros_like(a + c + b), *np.broadcast_arrays(*kinks), np.ones_like(a + c + b)]), axis=0)
    other = both = 0.0
    for low, high in itertools.pairwise(ends):
        for node, weight in zip(nodes, weights, strict=True):
            y = (low + high + (high - low) * node) / 2
            other = other + weight * (high - low) / 2 * np.maximum(c * y + b, 0) ** 2
            both = both + weight * (high - low) / 2 * alone(c * y + b)
    return (1 - p) ** 2 * np.maximum(b, 0) ** 2 + p * (1 - p) * (alone(b) + other) + p**2 * both


def best_output(a, c, p):
    """Return the loss of an output with its best bias: a grid, then golden section; arrays broadcast."""
    a, c = np.broadcast_arrays(a, c)
    grid = np.linspace(-1, 1, 21).reshape(-1, *[1] * a.ndim)
    middle = np.take_along_axis(grid + 0 * a, output_loss(a, c, grid, p).argmin(axis=0)[None], 0)[0]
    low, high = middle - 0.1, middle + 0.1
    ratio = (5**0.5 - 1) / 2
    for _ in range(30):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        lower = output_loss(a, c, left, p) < output_loss(a, c, right, p)
        low, high = np.where(lower, low, left), np.where(lower, right, high)
    return output_loss(a, c, (low + high) / 2, p)


def polished(w, v, p, importance):
    """Return the local minimum of the loss of (2, 1) near W = (w, v)."""

    def loss(z):
        w, v, b, c = z
        own = max(w * w, 1e-18), max(v * v, 1e-18)
        return float(output_loss(own[0], w * v, b, p) + importance * output_loss(own[1], w * v, c, p))

    biases = [minimize_scalar(lambda b, own=own: float(output_loss(max(own, 1e-18), w * v, b, p)), bounds=(-1, 1)).x
              for own in (w * w, v * v)]  # fmt: skip
    return minimize(loss, [w, v, *biases], tol=1e-9).fun


def brute_force(p, importance):
    """Return the lowest loss of (2, 1): over a grid of all W = (w, v), w >= 0, and near its three lowest minima.

    Outputs of the grid have their best biases. Where one feature is dropped, the loss is the variance of that feature.
    """
    w, v = np.meshgrid(np.linspace(0, 1.4, 41), np.linspace(-1.4, 1.4, 41))
    w = np.maximum(w, 1e-9)
    grid = best_output(w**2, w * v, p) + importance * best_output(np.maximum(v**2, 1e-18), w * v, p)
    framed = np.pad(grid, 1, constant_values=np.inf)
    around = [framed[1 + i : 42 + i, 1 + j : 42 + j] for i in (-1, 0, 1) for j in (-1, 0, 1)]
    least = np.flatnonzero(grid.ravel() <= np.min(around, axis=0).ravel())
    lowest = [polished(w.flat[at], v.flat[at], p, importance) for at in least[np.argsort(grid.ravel()[least])][:3]]
    return min(*lowest, min(1, importance) * (p / 3 - p**2 / 4))


def threshold(p):
    """Return the importance above which a dropped extra feature starts to grow, for (2, 1).

    With a row -ε beside a norm² of 1 + δ ε and a bias β ε, output 1 loses, to order ε²,
    p E (δ x + β - y)² + (1 - p) E relu(β - y)², y the extra feature, and the extra feature gains I Var(y): the
    importance at which the two are equal.
    """

    def cost(z):
        delta, beta = z
        active = delta**2 / 3 + delta * (beta - p / 2) + beta**2 - beta * p + p / 3
        silent = (1 - p) * max(beta, 0) ** 2 + p * (beta**3 / 3 if beta > 0 else 0)
        return p * active + (1 - p) * silent

    return minimize(cost, (0.1, 0.3), tol=1e-14).fun / (p / 3 - p**2 / 4)
