"""Weights that are the same model: rotations of hidden space, and what encoder and decoder pass to each other."""

import numpy as np

__all__ = ["balanced", "middle", "rotated", "with_columns_in_order"]

INDEPENDENT = 1e-6  # what a row must add to those before it to have an axis of its own


def balanced(W: np.ndarray) -> np.ndarray:
    """Return encoders and decoders side by side, ``(..., n, 2 m)``, as those of the same models with AᵀA = BᵀB.

    (A M, B M⁻ᵀ) is the same model for every M. What outputs hear, B Aᵀ = U S Vᵀ, stays. V √S and U √S are the two with
    the least sum of squares; only rotations and mirror images are left of M.

    Examples
    --------
    >>> np.abs(balanced(np.array([[2.0, 0.5], [-2.0, -0.5]])))  # an encoder four times as long as its decoder
    array([[1., 1.],
           [1., 1.]])
    """
    m = W.shape[-1] // 2
    encoder, decoder = W[..., :m], W[..., m:]
    U, S, V = np.linalg.svd(decoder @ np.swapaxes(encoder, -1, -2))
    root = np.sqrt(S[..., None, :m])
    both = np.concatenate([np.swapaxes(V, -1, -2)[..., :m] * root, U[..., :m] * root], axis=-1)
    return np.where(W.any(axis=-1, keepdims=True), both, 0.0)


def middle(W: np.ndarray) -> np.ndarray:
    """Return the mean of balanced encoders and decoders, ``(..., n, m)``: W itself where both are W."""
    m = W.shape[-1] // 2
    return (W[..., :m] + W[..., m:]) / 2


def rotated(W: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Rotate hidden space, ``(n, m)`` or ``(n, 2 m)``: each of the rows ``(n, m)`` in turn adds an axis, positive."""
    m = rows.shape[1]
    axes = np.zeros((0, m))
    for row in [*rows, *np.eye(m)]:
        rest = row - axes.T @ (axes @ row)
        if np.linalg.norm(rest) > INDEPENDENT and len(axes) < m:
            rest -= axes.T @ (axes @ rest)
            axes = np.vstack([axes, rest / np.linalg.norm(rest)])
    return np.hstack([part @ axes.T for part in np.split(W, W.shape[1] // m, axis=1)])


def with_columns_in_order(W: np.ndarray) -> np.ndarray:
    """Put hidden units in falling order of their first weights, of the second ones where these are equal, and so on."""
    return W[:, np.lexsort(-W[::-1])]
