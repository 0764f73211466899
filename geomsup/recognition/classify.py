"""Name the geometry of W: of several cuts of the interference graph, keep the least accidental one."""

from typing import Any

import numpy as np

from geomsup import checks
from geomsup.dimensions import dimensionality
from geomsup.model import as_rows
from geomsup.recognition.components import interference, partitions
from geomsup.recognition.geometry import Component, Geometry
from geomsup.recognition.names import DEDICATED, component_name
from geomsup.recognition.reading import Block, Evidence, joint_log_chance, judge, read_block

__all__ = ["classify"]

# Rows shorter than this part of the longest are not represented. Training drives the norm of a feature
# that is given up to 0; kept features of unequal importance stay within a factor of about 3 of each other.
WEAK = 0.1


def classify(W: Any, *, orientation: str = "auto", noise: float | None = None) -> Any:
    """Name the shapes that the features' directions form.

    Rows of W (nearly) zero are set aside; the others, scaled to unit length, fall into components that are
    nearly orthogonal to each other. Candidate cuts come from the single-linkage dendrogram of absolute
    cosines; every component of every cut is compared with the catalogue (isomorphism of the inner products,
    Procrustes, residual), and the cut that names most features is kept, among equals the one least probable
    by chance. A shape is named when the rms distance to its vertices, in the complement of the other
    components, is at most a quarter of its shortest chord (or of √2), and chance would come as close at most
    one time in ten (or the fit is exact). A confidence of 0.99999 or more counts as high. Row norms do not
    matter beyond the first step.

    Parameters
    ----------
    W
        Weights ``(n, m)``: anything `geomsup.as_rows` takes, a `ToyModel` included. A batch ``(B, n, m)``
        gives a list.
    orientation
        "rows", "columns" or "auto" (the longer axis is the features), as in `geomsup.as_rows`.
    noise
        Root-mean-square noise per coordinate of the unit rows, if known. Then a chi-square test (quantile
        1 − 1e-6) refuses rigid shapes whose residual the noise does not explain, and calls those with a free
        parameter "distorted".

    Returns
    -------
    Geometry or list of Geometry
        Components with names, residuals and confidence.

    Raises
    ------
    TypeError
        If `W` does not hold real numbers.
    ValueError
        If `W` is ragged, not finite, square while orientation is "auto", or has other than 2 or 3 axes; or
        `noise` is not positive.

    References
    ----------
    Elhage et al. 2022, "Demonstrating superposition": uniform polytopes and tegum products in W.

    Examples
    --------
    >>> classify([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]).name
    'octahedron (3 digons)'
    """
    rows = as_rows(W, orientation=orientation)
    if noise is not None:
        noise = checks.positive_number("noise", noise)
    if rows.ndim > 3:
        raise ValueError(
            f"`W` must have the shape (n_features, n_hidden) or one batch axis more; got shape {rows.shape}. "
            "Reshape it to (batch, n_features, n_hidden)."
        )
    return _classify(rows, noise) if rows.ndim == 2 else [_classify(matrix, noise) for matrix in rows]


def _classify(W: np.ndarray, noise: float | None) -> Geometry:
    scale = np.abs(W).max()
    norms = np.linalg.norm(W / scale, axis=1) if scale > 0 else np.zeros(len(W))
    strong = np.flatnonzero((norms > 0) & (norms >= WEAK * norms.max()))
    weak = np.setdiff1d(np.arange(len(W)), strong)
    shares = dimensionality(W)
    components = []
    if len(strong):
        X = W[strong] / scale / norms[strong, None]
        for item in _best_reading(X, noise):
            features = strong[list(item.block.features)]
            components.append(_component(item, X, features, norms[features] * scale, shares[features]))
    components.sort(key=lambda c: (-len(c.features), -c.rank, c.features))
    return Geometry(tuple(components), tuple(weak.tolist()), shares, W)


def _best_reading(X: np.ndarray, noise: float | None) -> list[Evidence]:
    """Evidence for the blocks of the best cut: most features named, then least probable by chance."""
    cache: dict[tuple[int, ...], Block] = {}
    readings = []
    for partition in partitions(interference(X)):
        for features in partition:
            if features not in cache:
                cache[features] = read_block(X, features, noise)
        blocks = [cache[features] for features in partition]
        # Blocks of a cut are nearly orthogonal: they cannot take more dimensions than there are.
        if len(blocks) == 1 or sum(len(block.basis) for block in blocks) <= X.shape[1]:
            readings.append(judge(X, blocks))
    most = max(map(_n_named, readings))
    rivals = [reading for reading in readings if _n_named(reading) == most]
    # The default cut comes first, and stays if no cut names anything.
    return rivals[0] if len(rivals) == 1 else min(rivals, key=lambda reading: joint_log_chance(X, reading))


def _n_named(reading: list[Evidence]) -> int:
    return sum(len(item.block.features) for item in reading if item.named)


def _component(item: Evidence, X: np.ndarray, features: np.ndarray, norms: np.ndarray, shares: np.ndarray) -> Component:
    """Component of W; a polytope that may well be an accident stays unnamed."""
    block, match, k = item.block, item.block.match, len(features)
    if match is not None and match.polytope is not None and not item.named:
        match = None
    shape = match.polytope if match else None
    kind = None if match is None else shape.name if shape else DEDICATED
    rank = len(block.basis)
    return Component(
        name=component_name(kind, k, match.n_vertices if match else k, rank),
        polytope=shape,
        features=tuple(features.tolist()),
        rank=rank,
        norms=norms,
        dimensionality=shares,
        residual=match.residual(X[list(block.features)]) if match else None,
        variant=match.variant if match and shape else None,
        symmetry_order=shape.symmetry_order if shape else None,
        isomorphism=match.isomorphism if match and shape else None,
        confidence=item.confidence(len(X)),
    )
