"""The checker of three features on one axis: with `outputs` and `cells`.

``python -m geomsup.proofs.shared.checker FILE``. What the numbers prove is written in ``docs/theorems.md``, whose names
these are.
"""

import json
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from math import factorial, prod
from pathlib import Path
from typing import Any

from geomsup.proofs.checker import evidence_of, stated
from geomsup.proofs.shared.cells import DIGONS, Claim
from geomsup.proofs.shared.outputs import Cell, of_sets

__all__ = [
    "REGION",
    "SIGNS",
    "check_place",
    "check_places",
    "check_shared",
    "check_tree",
    "error_of",
    "halves",
    "loss_of",
    "parts_of",
    "place_of",
    "reason",
]

REGION: Cell = Fraction(0), Fraction(1), Fraction(0), Fraction(1)  # of r and t, the ratios of weights to the largest
SIGNS = (1, 1, 1), (1, 1, -1), (1, -1, 1), (1, -1, -1)
MOST_BOXES = 1_000_000  # a checker that never ends checks nothing
DIGITS = 12  # after the point, of the ends of losses

Told = Callable[[str, float], object]


def halves(cell: Cell, letter: str) -> tuple[Cell, Cell]:
    """Return the halves of a cell along r or t."""
    r0, r1, t0, t1 = cell
    if letter == "r":
        return (r0, (r0 + r1) / 2, t0, t1), ((r0 + r1) / 2, r1, t0, t1)
    return (r0, r1, t0, (t0 + t1) / 2), (r0, r1, (t0 + t1) / 2, t1)


def reason(claim: Claim, signs: Sequence[int], cell: Cell) -> str:
    """Return why no model of a cell loses less: f, t >= r, so that features can change places; v, by value."""
    if cell[2] >= cell[1]:
        return "f"
    return "v" if claim.holds(signs, cell) else ""


def check_tree(claim: Claim, signs: Sequence[int], tree: str) -> int:
    """Return how many cells there are of some signs, if all have their reasons."""
    waiting, cells = [REGION], 0
    for place, letter in enumerate(tree):
        if not waiting or place > MOST_BOXES:
            raise ValueError(f"the tree must end where its cells do; got more letters after {place}")
        cell = waiting.pop()
        if letter in "rt":
            waiting += halves(cell, letter)[::-1]
            continue
        cells += 1
        right = reason(claim, signs, cell)
        if not right or letter != right:
            where = ", ".join(f"{float(end):.6f}" for end in cell)
            raise ValueError(f"cell {place}, ({where}), must have the reason {right!r}; got {letter!r}")
    if waiting:
        raise ValueError(f"the tree must cover the region; {len(waiting)} cells are missing")
    return cells


def loss_of(p: Fraction, weights: Sequence[Fraction], biases: Sequence[Fraction]) -> Fraction:
    """Return the expected squared error of a model."""
    total = Fraction(0)
    for A, probable in enumerate(of_sets(p)):
        present = [j for j in range(3) if A >> j & 1]
        for i in range(3):
            rest = [weights[i] * weights[j] for j in present if j != i]
            total += probable * error_of(weights[i] ** 2, biases[i], rest, i in present)
    return total


def error_of(q: Fraction, b: Fraction, rest: Sequence[Fraction], present: bool) -> Fraction:
    """Return E (x - (q x + b + a · y)₊)², or E (b + a · y)₊², x and y being uniform."""
    if not present:
        return _powers(b, rest)
    if not q:
        return Fraction(1, 3) - max(b, Fraction(0)) + max(b, Fraction(0)) ** 2
    # Twice the integral of x u₊ is that of u₊² where x = 1, less its mean, divided by q.
    squared = _powers(b, [q, *rest])
    return Fraction(1, 3) - (_powers(b + q, rest) - squared) / q + squared


