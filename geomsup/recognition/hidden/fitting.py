"""Closed forms of many sets at once: copies, digons, simplices and polygons, about the origin or about their mean."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from geomsup.recognition.matching.acceptance import ACCEPTANCE, LONGEST_CHORD
from geomsup.shapes import Polytope, polytope

__all__ = ["COPY", "FITS", "Fits", "fit"]

# Rows fit a shape if their rms distance from it is at most `ACCEPTANCE` of its shortest chord (or of √2), as in
# `classify`, and in the subspace that holds most of them at most this fraction. Noise is nearly all outside, in many
# dimensions. A polygon of up to 12 points that has lost one or two of them fits no other polygon: the nearest, four
# points of a pentagon, are 0.173 of the chord from a square.
FITS = 0.16

# Name of rows that have nearly one direction.
COPY = "copy"

# About the origin, a shape has to be that much worse (as a variance) than about the mean before the mean is believed
# in: free of noise in one of 2 directions at least.
SAME_VARIANCE = 2.0

# Of rows nearer to each other than this part of their length, single precision leaves no shape about their mean.
SMALLEST_RADIUS = 1e-5


@dataclass(frozen=True, eq=False)
class Fits:
    """Best shape of each of B sets.

    Attributes
    ----------
    names
        Its name, or None if none fits.
    centers
        "origin" or "mean".
    chord
        ``(B,)`` root-mean-square distance of the rows from it, in units of its radius; inf if none fits.
    """

    names: list[str | None]
    centers: list[str]
    chord: np.ndarray

    @property
    def residual(self) -> np.ndarray:
        """`chord` as an angle, degrees."""
        return np.degrees(2 * np.arcsin(np.minimum(self.chord / 2, 1.0)))


def fit(gram: np.ndarray, norms: np.ndarray, m: int) -> Fits:
    """Fit the shapes of k vertices to sets of k rows.

    About the origin a row counts by its direction, about the mean of the set as it is. Orthogonal Procrustes needs
    inner products only, as in `reading.batch`. Of shapes that fit, the nearest is taken; about the mean only if that
    leaves half of the variance per degree of freedom.

    Parameters
    ----------
    gram
        ``(B, k, k)`` inner products of unit rows, k >= 2.
    norms
        ``(B, k)`` lengths of the rows.
    m
        Number of dimensions.

    Examples
    --------
    >>> found = fit(np.array([[[1.0, -0.9], [-0.9, 1.0]], [[1.0, 0.3], [0.3, 1.0]]]), np.ones((2, 2)), 50)
    >>> found.names, found.residual
    (['digon', None], array([12.9, nan]))
    """
    B, k = gram.shape[:2]
    names: list[str | None] = [None] * B
    centers = ["origin"] * B
    chord, variance = np.full(B, np.inf), np.full(B, np.inf)

    def keep(better: np.ndarray, name: str, center: str, distance: np.ndarray, noise: np.ndarray) -> None:
        for b in np.flatnonzero(better):
            names[b], centers[b] = name, center
        chord[better], variance[better] = distance[better], noise[better]

    spectrum = np.linalg.eigh(gram)
    for shape in _shapes(k, "origin"):
        distance, fits = _distance(gram, *spectrum, shape)
        rest = k * (m - 1) - _placements(shape, m)
        keep(fits & (distance < chord), shape.name, "origin", distance, k * distance**2 / max(rest, 1))
    centred, radius, size = _centred(gram, norms)
    spectrum = np.linalg.eigh(centred)
    for shape in _shapes(k, "mean"):
        distance, fits = _distance(centred, *spectrum, shape)
        rest = (k - 1) * m - _placements(shape, m) - 1
        # In units of the rows' lengths, as about the origin.
        noise = k * (distance * radius / size) ** 2 / max(rest, 1)
        other = np.isfinite(chord) & (np.array(centers) == "origin")
        # A simplex about its mean fits all clumps: nothing is left over that could speak against the origin.
        believed = (variance > SAME_VARIANCE * noise) & (shape.dimension < k - 1)
        fits &= (radius > SMALLEST_RADIUS * size) & np.where(other, believed, distance < chord)
        keep(fits, shape.name, "mean", distance, noise)
    unnamed = np.array([name is None for name in names])
    distance = _from_direction(gram)
    keep(unnamed & (distance <= FITS * LONGEST_CHORD), COPY, "mean", distance, distance)
    chord[[name is None for name in names]] = np.nan
    return Fits(names, centers, chord)


def _shapes(k: int, center: str) -> Iterator[Polytope]:
    """Simplex and polygon of k vertices.

    A square about the origin is two digons, and two rows have no shape about their mean.
    """
    if center == "origin" or k > 2:
        yield polytope("digon" if k == 2 else f"{k - 1}-simplex")
    if k > 4 or (k == 4 and center == "mean"):
        yield polytope(f"{k}-gon")


def _placements(shape: Polytope, m: int) -> int:
    """Number of rotations that move a shape in m dimensions."""
    r = shape.dimension
    return r * (r - 1) // 2 + r * (m - r)


def _centred(gram: np.ndarray, norms: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inner products of the rows less their mean, in units of their rms length; that length, and the rows' own."""
    rows = gram * norms[:, :, None] * norms[:, None, :]
    rows = rows - rows.mean(axis=1, keepdims=True)
    rows = rows - rows.mean(axis=2, keepdims=True)
    squared = np.maximum(np.trace(rows, axis1=1, axis2=2) / gram.shape[1], 0.0)
    size = np.sqrt((norms**2).mean(axis=1))
    safe = np.where(squared > 0, squared, 1.0)
    return rows / safe[:, None, None], np.sqrt(squared), size


