"""Rows read up to sign: the lines of W, found as points that come with their opposites."""

from dataclasses import replace

import numpy as np

from geomsup.recognition import chance
from geomsup.recognition.found import Found
from geomsup.recognition.matching.templates import count_templates
from geomsup.recognition.reading.rows import UnitRows

__all__ = ["as_lines"]


def as_lines(parts: list[Found], rows: UnitRows) -> list[Found]:
    """Return what lines form, from what their directions do.

    Parameters
    ----------
    parts
        What was found among the rows and, after them, their opposites.
    rows
        The rows alone, one for each line.
    """
    lines: list[Found] = []
    n, m = len(rows), rows.n_dimensions
    seen = np.zeros(n, bool)
    for part in parts:
        members = np.unique(part.members % n)
        if not seen[members].any():
            lines.append(_lines(part, members, n, m))
            seen[members] = True
    return _alone(lines, rows)


def _alone(lines: list[Found], rows: UnitRows) -> list[Found]:
    """Return the lines; one alone is no accident because it is orthogonal to the others, not because it is a line.

    Random directions of m dimensions are compared with it: how often is one as near to the dimensions that are left?
    """
    alone = [place for place, part in enumerate(lines) if part.lines and part.polytope is None]
    if not alone:
        return lines
    n, m = len(rows), rows.n_dimensions
    X = rows.take(np.array([int(lines[place].members[0]) for place in alone]))
    # Σ over components of (rank/rows) Σ x xᵀ is the projection on what they span, nearly, if they are orthogonal.
    weight = np.zeros(n)
    for part in lines:
        weight[part.members] = 0.0 if part.stray else part.rank / len(part.members)
    leaning = np.full(len(alone), -1.0)  # on itself
    for place, block in rows.blocks():
        leaning += weight[place] @ (block @ X.T) ** 2
    rank = sum(part.rank for part in lines if not part.stray)
    free = max(1, m - (rank - 1))
    result = list(lines)
    for place, squared in zip(alone, leaning.tolist(), strict=True):
        rho = max(squared, chance.SMALLEST_DEVIATION**2) ** 0.5
        tube = chance.tube(np.ones((1, 1)), 1, 1, free, m, rho)
        result[place] = replace(lines[place], log_p=min(0.0, tube.log_probability + chance.log_choices(n, 1, 1)))
    return result


def _lines(part: Found, members: np.ndarray, n: int, m: int) -> Found:
    """Half of a shape: of each line, the direction that is in W."""
    shape, both = part.polytope, 2 * len(members) == len(part.members)
    if part.stray or shape is None or not both or part.isomorphism is None or part.template is None:
        return replace(part.unnamed(), members=members, stray=part.stray)
    place = {int(row): index for index, row in enumerate(part.members)}
    chosen = [place[int(i)] for i in members]
    vertices = tuple(part.isomorphism[i] for i in chosen)
    if shape.dimension == 1:
        return Found(members, 1, residual=part.residual, n_vertices=1, chord=part.chord, log_p=part.log_p, lines=True)
    template, n_lines = part.template[chosen], part.n_vertices // 2
    # Every line has two directions, and any of them may be in W: so many more copies are there.
    order = shape.symmetry_order / 2.0 ** len(members)
    rho = max(part.chord, chance.SMALLEST_DEVIATION)
    tube = chance.tube(template, order, n_lines, m, m, rho, part.n_parameters)
    choices = chance.log_choices(n, len(members), max(1, count_templates(shape.dimension, shape.n_vertices)))
    return replace(
        part, members=members, isomorphism=vertices, template=template, n_vertices=n_lines,
        log_p=min(0.0, tube.log_probability + choices), lines=True,
    )  # fmt: skip
