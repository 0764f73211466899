"""What a template says before any map is tried: lower bounds on the distance of rows from it."""

from functools import lru_cache

import numpy as np

from geomsup.shapes import Polytope

__all__ = ["lower_bounds"]


def lower_bounds(singular: np.ndarray, products: np.ndarray | None, shape: Polytope) -> np.ndarray:
    """Return numbers that the rms distance of k rows from every variant of a shape cannot be below.

    With E = X − TR, ‖E‖² >= Σ (σ_i(X) − σ_i(T))² (Mirsky), which includes the energy outside the template's
    subspace, and ‖XXᵀ − TTᵀ‖ <= (σ_1(X) + σ_1(T)) ‖E‖, while sorting entries only brings them closer.

    Parameters
    ----------
    singular
        ``(..., s)`` singular values of X, largest first, s >= the dimension of the shape.
    products
        ``(..., k²)`` sorted entries of XXᵀ; None to do without them.
    shape
        The shape, of k vertices.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> X = np.array([[1.0, 0.0], [0.0, 1.0]])  # a right angle is no digon
    >>> bound = lower_bounds(np.linalg.svd(X, compute_uv=False), np.sort(X @ X.T, axis=None), polytope("digon"))
    >>> round(float(bound), 4)
    0.7653
    """
    bounds = []
    for i, T_singular in enumerate(_singular(shape)):
        difference = np.array(singular)
        difference[..., : len(T_singular)] -= T_singular
        bounds.append(np.linalg.norm(difference, axis=-1))
        if products is not None:
            entries = np.linalg.norm(products - _products(shape)[i], axis=-1) / (singular[..., 0] + T_singular[0])
            bounds[-1] = np.maximum(bounds[-1], entries)
    return np.min(bounds, axis=0) / shape.n_vertices**0.5


@lru_cache(maxsize=256)
def _singular(shape: Polytope) -> list[np.ndarray]:
    """Singular values of every variant."""
    return [np.linalg.svd(T, compute_uv=False) for T in shape.variants.values()]


@lru_cache(maxsize=256)
def _products(shape: Polytope) -> list[np.ndarray]:
    """Sorted inner products of every variant."""
    return [np.sort(T @ T.T, axis=None) for T in shape.variants.values()]
