"""How many hidden dimensions each feature has, and how the rows share them."""

import warnings
from typing import Any, overload

import numpy as np

from geomsup.arrays import Batch, as_rows

__all__ = ["dimensionality", "dimensions_per_feature", "frame_spectrum", "leverage"]


def dimensionality(W: Any, *, orientation: str | None = None) -> np.ndarray:
    """Fractional dimensionality D_i of every feature.

    D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)² = ‖W_i‖⁴ / (W_i F W_iᵀ), with Ŵ_i = W_i/‖W_i‖ and F = WᵀW. It is the fraction
    of a hidden dimension that feature i has to itself: 0 <= D_i <= leverage <= 1, and Σ_i D_i = rank W
    exactly when every row is an eigenvector of F.

    Parameters
    ----------
    W
        Weights ``(..., n, m)``, or anything `geomsup.as_rows` takes.
    orientation
        "rows", "columns" or "auto", as in `geomsup.as_rows`. By default "rows", with a warning where W is wider than
        tall, as the paper's is.

    Returns
    -------
    np.ndarray
        ``(..., n)``; 0 for a row of zeros. The overall scale of W does not matter.

    Raises
    ------
    TypeError, ValueError
        If `W` is not a finite real array with at least two axes.

    References
    ----------
    :cite:t:`elhage2022`, "The geometry of superposition": feature dimensionality. :cite:t:`scherlis2022` call it
    capacity.

    Examples
    --------
    >>> dimensionality([[1.0], [-1.0], [0.0]])
    array([0.5, 0.5, 0. ])
    """
    W, _ = _scaled(_rows(W, orientation))
    norms = _row_norms(W)
    present = norms > 0
    unit = W / np.where(present, norms, 1.0)[..., None]
    cosines = unit @ np.swapaxes(unit, -1, -2)
    # Ratios of norms, not squares of norms: rows 1e-200 long do not vanish. Orthogonal rows have no part, however long.
    with np.errstate(over="ignore"):
        ratios = norms[..., None, :] / np.where(present, norms, 1.0)[..., :, None]
        share = np.multiply(cosines, ratios, out=np.zeros_like(cosines), where=cosines != 0)
        share = (share**2).sum(axis=-1)
    return np.where(present, np.minimum(1.0, 1.0 / np.where(present, share, 1.0)), 0.0)


def leverage(W: Any, *, orientation: str | None = None) -> np.ndarray:
    """Leverage l_i = W_i F⁺ W_iᵀ of every row, F = WᵀW: the most dimensionality the row could have.

    Parameters
    ----------
    W
        Weights ``(..., n, m)``, or anything `geomsup.as_rows` takes.
    orientation
        "rows", "columns" or "auto", as in `geomsup.as_rows`. By default "rows", with a warning where W is wider than
        tall, as the paper's is.

    Returns
    -------
    np.ndarray
        ``(..., n)`` in [0, 1]; Σ_i l_i = rank W, the rank at rounding error.

    Raises
    ------
    TypeError, ValueError
        If `W` is not a finite real array with at least two axes.

    References
    ----------
    :cite:t:`hoaglin1978`.

    Examples
    --------
    >>> leverage([[2.0], [-1.0]])
    array([0.8, 0.2])
    """
    W, _ = _scaled(_rows(W, orientation))
    left, singular, _ = np.linalg.svd(W, full_matrices=False)
    floor = max(W.shape[-2:]) * np.finfo(float).eps * singular[..., :1]
    in_range = (singular > floor)[..., None, :]
    return np.minimum(1.0, (np.where(in_range, left, 0.0) ** 2).sum(axis=-1))


