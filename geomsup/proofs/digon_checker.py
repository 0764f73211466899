"""The checker of the theorem of two features on one axis, at every probability: with `outputs` and `places`.

``python -m geomsup.proofs.digon_checker FILE``. What the numbers prove is written in ``docs/theorems.md``, whose names
these are.
"""

import json
import re
import sys
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from flint import arb, ctx

from geomsup.proofs.checker import Each, Told, between, evidence_of, exact, parts_checked, stated
from geomsup.proofs.outputs import NONE, Best, output, without_bias
from geomsup.proofs.places import Box, Local, Place, local_of

__all__ = [
    "PRECISION",
    "REGION",
    "SPLITS",
    "Slice",
    "check_digon",
    "check_slice",
    "halves",
    "leaves",
    "slice_of",
    "slices_of",
]

PRECISION = 64  # bits: values that are compared differ by 1e-9 and more
SPLITS = "pqr"  # letters of what a box is halved along: p, the sum Q of both norms², and the ratio r of both weights
LEAST_S, MOST_Q, MANY = Fraction(1, 20), Fraction(7), Fraction(36, 100)  # no minimum is beyond: the page says why
REGION = 2 * LEAST_S, 2 * MOST_Q, Fraction(1), MOST_Q / LEAST_S  # ends of Q = q_1 + q_2 and r, where q_2 = r² q_1
MOST_BOXES, MOST_PIECES = 1_000_000, 4096  # a checker that never ends checks nothing

Ends = tuple[Fraction, Fraction]


