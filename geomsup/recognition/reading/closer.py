"""Small branches of many rows, read again as few rows are: with strays, empty vertices and rival explanations."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

import numpy as np

from geomsup.recognition.found import Found
from geomsup.recognition.matching.acceptance import RIGID_RATIO, acceptance
from geomsup.recognition.reading.batch import among_all
from geomsup.recognition.reading.few import read_few
from geomsup.recognition.reading.rows import UnitRows

__all__ = ["read_closer"]

Part = TypeVar("Part", bound=Found)

# Parts that lean on each other are read together, up to so many rows: a cut that is right for most of W may divide a
# pyramid into digons and an apex. Reading more rows takes seconds.
MOST_TOGETHER = 40

# A shape of more rows keeps what was found first: so many are read at once in any case (`classify`).
MOST_ROWS = 500

# Random rows of so many dimensions are as unlikely to be near a shape as anybody can ask for.
FEWEST_COLUMNS = 32

# Sum of squared cosines with all other rows, from which on a row leans on these as well: that of one row at 60 degrees.
LEANING = 0.25

# If there are more branches in which nothing has a name, none of these is read again: this would take minutes.
MOST_NAMELESS = 200


def read_closer(
    parts: list[Part], rows: UnitRows, labels: np.ndarray, noise: float | None
) -> tuple[list[Found], list[Part]]:
    """Return what the parts of a reading are at a closer look, and the parts of which it says nothing.

    Several parts may be one shape, or a shape and strays. Chance is that of all rows in all dimensions, as in the first
    look. What else a shape may be is weighed among the rows of its branch. Shapes that fit well are not taken apart.

    Parameters
    ----------
    parts
        What was found; each row is in one part.
    rows
        All unit rows.
    labels
        ``(rungs, n)`` components of the rows, each rung finer than the one before.
    noise
        As in `classify`.
    """
    found: list[Found] = []
    left: list[Part] = []
    # Where every part is a shape that fits well, there is nothing to join.
    branches = [
        group
        for branch in _branches(parts, labels)
        for group in ([[part] for part in branch] if all(map(_fits, branch)) else [branch])
    ]
    nameless = sum(not any(part.sure for part in branch) for branch in branches)
    beside_nameless = not all(part.sure for part in parts)
    while branches:
        branch = branches.pop()
        named = any(part.sure for part in branch)
        members = np.sort(np.concatenate([part.members for part in branch]))
        if len(members) == 1 or len(members) > MOST_ROWS or not (named or nameless <= MOST_NAMELESS):
            left += branch
            continue
        again = _read_again(members, rows, noise, beside_nameless)
        shaped = set[int]().union(*(one.members.tolist() for one in again if one.polytope))
        if len(branch) > 1 and (len(shaped) < _n_fitting(branch) or _borrows(branch, shaped, rows)):
            branches += [[part] for part in branch]
        else:
            shapes, others = _divided(branch, again, shaped)
            found += shapes
            left += others
    return found, left


def _divided(branch: list[Part], again: list[Found], shaped: set[int]) -> tuple[list[Found], list[Part]]:
    """Return what is found of a branch, and the parts of which no row is on a shape: they may belong to other rows."""
    others = [part for part in branch if shaped.isdisjoint(part.members.tolist())]
    taken = set[int]().union(*(part.members.tolist() for part in others))
    found = []
    for one in again:
        kept = [i for i in one.members.tolist() if i not in taken]
        if len(kept) == len(one.members):
            found.append(one)
        elif kept:
            found.append(Found(np.array(kept), min(one.rank, len(kept)), stray=one.stray))
    return found, others


def _borrows(branch: list[Part], shaped: set[int], rows: UnitRows) -> bool:
    """Whether a shape takes a nameless row that other rows than those of the branch lean on as well.

    One of hundreds of dense rows is easily where the apex of a pyramid would be.
    """
    nameless = [i for part in branch if not part.sure for i in part.members.tolist()]
    taken = sorted(shaped.intersection(nameless))
    if not taken:
        return False
    members = np.concatenate([part.members for part in branch])
    X = rows.single[taken]
    every, inside = (((X @ others.T) ** 2).sum(axis=1) for others in (rows.single, rows.single[members]))
    return bool((every - inside).max() > LEANING)


def _n_fitting(parts: list[Part]) -> int:
    return sum(len(part.members) for part in parts if _fits(part))


def _fits(part: Found) -> bool:
    """Whether it is surely on a shape, which is not distorted."""
    shape = part.polytope
    return part.sure and shape is not None and part.chord <= RIGID_RATIO * acceptance(shape)


def _branches(parts: list[Part], labels: np.ndarray) -> Iterator[list[Part]]:
    """Yield the parts, divided by the largest components of up to `MOST_TOGETHER` rows that are made of whole parts."""
    place = np.empty(labels.shape[1], int)
    for index, part in enumerate(parts):
        place[part.members] = index
    left = np.ones(len(parts), bool)
    for rung in labels:
        first, last = np.full(len(parts), len(rung)), np.full(len(parts), -1)
        np.minimum.at(first, place, rung)
        np.maximum.at(last, place, rung)
        small = np.bincount(rung) <= MOST_TOGETHER
        small[rung[(first != last)[place]]] = False
        together: dict[int, list[Part]] = {}
        for index in np.flatnonzero(left & (first == last) & small[first]):
            together.setdefault(int(first[index]), []).append(parts[index])
            left[index] = False
        yield from together.values()
    yield from ([parts[index]] for index in np.flatnonzero(left))


def _read_again(members: np.ndarray, rows: UnitRows, noise: float | None, beside_nameless: bool) -> list[Found]:
    """Return what some rows are when they are read as few rows are."""
    X = rows.take(members)
    parts, _ = read_few(X if noise is not None else _narrow(X), noise, beside_nameless=beside_nameless)
    found = [among_all(replace(one, members=members[one.members]), rows) for one in parts]
    return [one if one.polytope is None or one.no_accident else one.unnamed() for one in found]


def _narrow(X: np.ndarray) -> np.ndarray:
    """Rows with the same inner products in fewer columns, at least `FEWEST_COLUMNS`; with `noise`, its number counts.

    Complements of subspaces take the cube of the number of columns.

    Examples
    --------
    >>> wide = np.eye(2, 500)
    >>> _narrow(wide).shape, np.allclose(_narrow(wide) @ _narrow(wide).T, np.eye(2))
    ((2, 32), True)
    """
    k, m = X.shape
    columns = max(2 * k, FEWEST_COLUMNS)
    if columns >= m:
        return X
    _, triangle = np.linalg.qr(X.T)
    return np.hstack([triangle.T, np.zeros((k, columns - k))])
