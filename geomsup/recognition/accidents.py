"""Shapes that come from nothing: what only all rows of W together can tell."""

from dataclasses import replace
from math import log, pi

import numpy as np

from geomsup.recognition import chance
from geomsup.recognition.found import DOUBT, Found
from geomsup.recognition.matching.acceptance import acceptance, freedom
from geomsup.recognition.matching.residuals import another, log_any_size, log_student
from geomsup.recognition.matching.templates import count_templates
from geomsup.recognition.reading.rivals import SHAPELESS
from geomsup.recognition.reading.rows import UnitRows

__all__ = ["centred_by_chance", "noisier_than_others", "opposite_by_chance"]

# Two rows have a plane of their own if the other rows lean less than this fraction of what is usual on the direction
# in which the two are not opposite.
OWN = 0.25

# Rows of which the rank is computed: it takes 0.1 s.
MOST_LOOKED_AT = 500


def centred_by_chance(found: list[Found], rows: UnitRows) -> list[Found]:
    """Return what rows about their own mean were found to be; a shape of all rows that random rows give has no name."""
    if len(found) != 1 or found[0].template is None or found[0].n_vertices < len(rows) or found[0].empty:
        return found
    log_p = _log_chance_centred(rows.take(np.arange(len(rows))), found[0], rows.n_dimensions)
    if log_p > log(DOUBT):
        return [found[0].unnamed()]
    return [replace(found[0], log_p=max(found[0].log_p, log_p))]


def _log_chance_centred(X: np.ndarray, found: Found, m: int) -> float:
    """Log of the probability that random rows, taken about their own mean, come as close to a shape; at most 0.

    The mean of such rows is 0, whatever they are, and in many dimensions they are nearly a simplex. Only their k − 1
    differences, orthonormal contrasts, are random. These are compared with the contrasts of the shape.
    """
    from scipy.linalg import helmert

    shape, k = found.polytope, len(X)
    assert shape is not None
    assert found.template is not None
    contrasts = helmert(k)
    rows, template = contrasts @ X, contrasts @ found.template
    lengths = [np.linalg.norm(part, axis=1, keepdims=True) for part in (rows, template)]
    rows, template = rows / lengths[0], template / lengths[1]
    rho = max(chance.deviation(rows, template), chance.SMALLEST_DEVIATION)
    # k! orders of the rows, not (k - 1)!
    tube = chance.tube(template, shape.symmetry_order / k, k - 1, m, m, rho, found.n_parameters)
    return min(0.0, tube.log_probability + chance.log_choices(k, k, max(1, count_templates(shape.dimension, k))))


def opposite_by_chance(found: list[Found], rows: UnitRows) -> list[Found]:
    """Return what was found; digons are weighed against two random rows of a plane of their own.

    A plane says nothing by itself: every two rows have one. But noise makes two rows not quite opposite in some
    direction of all dimensions, on which the n − 2 other rows lean as on any, with Σ cos² = (n − 2)/(m − 1) on average.
    If they do not lean on it, the plane was made for the two. In it random rows are within θ of opposite with the
    probability θ/π.
    """
    digons = [i for i, one in enumerate(found) if one.polytope and len(one.members) == one.n_vertices == 2]
    others = len(rows) - 2
    if not digons or others < 1:
        return found
    m = _dimensions_used(rows)
    if m < 2:
        return found
    moments = sum(block.T @ block for _, block in rows.blocks())
    pairs = rows.take(np.array([found[i].members for i in digons]))
    between = pairs.sum(axis=1)  # 2 sin(θ/2) long
    lengths = np.linalg.norm(between, axis=1)
    between /= np.maximum(lengths, chance.SMALLEST_DEVIATION)[:, None]
    leaning = ((between @ moments) * between).sum(axis=1) - ((pairs @ between[..., None]) ** 2).sum(axis=(1, 2))
    angles = 2 * np.arcsin(np.minimum(lengths / 2, 1.0))
    rivals = np.where(leaning < OWN * others / (m - 1), SHAPELESS * angles / pi, 0.0)
    weighed = list(found)
    for i, rival in zip(digons, rivals.tolist(), strict=True):
        weighed[i] = replace(found[i], rival=found[i].rival + rival)
    return weighed


def noisier_than_others(found: list[Found], rows: UnitRows) -> list[Found]:
    """Return what was found; a shape that is further from its rows than the noise of the others explains is doubted.

    There is one noise for all of W. Two rows at 170 degrees are a digon under much noise; beside thirty digons at 180
    degrees they may be something else.
    """
    m = _dimensions_used(rows)
    shapes = [(i, one, one.polytope) for i, one in enumerate(found) if one.polytope]
    free = np.array([freedom(len(one.members), m, one.rank) - one.n_parameters for _, one, _ in shapes])
    squared = np.array([len(one.members) * max(one.chord, chance.SMALLEST_DEVIATION) ** 2 for _, one, _ in shapes])
    weighed = list(found)
    for (i, one, shape), d, own in zip(shapes, free.tolist(), squared.tolist(), strict=True):
        others, left = squared[free > 0].sum() - own, int(free[free > 0].sum()) - d
        if d < 1 or left < 1:
            continue
        log_ratio = log_student(own**0.5, d, others, left) - log_any_size(own**0.5, d)
        weighed[i] = replace(one, rival=one.rival + another(log_ratio, one.chord / acceptance(shape)))
    return weighed


def _dimensions_used(rows: UnitRows) -> int:
    """Number of dimensions that rows lie in: columns that no row uses hold no noise. Of many rows, all columns."""
    if len(rows) > MOST_LOOKED_AT:
        return rows.n_dimensions
    return int(np.linalg.matrix_rank(rows.take(np.arange(len(rows)))))