class Slice:
    """All probabilities of an interval: where the loss can be least.

    L(p, Q, r) = F(q_1, s) + F(q_2, s), with s = r q_1, is the same for r and 1 / r, so r >= 1 is enough. A state is
    Q, r and two biases divided by p. Minima at r = 1 may have a Q between the ends `equal`, others are in the `core`.
    """

    def __init__(self, p: Sequence[Fraction], state: Sequence[Fraction], equal: Sequence[Fraction], core: Any) -> None:
        self.low, self.high = p
        if not (0 <= self.low < self.high <= 1 and state[0] > 0 and state[1] >= 1 and min(state[2:]) >= 0):
            raise ValueError(
                "a slice must be of probabilities, and its state have Q > 0, r >= 1 and no negative biases"
            )
        if core and not core[2] > 1:
            raise ValueError("a core must be of unequal norms, r > 1")
        self.state, self.equal, self.core = [exact(one) for one in state], equal, core
        self.known: dict[Ends, tuple[arb, arb]] = {}
        if not self.is_low():
            raise ValueError("the state must lose less than the smallest and the largest weights")

    def reference(self, low: Fraction, high: Fraction) -> tuple[arb, arb]:
        """Return the loss of the state in the middle of an interval of p, and its slope along p within the interval."""
        found = self.known.get((low, high))
        if found is None:
            Q, r, *biases = self.state
            first, middle, p = Q / (r * r + 1), exact((low + high) / 2), between(low, high)
            value, slope = NONE, NONE
            for q, c in zip((first, Q - first), biases, strict=True):
                value += output(q, r * first, c, middle).G
                slope += output(q, r * first, c, p).p
            found = self.known[low, high] = value, slope
        return found

    def most(self, low: Fraction, high: Fraction) -> arb:
        """Return a ball that holds the loss of the state."""
        value, slope = self.reference(low, high)
        return value + slope * between((low - high) / 2, (high - low) / 2)

    def is_low(self) -> bool:
        """Whether the state loses less than all weights outside the region."""
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        value, slope = self.reference(self.low, self.high)
        p, s, q = between(self.low, self.high), exact(LEAST_S), exact(MOST_Q)
        room = exact(Fraction(1, 3) - middle / 4) - value - abs(arb(1) / 4 + slope) * exact(half)  # below V
        small = room > (arb(1) / 3 - p / 4) * (1 - (1 - s) * (1 - s))
        if self.low >= MANY:
            small = small or room > (1 - p) * s * s / 3 + p * s * s * s / 3
        return bool(small and self.most(self.low, self.high) < (q - 1) * (q - 1) / (3 * (q + 1) * (q + 1)))

    def reason(self, box: Box) -> str:
        """Return the letter of the first reason why no other minimum is in a box, or "" if there is none.

        c: core, L_Q and L_r vanish at once at most where second derivatives are positive definite; f: far, rows of
        such norms lose too much alone; b: a best bias would be negative; g: gradient, a combination of slopes does
        not vanish; v: value, more than the state loses; e: equal, the box begins at r = 1, and L_r grows with r.
        """
        core, place = self.core, Place(box)
        if core and box[2] < core[1] and core[0] < box[3] and box[4] < core[3] and core[2] < box[5]:
            return "c" if self.is_core(box, place) else ""
        if self.is_far(box, place):
            return "f"
        if any(q > 1 and without_bias(q, place.s, place.p) < 0 for q in place.norms):
            return "b"
        both = place.both()
        if both is None:
            return ""
        if both[0].bias < 0 or both[1].bias < 0:
            return "b"
        local = local_of(place, both)
        if local.has_a_slope():
            return "g"
        if self.above(box, both, local) > 0:
            return "v"
        equal = bool(self.equal) and box[4] == 1 and self.equal[0] <= box[2] and box[3] <= self.equal[1]
        return "e" if equal and local.second[2] > 0 else ""

    def is_far(self, box: Box, place: Place) -> bool:
        """Whether s <= 1/20, or F(q, 0) of both norms is too much: (1 - q)² V to q = 1, then (q - 1)² / 3 (q + 1)²."""
        total = NONE
        for q in place.norms:
            if q < 1:
                total += (1 - q) * (1 - q) * (arb(1) / 3 - place.p / 4)
            elif q > 1:
                total += (1 - 2 / (q + 1)) * (1 - 2 / (q + 1)) / 3
        return bool(place.s <= exact(LEAST_S) or total > self.most(box[0], box[1]))

    def above(self, box: Box, both: tuple[Best, Best], local: Local) -> arb:
        """Return a ball that holds how much more is lost on a box than by the state, by the theorem of the mean."""
        value, slope = self.reference(box[0], box[1])
        by_p, by_Q, by_r = local.ways
        along_Q = local.slopes[0].intersection(local.combined(1, 0))
        along_r = local.slopes[1].intersection(local.combined(0, 1))
        changed = along_Q * by_Q + along_r * by_r + (local.slopes[2] - slope) * by_p
        return both[0].least + both[1].least - value + changed

    def is_core(self, box: Box, place: Place) -> bool:
        """Whether a box is in the core, with L_QQ > 0, and minima only where second derivatives are positive definite.

        L_Q must be negative where Q is least in the core, and positive where it is largest.
        """
        core, both = self.core, place.both()
        if both is None or not (core[0] <= box[2] and box[3] <= core[1] and core[2] <= box[4] and box[5] <= core[3]):
            return False
        local = local_of(place, both)
        QQ, Qr, rr = local.second
        along_Q = local.combined(1, 0)
        leaves = (box[2] > core[0] or along_Q < 0) and (box[3] < core[1] or along_Q > 0)
        return bool(leaves and QQ > 0 and (local.has_a_slope() or QQ * rr - Qr * Qr > 0))

    def is_bowl(self) -> bool:
        """Whether L_QQ > 0 at r = 1 for every Q between the ends `equal`, which are halved until that is seen."""
        one, pieces = Fraction(1), 0
        waiting: list[Box] = [(self.low, self.high, self.equal[0], self.equal[1], one, one)]
        while waiting:
            box, pieces = waiting.pop(), pieces + 1
            place = Place(box)
            both = place.both()
            if both is None or not local_of(place, both).second[0] > 0:
                if pieces > MOST_PIECES:
                    return False
                waiting += halves(box, 0 if box[1] - box[0] > box[3] - box[2] else 1)
        return True

    def slope_along_p(self, box: Box) -> arb:
        """Return a ball that holds L_p on a box."""
        place = Place(box)
        both = place.both()
        return arb("nan") if both is None else local_of(place, both).slopes[2]


def halves(box: Box, axis: int) -> tuple[Box, Box]:
    """Return the halves of a box along p, Q or r."""
    p0, p1, Q0, Q1, r0, r1 = box
    middle = (box[2 * axis] + box[2 * axis + 1]) / 2
    if axis == 0:
        return (p0, middle, Q0, Q1, r0, r1), (middle, p1, Q0, Q1, r0, r1)
    if axis == 1:
        return (p0, p1, Q0, middle, r0, r1), (p0, p1, middle, Q1, r0, r1)
    return (p0, p1, Q0, Q1, r0, middle), (p0, p1, Q0, Q1, middle, r1)


def leaves(tree: str, region: Box) -> list[tuple[str, Box]]:
    """Return the leaves of a bisection and their boxes, which cover the region because they are its halves' halves."""
    found: list[tuple[str, Box]] = []
    waiting = [region]
    for place, letter in enumerate(tree):
        if not waiting or place > MOST_BOXES:
            raise ValueError(f"the tree must end where its boxes do; got more letters after {place}")
        box = waiting.pop()
        if letter in SPLITS:
            waiting += halves(box, SPLITS.index(letter))[::-1]
        else:
            found.append((letter, box))
    if waiting:
        raise ValueError(f"the tree must cover the region; {len(waiting)} boxes are missing")
    return found


