"""The checker of features on one axis: with all other modules of this folder but `maker`.

``python -m geomsup.proofs.shared.checker FILE``. What the numbers prove is written in ``docs/theorems.md``, whose names
these are.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import factorial, prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geomsup.proofs.checker import Each, Told, evidence_of, parts_checked, stated
from geomsup.proofs.shared.cells import FEWER, PROBABILITIES, Claim
from geomsup.proofs.shared.pieces import Cells

__all__ = [
    "ALONE",
    "AXES",
    "THEOREM",
    "check_place",
    "check_shared",
    "check_trees",
    "error_of",
    "is_digon",
    "is_mirrored",
    "leaves_of",
    "loss_of",
    "losses_at",
    "of_sets",
    "parts_of",
    "place_of",
    "places_of",
    "signs_of",
    "together",
]

THEOREM = "features on one axis"
AXES = "rtuq"  # letters of ratios along which a cell is halved: the second weight to the first, the third to it, ...
REASONS = "fv"  # f: a weight is larger than the one before, so that features can change places; v: by value
ALONE = 5  # features from which on each probability has a certificate of its own: one takes up to a minute to check
MOST_BOXES = 1_000_000  # a checker that never ends checks nothing
MOST_HALVES = 200  # of one cell: ends must be doubles without rounding, which is at most 50 along each ratio
CHUNK = 64  # cells at a time: their arrays then are not too large
DIGITS = 12  # after the point, of the ends of losses

Leaf = tuple[str, Sequence[float], Sequence[float]]  # reason, lower and upper ends of ratios


def signs_of(n: int) -> list[tuple[int, ...]]:
    """Return the signs that weights can have, if the first one is positive."""
    return [(1, *rest) for rest in product((1, -1), repeat=n - 1)]


def of_sets(p: Fraction, n: int = 3) -> list[Fraction]:
    """Return how probable it is that just these features are present, for each set."""
    sizes = [one.bit_count() for one in range(1 << n)]
    return [p**size * (1 - p) ** (n - size) for size in sizes]


def leaves_of(tree: str, n: int) -> list[Leaf]:
    """Return the cells of a tree that are not halved: they cover all ratios from 0 to 1."""
    region = (1.0,) + (0.0,) * (n - 1), (1.0,) * n
    waiting, found = [(*region, 0)], list[Leaf]()
    for place, letter in enumerate(tree):
        if not waiting or place > MOST_BOXES or waiting[-1][2] > MOST_HALVES:
            raise ValueError(f"the tree must end where its cells do; got more letters after {place}")
        low, high, halved = waiting.pop()
        if letter in REASONS:
            found.append((letter, low, high))
            continue
        axis = AXES[: n - 1].find(letter) + 1
        if not axis:
            raise ValueError(f"a tree must have the letters {AXES[: n - 1]}, f and v; got {letter!r} at place {place}")
        middle = (low[axis] + high[axis]) / 2
        if not low[axis] < middle < high[axis]:
            raise ValueError(f"cells must not be halved more often than doubles can; got one at place {place}")
        lower, upper = (*high[:axis], middle, *high[axis + 1 :]), (*low[:axis], middle, *low[axis + 1 :])
        waiting += [(upper, high, halved + 1), (low, lower, halved + 1)]
    if waiting:
        raise ValueError(f"the tree must cover the region; {len(waiting)} cells are missing")
    return found


def is_mirrored(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether a ratio is never less than the one before it: cells of features in another order hold such models."""
    return np.logical_or.reduce(low[:, 1:] >= high[:, :-1], axis=1)


def together(claim: Claim, cells: Sequence[tuple[Sequence[int], Sequence[float], Sequence[float]]]) -> Cells:
    """Return cells that are given by signs and ends, to look at them at once."""
    signs, low, high = (np.array(one, dtype=float).reshape(-1, claim.n) for one in zip(*cells, strict=True))
    return Cells(signs, low, high, claim.p)


def check_trees(claim: Claim, trees: Sequence[tuple[Sequence[int], str]]) -> int:
    """Return how many cells the trees of some signs have, if all have their reasons."""
    leaves = [(signs, *leaf) for signs, tree in trees for leaf in leaves_of(tree, claim.n)]
    if not leaves:
        return 0
    cells = together(claim, [(signs, low, high) for signs, _, low, high in leaves])
    by_value = np.array([letter == "v" for _, letter, _, _ in leaves])
    right = is_mirrored(cells.low, cells.high) != by_value
    asked = np.flatnonzero(by_value)
    for start in range(0, len(asked), CHUNK):
        which = asked[start : start + CHUNK]
        if right.all():  # else nothing is proved anyway
            right[which] = claim.holds(Cells(cells.signs[which], cells.low[which], cells.high[which], claim.p))
    if not right.all():
        signs, letter, low, high = leaves[int(np.argmin(right))]
        where = ", ".join(f"{one:.6f} to {other:.6f}" for one, other in zip(low[1:], high[1:], strict=True))
        raise ValueError(f"the cell of ratios {where} with the signs {signs} must have its reason; got {letter!r}")
    return len(leaves)