def _distance(gram: np.ndarray, values: np.ndarray, axes: np.ndarray, shape: Polytope) -> tuple[np.ndarray, np.ndarray]:
    """Root-mean-square distance of rows of rms length 1 from the nearest copy, ``(B,)``, and whether they fit it.

    ‖X − F‖² = ‖X‖² + ‖T‖² − 2‖TᵀX‖_*, and the nuclear norm is the trace of (Tᵀ G T)^½. The vertices of a simplex are
    all alike; polygons take rows in the order of their angles in the principal plane. Outside of the principal subspace
    of the shape's dimension the rows have what the largest eigenvalues of G leave of its trace.
    """
    k, r = gram.shape[1], shape.dimension
    if r == k - 1:
        T = np.broadcast_to(shape.vertices, (len(gram), *shape.vertices.shape))
    else:
        T = shape.vertices[_round(values, axes)]
    overlap = np.sqrt(np.maximum(np.linalg.eigvalsh(np.swapaxes(T, 1, 2) @ gram @ T), 0.0)).sum(axis=1)
    squared = np.maximum(values.sum(axis=1) / k + 1 - 2 * overlap / k, 0.0)
    inside = squared - np.maximum(values[:, :-r], 0.0).sum(axis=1) / k
    chord = min(shape.shortest_chord, LONGEST_CHORD)
    return np.sqrt(squared), (squared <= (ACCEPTANCE * chord) ** 2) & (inside <= (FITS * chord) ** 2)


def _round(values: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Place of each row around the circle in the principal plane, ``(B, k)``."""
    x, y = np.moveaxis(axes[..., -2:] * np.sqrt(np.maximum(values[:, None, -2:], 0.0)), -1, 0)
    return np.argsort(np.argsort(np.arctan2(y, x), axis=1), axis=1)


def _from_direction(gram: np.ndarray) -> np.ndarray:
    """Root-mean-square distance of unit rows from the direction of their sum, ``(B,)``."""
    k = gram.shape[1]
    return np.sqrt(np.maximum(2 - 2 * np.sqrt(np.maximum(gram.sum(axis=(1, 2)), 0.0)) / k, 0.0))
