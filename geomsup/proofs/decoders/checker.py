"""The checker of three features in the plane: with all other modules of this folder but `maker`.

``python -m geomsup.proofs.decoders.checker FILE``. What the numbers prove is written in ``docs/theorems.md``, whose
names these are.
"""

import json
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geomsup.proofs.checker import Each, Told, evidence_of, parts_checked, stated
from geomsup.proofs.decoders.cells import Cells, Claim
from geomsup.proofs.decoders.digons import NEAR, spare_near_digons
from geomsup.proofs.decoders.triangles import Triangle, in_corner
from geomsup.proofs.shared.checker import error_of, losses_at, of_sets, parts_of, places_of

__all__ = [
    "AXIS",
    "PROBABILITIES",
    "TIED",
    "TRIANGLES",
    "check_decoders",
    "check_place",
    "check_tree",
    "is_asked",
    "levels_of",
    "loss_of",
    "place_of",
    "spare_of",
    "triangle_of",
]

PROBABILITIES = [Fraction(p, 10) for p in (1, 3, 5, 7, 9)]
TIE = Fraction(521837, 1_000_000), Fraction(521838, 1_000_000)  # up to the first digons lose less than triangles
TIED = [*PROBABILITIES[:3], *TIE]  # where other decoders lose less than W
TRIANGLES = [TIE[1], *PROBABILITIES[3:]]
AXIS = PROBABILITIES[3:]  # where decoders on one axis lose nearly as much as W
# v: all models lose enough; d: all lose as much as the best digon; e: all lose as much as the best triangle
AXES, REASONS = "rtu", "vde"
CLEARLY = 3 * NEAR  # what a maker calls near with 2 NEAR to spare is near; what it doesn't is not clearly near
MOST_BOXES = 100_000  # a checker that never ends checks nothing
MOST_LEVELS = 40  # ends of cells and of their rows then are doubles without rounding


def levels_of(tree: str) -> list[str]:
    """Return the letters of a tree by how often their cells have been halved, from the left to the right."""
    levels, waiting = list[list[str]](), [0]
    for place, letter in enumerate(tree):
        if not waiting or place > MOST_BOXES or waiting[-1] > MOST_LEVELS:
            raise ValueError(f"the tree must end where its cells do; got more letters after {place}")
        level = waiting.pop()
        if level == len(levels):
            levels.append([])
        if letter not in AXES + REASONS:
            raise ValueError(f"a tree must have the letters r, t, u, v, d and e; got {letter!r} at place {place}")
        levels[level].append(letter)
        if letter in AXES:
            waiting += [level + 1, level + 1]
    if waiting:
        raise ValueError(f"the tree must cover the region; {len(waiting)} cells are missing")
    return ["".join(level) for level in levels]


def spare_of(claim: Claim, cells: Cells) -> NDArray[np.float64]:
    """Return what models of cells lose more than the best digon; minus infinity where nothing is said."""
    return spare_near_digons(cells.ends, claim.p) if claim.tied else np.full(len(cells.ends), -np.inf)


def triangle_of(p: Fraction) -> Triangle | None:
    """Return the best triangle where it loses less than digons, and else None."""
    return Triangle(p) if p in TRIANGLES else None


def is_asked(levels: Sequence[str]) -> list[NDArray[np.bool_]]:
    """Return for each cell whether its pieces are needed: not if it has the letter d, or is halved into such alone."""
    asked, below = list[NDArray[np.bool_]](), np.zeros(0, dtype=bool)
    for level in reversed(levels):
        letters = np.array(list(level))
        here = letters != "d"
        here[np.isin(letters, list(AXES))] = below.reshape(-1, 2).any(axis=1)
        asked.append(here)
        below = here
    return asked[::-1]


def check_tree(claim: Claim, tree: str, triangle: Triangle | None = None) -> int:
    """Return how many cells there are, if all are halved, along r, t or u, or have the letter of their reason."""
    cells, levels = Cells.region(claim.tied, claim.axis), levels_of(tree)
    if not claim.tied and set(tree) & set("ud"):
        raise ValueError("a tree must have no letter u or d: decoders of their own scale each output as they like")
    for number, (level, asked) in enumerate(zip(levels, is_asked(levels), strict=True)):
        axes = np.array([AXES.find(letter) for letter in level], dtype=np.intp)
        cells.ask(asked)
        right = axes >= 0
        for letter, holds in zip(REASONS, _reasons(claim, cells, triangle), strict=True):
            right |= holds & (np.array(list(level)) == letter)
        for cell in np.nonzero(~right)[0]:
            where, letter = ", ".join(f"{end:.6f}" for end in cells.ends[cell]), level[cell]
            raise ValueError(
                f"cell {cell} of level {number}, ({where}), must lose enough, or be halved; got {letter!r}"
            )
        cells = cells.halves(axes >= 0, axes)
    return sum(level.count(reason) for level in levels for reason in REASONS)


