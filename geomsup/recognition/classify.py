"""Name the geometry of W: of several cuts of the interference graph, keep the least accidental one."""

from typing import Any, overload

import numpy as np

from geomsup import checks
from geomsup.arrays import Batch, as_rows
from geomsup.dimensions import dimensionality
from geomsup.recognition.component import Component
from geomsup.recognition.description import MANY, Description, describe
from geomsup.recognition.found import Found
from geomsup.recognition.geometry import Geometry
from geomsup.recognition.matching.acceptance import noise_estimate
from geomsup.recognition.names import DEDICATED, component_name, dense_name
from geomsup.recognition.outline import Outline, outline
from geomsup.recognition.reading.few import read_few
from geomsup.recognition.reading.many import read_many
from geomsup.recognition.reading.overlaps import Overlaps, working_memory
from geomsup.recognition.reading.rows import WEAK, UnitRows, shares, strong_rows

__all__ = ["classify"]

# More rows, or more dimensions, are read in batches and row blocks. With fewer, the matrix of cosines is held, and all
# components of every cut are compared with each other.
MANY_ROWS = 500

# Components without a shape that get an outline, at most; if there are more, none does.
MOST_OUTLINES = 200

# Default working memory in bytes.
MEMORY = 2**30


@overload
def classify(
    W: "np.ndarray[tuple[int, int], Any]",
    *,
    orientation: str = "auto",
    noise: float | None = None,
    represented: float = WEAK,
    memory: float = MEMORY,
) -> Geometry: ...
@overload
def classify(  # pyright: ignore[reportOverlappingOverload]
    W: Batch,
    *,
    orientation: str = "auto",
    noise: float | None = None,
    represented: float = WEAK,
    memory: float = MEMORY,
) -> list[Geometry]: ...
@overload
def classify(
    W: object,
    *,
    orientation: str = "auto",
    noise: float | None = None,
    represented: float = WEAK,
    memory: float = MEMORY,
) -> Geometry: ...
def classify(
    W: Any,
    *,
    orientation: str = "auto",
    noise: float | None = None,
    represented: float = WEAK,
    memory: float = MEMORY,
) -> Geometry | list[Geometry]:
    """Name the shapes that the features' directions form.

    Rows of W that are (nearly) zero are set aside. The others are scaled to unit length. They fall into components
    that are nearly orthogonal to each other. Candidate cuts come from the single-linkage dendrogram of absolute
    cosines. Every component of every cut is compared with the catalogue (isomorphism of the inner products,
    Procrustes, residual). The cut that names most features is kept; among equals, the one least probable by chance.

    A shape is named if two conditions hold. The rms distance to its vertices, in the complement of the other
    components, is at most a quarter of its shortest chord (or of √2). And random rows would come as close at most one
    time in ten, or the fit is exact. A confidence of 0.99999 or more counts as high. Row norms do not matter beyond the
    first step.

    Beyond 500 rows or dimensions W is read in row blocks, and the matrix of cosines is never held. The dendrogram is
    followed at 64 thresholds. Small components are compared with the catalogue in batches, and a shape is compared
    with chance in all dimensions. Components that share dimensions count as nearly orthogonal if their rows are 60
    degrees or more from each other's lines. More than 100 rows that form no shape get a description instead of a name
    (`Component.description`).

    Parameters
    ----------
    W
        Weights ``(n, m)``: anything `geomsup.as_rows` takes, a `ToyModel` included. A batch ``(B, n, m)``
        gives a list.
    orientation
        "rows", "columns" or "auto" (the longer axis is the features), as in `geomsup.as_rows`.
    noise
        Root-mean-square noise per coordinate of the unit rows, if known. A chi-square test (quantile 1 − 1e-6) then
        refuses rigid shapes whose residual is too large for the noise. It calls shapes with a free parameter
        "distorted".
    represented
        Rows shorter than this fraction of the longest are set aside as not represented. Where many dense features share
        few dimensions, features that are not stored keep a tenth or two of the norm of the others: 0.5 sets them aside.
    memory
        Bytes that may be used at a time, beside W and the result; about 8nm + 640n + 16 min(n, m)² are needed.

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
        `noise` is not positive, `represented` is not between 0 and 1, or `memory` is less than W needs.

    References
    ----------
    :cite:t:`elhage2022`, "The geometry of superposition": uniform polytopes and tegum products in W.

    Examples
    --------
    >>> classify([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]).name
    'octahedron (3 digons)'
    """
    rows = as_rows(W, orientation=orientation)
    if noise is not None:
        noise = checks.positive_number("noise", noise)
        if noise > 1:
            raise ValueError(f"`noise` must be at most 1, the length of a row; got {noise:g}. Leave it out.")
    if rows.ndim > 3:
        raise ValueError(
            f"`W` must have the shape (n_features, n_hidden) or one batch axis more; got shape {rows.shape}. "
            "Reshape it to (batch, n_features, n_hidden)."
        )
    represented = checks.number("represented", represented)
    if not 0 <= represented < 1:
        raise ValueError(
            f"`represented` must be at least 0 and less than 1; got {represented:g}. Pass the least norm that counts, "
            "as a part of the largest."
        )
    memory = checks.positive_number("memory", memory)
    needed = working_memory(*rows.shape[-2:])
    if memory < needed:
        raise ValueError(
            f"`memory` must be at least {needed} bytes for W of shape {rows.shape[-2:]}; got {memory:g}. "
            "Allow more, or pass fewer rows."
        )
    if rows.ndim == 2:
        return _classify(rows, noise, represented, memory)
    return [_classify(matrix, noise, represented, memory) for matrix in rows]