def frame_spectrum(W: Any, *, orientation: str | None = None) -> np.ndarray:
    """Eigenvalues of the frame operator F = WᵀW, largest first.

    Parameters
    ----------
    W
        Weights ``(..., n, m)``, or anything `geomsup.as_rows` takes.
    orientation
        "rows", "columns" or "auto", as in `geomsup.as_rows`. By default "rows", with a warning where W is wider than
        tall, as the paper's is.

    Returns
    -------
    np.ndarray
        ``(..., m)``; all equal exactly when the rows are a tight frame.

    Raises
    ------
    TypeError, ValueError
        If `W` is not a finite real array with at least two axes, or an eigenvalue is beyond the range of floats.

    References
    ----------
    :cite:t:`benedetto2003`.

    Examples
    --------
    >>> frame_spectrum([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])
    array([2., 1.])
    """
    W, scale = _scaled(_rows(W, orientation))
    singular = np.linalg.svd(W, compute_uv=False)
    spectrum = np.zeros((*W.shape[:-2], W.shape[-1]))
    with np.errstate(over="ignore"):
        spectrum[..., : singular.shape[-1]] = (singular * scale[..., 0]) ** 2
    if not np.isfinite(spectrum).all():
        raise ValueError(
            f"`W` must have squared singular values that a double can hold, below 1e308; got weights up to "
            f"{scale.max():.3g}. Rescale them: the spectrum goes with their square."
        )
    return spectrum


@overload
def dimensions_per_feature(W: "np.ndarray[tuple[int, int], Any]", *, orientation: str | None = None) -> float: ...
@overload
def dimensions_per_feature(  # pyright: ignore[reportOverlappingOverload]
    W: Batch, *, orientation: str | None = None
) -> np.ndarray: ...
@overload
def dimensions_per_feature(W: object, *, orientation: str | None = None) -> float: ...
def dimensions_per_feature(W: Any, *, orientation: str | None = None) -> float | np.ndarray:
    """Hidden dimensions per represented feature, D* = m / ‖W‖_F².

    With unit rows ‖W‖_F² counts the features that are represented.

    Parameters
    ----------
    W
        Weights ``(..., n, m)``, or anything `geomsup.as_rows` takes.
    orientation
        "rows", "columns" or "auto", as in `geomsup.as_rows`. By default "rows", with a warning where W is wider than
        tall, as the paper's is.

    Returns
    -------
    float or np.ndarray
        A float, or an array of the batch's shape. ``inf`` where W is all zero, so that nothing is represented, and
        where rows are so short, below some 1e-154, that no double holds D*.

    Raises
    ------
    TypeError, ValueError
        If `W` is not a finite real array with at least two axes.

    References
    ----------
    :cite:t:`elhage2022`, "The geometry of superposition": dimensions per feature.

    Examples
    --------
    >>> dimensions_per_feature([[1.0], [-1.0]])
    0.5
    """
    W, scale = _scaled(_rows(W, orientation))
    scale = scale[..., 0, 0]
    with np.errstate(over="ignore", divide="ignore"):
        # Divided twice, since scale² may not be a float.
        result = np.divide(W.shape[-1], (W**2).sum(axis=(-2, -1))) / scale / scale
    return result if W.ndim > 2 else float(result)


def _scaled(W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return W scaled to a largest entry of 1 (per matrix of a batch), and the scale."""
    scale = np.abs(W).max(axis=(-2, -1), keepdims=True)
    scale = np.where(scale > 0, scale, 1.0)
    return W / scale, scale


def _row_norms(W: np.ndarray) -> np.ndarray:
    """Row norms that do not underflow for rows much shorter than the longest."""
    largest = np.abs(W).max(axis=-1)
    safe = np.where(largest > 0, largest, 1.0)
    return largest * np.sqrt(((W / safe[..., None]) ** 2).sum(axis=-1))


def _rows(W: Any, orientation: str | None) -> np.ndarray:
    """Return W with a row per feature; warn of what may be the paper's W, whose columns are features."""
    rows = as_rows(W, orientation="rows" if orientation is None else orientation)
    if orientation is None and rows.shape[-2] < rows.shape[-1]:
        n, m = rows.shape[-2:]
        warnings.warn(
            f"`W` has {n} rows and {m} columns, and rows are features here. If its columns are, pass "
            'orientation="columns"; if not, orientation="rows".',
            UserWarning,
            stacklevel=3,
        )
    return rows