def _reasons(claim: Claim, cells: Cells, triangle: Triangle | None) -> tuple[NDArray[np.bool_], ...]:
    """Return for each reason which cells have it: near digons and triangles they have no other one."""
    enough, spare = claim.holds(cells), spare_of(claim, cells)
    corner = np.zeros_like(enough) if triangle is None else in_corner(cells.ends)
    others = ~corner & ~(spare > CLEARLY)
    triangles = np.zeros_like(enough) if triangle is None else corner & (enough | triangle.holds(cells))
    return enough & others, spare > NEAR, triangles


def loss_of(p: Fraction, weights: Sequence[Fraction], biases: Sequence[Fraction]) -> Fraction:
    """Return the expected squared error of x' = relu(W Wᵀ x + b); W has the rows of two weights."""
    rows, total = [weights[:2], weights[2:4], weights[4:]], Fraction(0)
    products = [[x[0] * y[0] + x[1] * y[1] for y in rows] for x in rows]
    for A, probable in enumerate(of_sets(p)):
        present = [j for j in range(3) if A >> j & 1]
        for i in range(3):
            rest = [products[i][j] for j in present if j != i]
            total += probable * error_of(products[i][i], biases[i], rest, i in present)
    return total


def place_of(data: Any, tied: bool = False, axis: bool = False) -> tuple[Claim, str, Fraction]:
    """Return what is claimed at a probability, its tree, and the loss of its model."""
    words = "six weights, three biases, and a tree as a text"
    p, gap, weights, biases, trees = parts_of(data, (6, 3, 1), words)
    if axis and any(weights[1::2]):
        raise ValueError("the model must have its rows on the first axis")
    if tied and p not in TRIANGLES and not (gap == weights[1] == weights[3] == weights[4] == 0):
        raise ValueError("the model must be two rows on the first axis and one on the second, and the gap 0")
    if p in TRIANGLES and not axis and gap:
        raise ValueError("the gap must be 0 where the model is a triangle")
    most = loss_of(p, weights, biases)
    return Claim(p, (1 - gap) * most, tied, axis), trees[0], most


def check_place(data: Any, tied: bool = False, axis: bool = False) -> tuple[int, Fraction, Fraction]:
    """Return how many cells a probability has, and two numbers that the least loss is between.

    Cells near a digon lose as much as the best digon, cells near a triangle as much as the best triangle, and all
    others as much as the model, less the gap. With `tied` the model is two rows on one axis and one across, or any if
    triangles lose less. That digons lose more than triangles at the larger probability of the tie is Theorem 8; what
    the best digon loses is there, too, so that only the second number counts up to the tie. With `axis` all rows are on
    one axis.
    """
    claim, tree, most = place_of(data, tied, axis)
    triangle = None if axis else triangle_of(stated(data["p"]))
    cells = check_tree(claim, tree, triangle)
    return cells, claim.exact_least if triangle is None else min(triangle.least, claim.exact_least), most


def _known(part: tuple[str, Any]) -> tuple[int, Fraction, Fraction]:
    name, data = part
    return check_place(data, tied=name == "tied", axis=name == "axis")


def check_decoders(certificate: Any, told: Told = lambda stage, fraction: None, each: Each = map) -> dict[str, Any]:
    """Return what a certificate proves, or raise a ValueError that says where it fails.

    Parameters
    ----------
    certificate
        What ``json.load`` gives for the file.
    told
        Called with a stage and the fraction of it that is done.
    each
        How places are gone through.

    Examples
    --------
    >>> check_decoders({"theorem": "three features in the plane", "n_features": 3, "n_hidden": 1, "evidence": {}})
    Traceback (most recent call last):
    ValueError: the theorem must be about 3 features in 2 dimensions, with its evidence
    """
    evidence = evidence_of(certificate, "three features in the plane", (3, 2), {"places", "tied", "axis"})
    lists = ("places", PROBABILITIES), ("tied", TIED), ("axis", AXIS)
    parts = [(name, data) for name, some in lists for data in places_of(evidence[name], some)]
    found = parts_checked(_known, parts, each, told)
    facts = dict[str, Any](boxes=sum(cells for cells, _, _ in found))
    for (name, data), (_, least, most) in zip(parts, found, strict=True):
        losses = losses_at(stated(data["p"]), least, most)
        facts |= {"places": losses, "axis": {f"axis {fact}": loss for fact, loss in losses.items()}}.get(name, {})
    return facts


if __name__ == "__main__":
    for name, fact in check_decoders(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).items():
        print(f"{name}: {fact}")
