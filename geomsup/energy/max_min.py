"""The last digits of codes: sequential linear programming on the largest inner product.

At the maximum of a code there are more contacts than degrees of freedom, and they hold the points in place (except
rattlers). So every linear program ends in a vertex, and the steps converge quadratically.
"""

import time

import numpy as np

from geomsup.energy.newton import tangent_basis
from geomsup.energy.potentials import Potential

__all__ = ["largest_product", "linear_program", "tighten"]

MOST_PROGRAMS = 60
FIRST = 0.02  # first radius of trust, in units of the spacing
OUT_OF_TIME = 1  # status of scipy's linprog
SMALLEST = 1e-15  # promised gain at which the programs end


def largest_product(points: np.ndarray, potential: Potential) -> float:
    """Return the largest inner product of two points, of its absolute value for lines."""
    upper = np.triu_indices(len(points), 1)
    products = (points @ points.T)[upper]
    return float(np.abs(products).max() if potential.name == "coherence" else products.max())


def tighten(points: np.ndarray, potential: Potential, deadline: float | None = None) -> tuple[np.ndarray, float]:
    """Return points whose largest product is at a local minimum, and the gain that the last program still promised.

    Once the `deadline` (of `time.monotonic`) has passed, the points so far are returned. Before the first program, the
    gain is bounded by the distance to what no points have less than: cosines of a simplex, or lines at right angles.
    """
    n, d = points.shape
    radius = FIRST * n ** (-1 / (d - 1))
    worst = largest_product(points, potential)
    promised = worst + (1.0 / (n - 1) if potential.name == "tammes" else 0.0)
    for _ in range(MOST_PROGRAMS):
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0.0:
            break
        moved, gain = linear_program(points, potential, worst, radius, left)
        if gain == np.inf:
            break
        promised = gain
        if promised <= SMALLEST:
            break
        new = largest_product(moved, potential)
        if worst - new > 0.75 * promised:
            radius *= 2.0
        elif worst - new < 0.25 * promised:
            radius *= 0.25
        if new < worst:
            points, worst = moved, new
        if radius < 1e-14:
            break
    return points, max(promised, 0.0)


def linear_program(
    points: np.ndarray, potential: Potential, worst: float, radius: float, seconds: float | None = None
) -> tuple[np.ndarray, float]:
    """Solve the linear program of steps no longer than `radius`; return the new points and the promised gain.

    If it takes more than so many seconds, the points are the old ones, and the gain is infinite.
    """
    from scipy.optimize import linprog
    from scipy.sparse import coo_array

    n, d = points.shape
    basis = tangent_basis(points)
    products = points @ points.T
    signs = np.sign(products) if potential.name == "coherence" else np.ones_like(products)
    # A step moves a point by up to √(d-1) radii, a product by twice that, and the largest no further down.
    margin = 4.0 * radius * np.sqrt(d - 1)
    i, j = np.nonzero(np.triu(signs * products > worst - margin, 1))
    slopes_i = signs[i, j, None] * np.einsum("pad,pd->pa", basis[i], points[j])
    slopes_j = signs[i, j, None] * np.einsum("pad,pd->pa", basis[j], points[i])
    rows, k = np.arange(len(i)), d - 1
    across = np.arange(k)
    data = np.concatenate([slopes_i.ravel(), slopes_j.ravel(), -np.ones(len(i))])
    columns = np.concatenate(
        [(i[:, None] * k + across).ravel(), (j[:, None] * k + across).ravel(), np.full(len(i), n * k)]
    )
    places = np.concatenate([np.repeat(rows, k), np.repeat(rows, k), rows])
    # In units of the radius, so that the solver's absolute tolerances mean the same at every step.
    matrix = coo_array((data, (places, columns)), shape=(len(i), n * k + 1)).tocsr()
    slack = (worst - signs[i, j] * products[i, j]) / radius
    cost = np.zeros(n * k + 1)
    cost[-1] = 1.0
    bounds = [(-1.0, 1.0)] * (n * k) + [(-4.0 * np.sqrt(d), 0.0)]
    options = {} if seconds is None else {"time_limit": seconds}
    solved = linprog(cost, A_ub=matrix, b_ub=slack, bounds=bounds, method="highs", options=options)
    if solved.status == OUT_OF_TIME:
        return points, np.inf
    if solved.x is None:
        return points, 0.0
    steps = radius * solved.x[:-1].reshape(n, k)
    moved = points + np.einsum("ia,iad->id", steps, basis)
    return moved / np.linalg.norm(moved, axis=1, keepdims=True), -radius * float(solved.x[-1])
