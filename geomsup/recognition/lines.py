"""Rows read up to sign: the lines of W, found as points that come with their opposites."""

from dataclasses import replace

import numpy as np

from geomsup.recognition import chance
from geomsup.recognition.found import Found
from geomsup.recognition.matching.templates import count_templates

__all__ = ["as_lines"]


def as_lines(parts: list[Found], n: int, m: int) -> list[Found]:
    """Return what n lines in m dimensions form, from what their 2n directions do.

    Parameters
    ----------
    parts
        What was found among the rows and, after them, their opposites.
    n, m
        Numbers of lines and of dimensions.
    """
    lines: list[Found] = []
    seen = np.zeros(n, bool)
    for part in parts:
        members = np.unique(part.members % n)
        if not seen[members].any():
            lines.append(_lines(part, members, n, m))
            seen[members] = True
    return lines


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