def loss_of(p: Fraction, weights: Sequence[Fraction], biases: Sequence[Fraction]) -> Fraction:
    """Return the expected squared error of a model."""
    cases, features = defaultdict[tuple[Any, ...], Fraction](Fraction), range(len(weights))
    for A, probable in enumerate(of_sets(p, len(weights))):
        present = [j for j in features if A >> j & 1]
        for i in features:
            rest = sorted(weights[i] * weights[j] for j in present if j != i)
            cases[weights[i] ** 2, biases[i], *rest, i in present] += probable
    return sum((share * error_of(q, b, rest, here) for (q, b, *rest, here), share in cases.items()), Fraction(0))


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


def place_of(data: Any, n: int) -> tuple[Claim, list[tuple[Sequence[int], str]], Fraction]:
    """Return what is claimed of n features at a probability, trees with their signs, and the loss of the model."""
    signs = signs_of(n)
    words = f"{n} weights, {n} biases, and {len(signs)} trees as texts"
    p, gap, weights, biases, trees = parts_of(data, (n, n, len(signs)), words)
    most = loss_of(p, weights, biases)
    return Claim(n, p, (1 - gap) * most), list(zip(signs, trees, strict=True)), most


def check_place(data: Any, n: int) -> tuple[int, Fraction, Fraction]:
    """Return how many cells a probability has, and two numbers that the least loss of n features is between."""
    claim, trees, most = place_of(data, n)
    return check_trees(claim, trees), claim.proved, most


def is_digon(data: Any, n: int) -> bool:
    """Whether a place says that only a digon and dropped features lose the least.

    Its model is one of these. Where it is checked, other models lose more than it, or more than the best one of these.
    """
    _, gap, weights, _, _ = parts_of(data, (n, n, len(signs_of(n))), "other numbers")
    return gap == 0 and not any(weights[2:])


def places_of(places: Any, probabilities: Sequence[Fraction]) -> list[dict[str, Any]]:
    """Return places, if there is one for each probability."""
    if not isinstance(places, list) or len(places) != len(probabilities):
        raise ValueError(f"the evidence must be {len(probabilities)} places")
    for number, (p, data) in enumerate(zip(probabilities, places, strict=True)):
        if not isinstance(data, dict) or stated(data.get("p")) != p:
            raise ValueError(f"the place {number} must be of p = {float(p)}")
    return places


def losses_at(p: Fraction, least: Fraction, most: Fraction) -> dict[str, str]:
    """Return the ends of the least loss at a probability, as facts: rounded outwards."""
    unit, facts = 10**DIGITS, dict[str, str]()
    for name, end in (("from", least * unit // 1), ("to", -(-most * unit // 1))):
        facts[f"{p} {name}"] = f"{int(end) // unit}.{int(end) % unit:0{DIGITS}d}"
    return facts


def _cells(part: tuple[Claim, tuple[Sequence[int], str]]) -> int:
    return check_trees(part[0], [part[1]])


def check_shared(certificate: Any, told: Told = lambda stage, fraction: None, each: Each = map) -> dict[str, Any]:
    """Return what a certificate proves, or raise a ValueError that says where it fails.

    Parameters
    ----------
    certificate
        What ``json.load`` gives for the file.
    told
        Called with a stage and the fraction of it that is done.
    each
        How trees are gone through.

    Examples
    --------
    >>> check_shared({"theorem": "features on one axis", "n_features": 2, "n_hidden": 1, "evidence": {}})
    Traceback (most recent call last):
    ValueError: the theorem must be about 3, 4 or 5 features in 1 dimension, with its evidence
    """
    n = certificate.get("n_features") if isinstance(certificate, dict) else None
    if type(n) is not int or n not in FEWER:
        raise ValueError("the theorem must be about 3, 4 or 5 features in 1 dimension, with its evidence")
    evidence = evidence_of(certificate, THEOREM, (n, 1), {"places"})
    probabilities = _probabilities(n, evidence["places"])
    places = places_of(evidence["places"], probabilities)
    known = [place_of(data, n) for data in places]
    digons = [p for p, data in zip(probabilities, places, strict=True) if is_digon(data, n)]
    if n < ALONE and not digons:
        raise ValueError("some places must have a digon, dropped features and no gap")
    if digons != [p for p in probabilities if digons[:1] <= [p] <= digons[-1:]]:
        raise ValueError("places that have a digon, dropped features and no gap must be next to each other")
    facts = dict[str, Any](
        boxes=sum(parts_checked(_cells, [(claim, tree) for claim, trees, _ in known for tree in trees], each, told))
    )
    for p, (claim, _, most) in zip(probabilities, known, strict=True):
        facts |= losses_at(p, claim.proved, most)
    ends = zip(("from", "up to"), (digons[0], digons[-1]), strict=True) if digons else ()
    return facts | {f"digons {name}": str(float(p)) for name, p in ends}


def _probabilities(n: int, places: Any) -> list[Fraction]:
    """Return what probabilities a certificate is about: all, or the one of its only place."""
    if n < ALONE:
        return PROBABILITIES
    alone = places[0] if isinstance(places, list) and len(places) == 1 else None
    p = stated(alone["p"]) if isinstance(alone, dict) and "p" in alone else None
    if p is None or p not in PROBABILITIES:
        raise ValueError(f"the evidence of {n} features must be one place, of p = 0.1, 0.3, 0.5, 0.7 or 0.9")
    return [p]


if __name__ == "__main__":
    for name, fact in check_shared(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).items():
        print(f"{name}: {fact}")
