"""Closed forms for many small components at once: digons, simplices and polygons, from stacks of Gram matrices."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from geomsup.recognition import chance
from geomsup.recognition.found import Found
from geomsup.recognition.matching.acceptance import RIGID_RATIO, acceptance
from geomsup.recognition.matching.coincidence import COINCIDENT
from geomsup.recognition.matching.templates import count_templates, lower_bounds, nearest_stretched, templates
from geomsup.recognition.reading.rows import NOISE_FLOOR, UnitRows
from geomsup.shapes import Polytope, candidates

__all__ = ["LARGEST_BATCHED", "Batch", "among_all", "log_chance", "match_batch"]

# Larger components are few, and are matched one by one.
LARGEST_BATCHED = 64


@dataclass(frozen=True, eq=False)
class Batch:
    """Closed forms fitted to B components of k rows each; `shapes[b]` is None where none fits well.

    Attributes
    ----------
    shapes
        Shape of each component, within half of its acceptance bound, or None.
    order
        ``(B, k)`` vertex of each row.
    chord
        ``(B,)`` root-mean-square distance of rows and fitted vertices.
    residual
        ``(B,)`` root-mean-square angle of them, degrees.
    log_p
        ``(B,)`` log of the number of choices times the probability of a fit as close, in all m dimensions.
    hopeless
        ``(B,)`` whether no shape of the catalogue can fit, by lower bounds, and no two rows coincide.
    squares
        ``(B,)`` sum of the squared inner products of the component's rows with each other.
    rank
        ``(B,)`` number of singular values of the rows above the noise floor.
    """

    shapes: list[Polytope | None]
    order: np.ndarray
    chord: np.ndarray
    residual: np.ndarray
    log_p: np.ndarray
    hopeless: np.ndarray
    squares: np.ndarray
    rank: np.ndarray


def match_batch(gram: np.ndarray, n: int, m: int) -> Batch:
    """Fit simplices and polygons to a stack of Gram matrices.

    Orthogonal Procrustes needs inner products only: with the vertices T of a component's rows and M = TᵀGT,
    the fitted vertices F have ‖X − F‖² = k + ‖T‖² − 2 tr M^(1/2), and x_i·f_i = t_i M^(−1/2) Tᵀ G e_i. Rows go
    to the vertices of a polygon in the order of their angles in the principal plane, to those of a simplex in
    any order.

    Parameters
    ----------
    gram
        ``(B, k, k)`` inner products of the unit rows of B components, k >= 2.
    n, m
        Numbers of all rows and of all dimensions, for the chance of an accident.

    Examples
    --------
    >>> found = match_batch(np.array([[[1.0, -1.0], [-1.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]]), 4, 3)
    >>> [shape and shape.name for shape in found.shapes]
    ['digon', None]
    """
    B, k = gram.shape[:2]
    values, axes = np.linalg.eigh(gram)
    shapes: list[Polytope | None] = [None] * B
    order = np.tile(np.arange(k), (B, 1))
    chord, residual, log_p = np.full(B, np.inf), np.full(B, np.nan), np.zeros(B)
    for shape in _closed_forms(k, m):
        images = _by_angle(values, axes) if shape.dimension == 2 and k > 3 else np.tile(np.arange(k), (B, 1))
        distance, angle = _procrustes(gram, shape.vertices[images])
        good = (distance <= RIGID_RATIO * acceptance(shape)) & (distance < chord)
        for b in np.flatnonzero(good):
            shapes[b] = shape
        order[good], chord[good], residual[good] = images[good], distance[good], angle[good]
        log_p[good] = log_chance(shape, n, m, distance[good])
    closest = np.where(np.eye(k, dtype=bool), -1.0, gram).max(axis=(1, 2))
    hopeless = np.array([shape is None for shape in shapes]) & (closest < 1 - COINCIDENT**2 / 2)
    if hopeless.any():
        hopeless[hopeless] = ~_possible(gram[hopeless], values[hopeless], m)
    rank = (values > NOISE_FLOOR**2 * values[:, -1:]).sum(axis=1)
    return Batch(shapes, order, chord, residual, log_p, hopeless, (values**2).sum(axis=1), rank)


def log_chance(
    shape: Polytope, n: int, m: int, chord: Any, template: np.ndarray | None = None, parameters: int = 0, empty: int = 0
) -> Any:
    """Log of choices times probability that some of n random rows come as close to `shape`, all m dimensions free.

    `template` has the vertex of each row where rows share vertices, where some are `empty`, or where `parameters` have
    been fitted.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> float(np.exp(log_chance(polytope("digon"), 2, 2, 1e-3)))  # 4e-3/(2π): two angles within 2e-3
    0.000637
    """
    T = shape.vertices if template is None else template
    copies, codimension = _copies(shape, m) if template is None else _tube(shape, T, m, parameters, empty)
    possible = sum(count_templates(shape.dimension, shape.n_vertices - fewer) for fewer in range(empty + 1))
    nearness = codimension * np.log(np.maximum(chord, chance.SMALLEST_DEVIATION))
    return np.minimum(0.0, copies + nearness + chance.log_choices(n, len(T), possible))


def among_all(found: Found, rows: UnitRows) -> Found:
    """Return what was found with the chance of its shape among all rows, in all dimensions."""
    if found.polytope is None:
        return found
    log_p = log_chance(
        found.polytope, len(rows), rows.n_dimensions, found.chord, found.template, found.n_parameters, len(found.empty)
    )
    return replace(found, log_p=float(log_p))


@lru_cache(maxsize=256, typed=True)
def _copies(shape: Polytope, m: int) -> tuple[float, int]:
    return _tube(shape, shape.vertices, m)


def _tube(shape: Polytope, template: np.ndarray, m: int, parameters: int = 0, empty: int = 0) -> tuple[float, int]:
    """Log of the probability of a deviation of 1, by extrapolation of the formula, and the codimension."""
    filled = shape.n_vertices - empty
    tube = chance.tube(template, shape.symmetry_order, filled, m, m, 1.0, parameters, empty)
    return tube.log_probability, tube.codimension


def _closed_forms(k: int, m: int) -> Iterator[Polytope]:
    """Simplex and polygon of k vertices, where the catalogue has them and m dimensions hold them."""
    for rank in {k - 1, 2}:
        if rank <= m:
            yield from (
                shape
                for shape in candidates(rank, k)
                if len(shape.variants) == 1 and (k == rank + 1 or shape.symmetry_order == 2 * k)
            )


def _by_angle(values: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Place of each row around the circle in the principal plane, ``(B, k)``."""
    x, y = np.moveaxis(axes[..., -2:] * np.sqrt(np.maximum(values[:, None, -2:], 0.0)), -1, 0)
    return np.argsort(np.argsort(np.arctan2(y, x), axis=1), axis=1)


def _procrustes(gram: np.ndarray, T: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Root-mean-square distance of rows and fitted vertices, ``(B,)``, and angle in degrees."""
    k = gram.shape[-1]
    images = np.swapaxes(T, 1, 2) @ gram
    values, axes = np.linalg.eigh(images @ T)
    roots = np.sqrt(np.maximum(values, 1e-24))
    chord = np.sqrt(np.maximum(2 - 2 * roots.sum(axis=1) / k, 0.0))
    along = (T @ axes) / roots[:, None, :]
    cosines = np.einsum("bkr,brk->bk", along, np.swapaxes(axes, 1, 2) @ images)
    angles = 2 * np.arcsin(np.sqrt(np.clip((1 - cosines) / 2, 0.0, 1.0)))
    return chord, np.degrees(np.sqrt((angles**2).mean(axis=1)))


def _possible(gram: np.ndarray, values: np.ndarray, m: int) -> np.ndarray:
    """Whether any shape of the catalogue may be near enough, by lower bounds on the distance."""
    k = gram.shape[-1]
    singular = np.sqrt(np.maximum(values[:, ::-1], 0.0))
    products = np.sort(gram.reshape(len(gram), -1), axis=1)
    possible = np.zeros(len(gram), bool)
    for rank in range(1, min(k, m) + 1):
        for shape in candidates(rank, k, flexible=True):
            for template in templates(shape):
                possible |= lower_bounds(singular, products, template) <= template.reach
            for b in np.flatnonzero(~possible):
                possible[b] = any(
                    lower_bounds(singular[b], products[b], template) <= template.reach
                    for template in nearest_stretched(singular[b], shape)
                )
    return possible