def _powers(c: Fraction, a: Sequence[Fraction]) -> Fraction:
    """Return E (c + a · y)₊², y being uniform: by the vertices of the cube."""
    a = [one for one in a if one]
    vertices = product((0, 1), repeat=len(a))
    terms = [(-1) ** (len(a) - sum(e)) * max(c + sum(map(prod, zip(a, e, strict=True))), Fraction(0)) ** (len(a) + 2)
             for e in vertices]  # fmt: skip
    return Fraction(2, factorial(len(a) + 2)) * sum(terms, Fraction(0)) / prod(a)


def parts_of(
    data: Any, numbers: Sequence[int], words: str
) -> tuple[Fraction, Fraction, list[Fraction], list[Fraction], list[str]]:
    """Return the probability, the gap, the weights, the biases and the trees of a place, which has so many of them."""
    if not isinstance(data, dict) or set(data) != {"p", "weights", "biases", "gap", "trees"}:
        raise ValueError("a place must have p, weights, biases, gap and trees")
    lists = [data[name] if isinstance(data[name], list) else [] for name in ("weights", "biases", "trees")]
    if list(map(len, lists)) != list(numbers) or not all(isinstance(one, str) for one in lists[2]):
        raise ValueError(f"a place must have {words}")
    p, gap = stated(data["p"]), stated(data["gap"])
    if not (0 < p < 1 and 0 <= gap < 1):
        raise ValueError("a probability must be between 0 and 1, and a gap from 0 to 1")
    return p, gap, [stated(one) for one in lists[0]], [stated(one) for one in lists[1]], lists[2]


def place_of(data: Any) -> tuple[Claim, list[str], Fraction]:
    """Return what is claimed at a probability, its trees, and the loss of its model."""
    words = "three weights, three biases, and four trees as texts"
    p, gap, weights, biases, trees = parts_of(data, (3, 3, len(SIGNS)), words)
    most = loss_of(p, weights, biases)
    return Claim(p, (1 - gap) * most), trees, most


def check_place(data: Any) -> tuple[int, Fraction, Fraction]:
    """Return how many cells a probability has, and two numbers that the least loss is between."""
    claim, trees, most = place_of(data)
    cells = sum(check_tree(claim, signs, tree) for signs, tree in zip(SIGNS, trees, strict=True))
    return cells, claim.exact_least, most


def check_places(
    places: Any, probabilities: Sequence[Fraction], check: Callable[[Any], tuple[int, Fraction, Fraction]], told: Told
) -> dict[str, Any]:
    """Return how many boxes all places have, and the ends of the least loss at each probability."""
    if not isinstance(places, list) or len(places) != len(probabilities):
        raise ValueError(f"the evidence must be {len(probabilities)} places")
    boxes, facts = 0, dict[str, Any]()
    for number, (p, data) in enumerate(zip(probabilities, places, strict=True)):
        told("checking", number / len(probabilities))
        if not isinstance(data, dict) or stated(data.get("p")) != p:
            raise ValueError(f"the place {number} must be of p = {float(p)}")
        cells, least, most = check(data)
        boxes += cells
        unit = 10**DIGITS
        for name, end in (("from", least * unit // 1), ("to", -(-most * unit // 1))):
            facts[f"{p} {name}"] = f"{int(end) // unit}.{int(end) % unit:0{DIGITS}d}"
    return {"boxes": boxes, **facts}


def check_shared(certificate: Any, told: Told = lambda stage, fraction: None) -> dict[str, Any]:
    """Return what a certificate proves, or raise a ValueError that says where it fails.

    Parameters
    ----------
    certificate
        What ``json.load`` gives for the file.
    told
        Called with a stage and the fraction of it that is done.

    Examples
    --------
    >>> check_shared({"theorem": "three features on one axis", "n_features": 2, "n_hidden": 1, "evidence": {}})
    Traceback (most recent call last):
    ValueError: the theorem must be about 3 features in 1 dimension, with its evidence
    """
    evidence = evidence_of(certificate, "three features on one axis", (3, 1), {"places"})
    return check_places(evidence["places"], list(DIGONS), check_place, told)


if __name__ == "__main__":
    for name, fact in check_shared(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).items():
        print(f"{name}: {fact}")