def _classify(W: np.ndarray, noise: float | None, represented: float, memory: float) -> Geometry:
    rows = strong_rows(W, represented)
    weak = np.setdiff1d(np.arange(len(W)), rows.strong)
    D = shares(W) if len(W) > MANY_ROWS else dimensionality(W)
    scanned: Overlaps | None = None
    if len(rows) > MANY_ROWS or (W.shape[1] > MANY_ROWS and len(rows) > 1):
        parts, scanned = read_many(rows, noise, memory / 4)
    else:
        parts = read_few(rows.take(np.arange(len(rows))), noise) if len(rows) else []
    # Very many outlines would take minutes.
    outlined = sum(not part.named for part in parts) <= MOST_OUTLINES
    components = [_component(part, rows, D, scanned, outlined) for part in parts]
    components.sort(key=lambda c: (-len(c.features), -c.rank, c.features))
    return Geometry(tuple(components), tuple(weak.tolist()), D, W)


def _component(part: Found, rows: UnitRows, D: np.ndarray, scanned: Overlaps | None, outlined: bool) -> Component:
    """Return the public value of what was found; `scanned` are the overlaps of all rows, if they have been taken."""
    if not part.named:
        return _unnamed(part.members, part.rank, rows, D, scanned, outlined)
    shape, k, m = part.polytope, len(part.members), rows.n_dimensions
    return Component(
        name=component_name(shape.name if shape else DEDICATED, k, part.n_vertices, part.rank),
        polytope=shape,
        features=tuple(rows.strong[part.members].tolist()),
        rank=part.rank,
        norms=rows.norms[part.members],
        dimensionality=D[rows.strong[part.members]],
        residual=part.residual,
        variant=part.variant,
        symmetry_order=shape.symmetry_order if shape else None,
        isomorphism=part.isomorphism,
        confidence=part.confidence(len(rows)),
        template=part.template,
        n_parameters=part.n_parameters,
        noise=noise_estimate(k, m, part.rank, part.chord, part.n_parameters) if shape else None,
        runner_up=part.runner_up,
        margin=part.margin,
    )


def _unnamed(
    members: np.ndarray, rank: int, rows: UnitRows, D: np.ndarray, scanned: Overlaps | None, outlined: bool
) -> Component:
    """Component without a shape, and what it is like."""
    features, k = rows.strong[members], len(members)
    name, order = component_name(None, k, k, rank), None
    description: Description | Outline | None = None
    if k > MANY:
        # All rows together have been scanned already; some of them are scanned again.
        whole = k == len(rows)
        X = rows.single if whole else rows.single[members]
        description = describe(X, rows.norms[members], features=features, found=scanned if whole else None)
        rank = description.rank
        name = dense_name(description.verdict, k, rank)
    elif k > 1 and outlined:
        description = outline(_in_span(rows.take(members), rank))
        name, order = description.name or name, description.symmetry.order
    return Component(
        name=name,
        polytope=None,
        features=tuple(features.tolist()),
        rank=rank,
        norms=rows.norms[members],
        dimensionality=D[features],
        residual=None,
        variant=None,
        symmetry_order=order,
        isomorphism=None,
        confidence=0.0,
        description=description,
    )


def _in_span(X: np.ndarray, rank: int) -> np.ndarray:
    """Unit rows in coordinates of the `rank` dimensions that hold most of them."""
    flat = X @ np.linalg.svd(X, full_matrices=False)[2][:rank].T
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