def slice_of(data: Any) -> Slice:
    """Return a slice as it is written in a certificate."""
    if not isinstance(data, dict) or set(data) != {"p", "state", "equal", "core", "tree"}:
        raise ValueError("a slice must have p, state, equal, core and tree")
    sizes = [len(data[name]) if isinstance(data[name], list) else -1 for name in ("p", "state", "equal", "core")]
    if sizes not in ([2, 4, 2, 0], [2, 4, 2, 4], [2, 4, 0, 4]) or not isinstance(data["tree"], str):
        raise ValueError(
            "a slice must have two ends of p, a state of four numbers, and ends of equal norms, a core, or both"
        )
    p, state, equal, core = ([stated(one) for one in data[name]] for name in ("p", "state", "equal", "core"))
    return Slice(p, state, equal, core)


def check_slice(part: Slice, tree: str) -> int:
    """Return how many boxes a slice has, if each has the first reason that holds."""
    found, filled, steep = leaves(tree, (part.low, part.high, *REGION)), Fraction(0), dict[str, arb]()
    for place, (letter, box) in enumerate(found):
        right = part.reason(box)
        if not right or letter != right:
            where = ", ".join(f"{float(end):.6f}" for end in box)
            raise ValueError(f"box {place}, ({where}), must have the reason {right!r}; got {letter!r}")
        filled += _volume(box) if letter == "c" else 0
        if part.equal and part.core and letter in "ce":
            slope = part.slope_along_p(box)
            steep[letter] = slope.union(steep.get(letter, slope))
    if part.core and filled != _volume((part.low, part.high, *part.core)):
        raise ValueError("the boxes of the core must fill it")
    if part.equal and not part.is_bowl():
        raise ValueError("the loss of equal norms must bend upwards between their ends")
    if part.equal and part.core and not (len(steep) == 2 and steep["c"] < steep["e"]):
        raise ValueError("unequal norms must gain on equal ones as p grows")
    return len(found)


def _volume(box: Sequence[Fraction]) -> Fraction:
    return (box[1] - box[0]) * (box[3] - box[2]) * (box[5] - box[4])


def slices_of(certificate: Any) -> list[Slice]:
    """Return the slices of a certificate, if they follow each other: equal norms, then both once, then unequal ones."""
    evidence = evidence_of(certificate, "two features on one axis", (2, 1), {"slices"})
    if not isinstance(evidence["slices"], list) or len(evidence["slices"]) < 3:
        raise ValueError("the evidence must be three slices or more")
    parts = [slice_of(data) for data in evidence["slices"]]
    if parts[0].low != 0 or parts[-1].high != 1 or any(one.high != other.low for one, other in pairwise(parts)):
        raise ValueError("the slices must follow each other from p = 0 to p = 1")
    kinds = "".join("b" if part.equal and part.core else "e" if part.equal else "u" for part in parts)
    if not re.fullmatch("e+bu+", kinds):
        raise ValueError("slices must be of equal norms first, one of both, and then of unequal norms")
    return parts


def _boxes(data: dict[str, Any]) -> int:
    with ctx.workprec(PRECISION):
        return check_slice(slice_of(data), data["tree"])


def check_digon(certificate: Any, told: Told = lambda stage, fraction: None, each: Each = map) -> dict[str, Any]:
    """Return what a certificate proves, or raise a ValueError that says where it fails.

    Parameters
    ----------
    certificate
        What ``json.load`` gives for the file.
    told
        Called with a stage and the fraction of it that is done.
    each
        How slices are gone through.

    Examples
    --------
    >>> check_digon({"theorem": "two features on one axis", "n_features": 3, "n_hidden": 1, "evidence": {}})
    Traceback (most recent call last):
    ValueError: the theorem must be about 2 features in 1 dimension, with its evidence
    """
    with ctx.workprec(PRECISION):
        parts, slices = slices_of(certificate), certificate["evidence"]["slices"]
    boxes = sum(parts_checked(_boxes, slices, each, told))
    (ends,) = (data["p"] for part, data in zip(parts, slices, strict=True) if part.equal and part.core)
    return {"boxes": boxes, "crossing from": ends[0], "crossing to": ends[1]}


if __name__ == "__main__":
    for name, fact in check_digon(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).items():
        print(f"{name}: {fact}")
