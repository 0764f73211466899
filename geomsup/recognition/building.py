"""Makes the public `Component` of a `Found` set of rows, with a description if it has no shape."""

from dataclasses import replace

import numpy as np

from geomsup.recognition.component import Component
from geomsup.recognition.description import MANY, Description, describe
from geomsup.recognition.found import Found
from geomsup.recognition.matching.acceptance import noise_estimate
from geomsup.recognition.matching.coincidence import LabelledRows, directions
from geomsup.recognition.matching.solids import DIMENSIONS, by_norms
from geomsup.recognition.names import DEDICATED, STRAY, component_name, dense_name
from geomsup.recognition.outline import Outline, outline
from geomsup.recognition.reading.overlaps import Overlaps
from geomsup.recognition.reading.rows import UnitRows
from geomsup.recognition.reading.spans import RANK_FLOOR

__all__ = ["component_of"]

MOST_NOISE = 0.1  # of the squared length of rows: noise of a tenth of their length is a hundredth of it


def component_of(part: Found, rows: UnitRows, D: np.ndarray, scanned: Overlaps | None, outlined: bool) -> Component:
    """Return the public value of what was found; `scanned` are the overlaps of all rows, if they have been taken."""
    if not part.named:
        return _unnamed(part, rows, D, scanned, outlined)
    k, m, shape = len(part.members), rows.n_dimensions, part.polytope
    if shape is not None and part.isomorphism is not None and shape.dimension in DIMENSIONS:
        solid, vertices, rival = by_norms(shape, part.isomorphism, rows.norms[part.members])
        part = replace(part, rival=part.rival + rival)
        if solid != shape:
            part = replace(part, polytope=solid, isomorphism=vertices, template=solid.vertices[list(vertices)])
            shape = solid
    return Component(
        name=_name(part),
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
        empty=part.empty,
    )


def _name(part: Found) -> str:
    shape, k = part.polytope, len(part.members)
    if shape is not None and part.lines:
        name = f"{part.n_vertices} diagonals of the {shape.name}"
    else:
        name = shape.name if shape else DEDICATED
    return component_name(name, k, part.n_vertices, part.rank, 0 if part.lines else len(part.empty))


def _unnamed(part: Found, rows: UnitRows, D: np.ndarray, scanned: Overlaps | None, outlined: bool) -> Component:
    """Component without a shape, and what it is like."""
    members, rank = part.members, part.rank
    features, k = rows.strong[members], len(members)
    labels = directions(rows.take(members)) if k <= MANY else np.arange(k)
    found = int(labels.max()) + 1
    name, order = STRAY if part.stray else component_name(None, k, found, rank), None
    description: Description | Outline | None = None
    if k > MANY:
        # The overlaps of all rows are known; those of fewer rows are computed.
        whole = k == len(rows)
        X = rows.single if whole else rows.single[members]
        description = describe(X, rows.norms[members], features=features, found=scanned if whole else None)
        rank = description.rank
        name = dense_name(description.verdict, k, rank)
    elif found > 1:
        rank = _rank(rows.take(members), rank)
        name = component_name(None, k, found, rank)
        if outlined:
            description = outline(_in_span(LabelledRows(rows.take(members), labels).vertices, rank))
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


def _rank(X: np.ndarray, found: int) -> int:
    """Return the rank found, without the directions of noise, if it leaves out little; else all that hold something.

    Rows with a large mean have one long direction, beside which all others are short: they are no noise.
    """
    squared = np.linalg.svd(X, compute_uv=False) ** 2
    if squared[found:].sum() < MOST_NOISE * squared.sum():
        return found
    return max(found, int((squared > RANK_FLOOR * len(X) / min(X.shape)).sum()))


def _in_span(X: np.ndarray, rank: int) -> np.ndarray:
    """Unit rows in coordinates of the `rank` dimensions that hold most of them."""
    flat = X @ np.linalg.svd(X, full_matrices=False)[2][:rank].T
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
