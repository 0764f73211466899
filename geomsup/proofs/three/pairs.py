"""Two features on one axis, with a penalty or against a triangle: part of the checker of three features."""

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from typing import NamedTuple

from flint import arb

from geomsup.proofs.checker import between, exact
from geomsup.proofs.digon_checker import REGION, Ends, Slice, leaves
from geomsup.proofs.outputs import Best, without_bias
from geomsup.proofs.places import Box, Local, Place, local_of
from geomsup.proofs.three.triangle import lost

__all__ = ["PARTS", "Against", "Digons", "Known", "check_boxes", "check_digons"]

# Sides along Q and r, as parts of the region, of boxes that are left; in an interval of p they may be as large as this
# part of its width.
SMALL, WIDE = (Fraction(1, 2**20), Fraction(1, 2**23)), (Fraction(1, 2), Fraction(1, 16))
PARTS = 16  # of an interval of penalties or probabilities, in which balls would be too wide


class Known(NamedTuple):
    """What is known of the best digons: their number of boxes, balls of the least loss, and of its slope along p."""

    boxes: int
    loss: arb
    by_p: arb


class Digons(Slice):
    """All probabilities of an interval and a penalty λ s²: where the loss of two features on one axis can be least.

    A state is Q, r and two biases divided by p.
    """

    def __init__(self, p: Sequence[Fraction], penalty: Fraction, state: Sequence[Fraction]) -> None:
        self.low, self.high = p
        if not (0 < self.low <= self.high <= 1 and penalty >= 0):
            raise ValueError("digons must have probabilities above 0, and no negative penalty")
        if not (state[0] > 0 and state[1] >= 1 and min(state[2:]) >= 0):
            raise ValueError("a state must have Q > 0, r >= 1 and no negative biases")
        self.penalty, self.state = exact(penalty), [exact(one) for one in state]
        self.equal, self.core, self.known = [], [], dict[Ends, tuple[arb, arb]]()
        if not self.is_low():
            raise ValueError("the state must lose less than the smallest and the largest weights")

    def reference(self, low: Fraction, high: Fraction) -> tuple[arb, arb]:
        """Return the loss of the state in the middle of an interval of p, and its slope along p within the interval."""
        found = self.known.get((low, high))
        if found is None:
            value, slope = super().reference(low, high)
            Q, r, *_ = self.state
            s, middle, p = Q * r / (r * r + 1), exact((low + high) / 2), between(low, high)
            found = value + self.penalty * s * s / middle, slope - self.penalty * s * s / (p * p)
            self.known[low, high] = found
        return found

    def local(self, box: Box) -> tuple[tuple[Best, Best], Local] | None:
        """Return both outputs, the first one with the penalty, and what is known of the loss, if best biases are."""
        place = Place(box)
        both = place.both()
        if both is None:
            return None
        one, s, at_s = both[0], place.s, place.at_s
        L, at_L, slope = self.penalty / place.p, self.penalty / place.at_p, -self.penalty / (place.p * place.p)
        F = one.slopes
        slopes = F._replace(s=F.s + 2 * L * s, p=F.p + slope * s * s, ss=F.ss + 2 * L, sp=F.sp + 2 * slope * s)
        at_slopes = one.at_slopes[0], one.at_slopes[1] + 2 * at_L * at_s
        weighed = Best(one.bias, slopes, at_slopes, one.least + at_L * at_s * at_s), both[1]
        return weighed, local_of(place, weighed)

    def reason(self, box: Box) -> str:
        """Return the letter of the first reason why no minimum is in a box, "m" if one may be, "" if it is too large.

        f: far, rows of such norms lose too much alone; b: a best bias would be negative; g: gradient, a combination of
        slopes does not vanish; v: value, more than the state loses.
        """
        place = Place(box)
        if self.is_far(box, place):
            return "f"
        if any(q > 1 and without_bias(q, place.s, place.p) < 0 for q in place.norms):
            return "b"
        found = self.local(box)
        if found is None:
            return ""
        both, local = found
        if both[0].bias < 0 or both[1].bias < 0:
            return "b"
        if local.has_a_slope():
            return "g"
        if self.above(box, both, local) > 0:
            return "v"
        sides = (box[3] - box[2]) / (REGION[1] - REGION[0]), (box[5] - box[4]) / (REGION[3] - REGION[2])
        most = [max(small, wide * (self.high - self.low)) for small, wide in zip(SMALL, WIDE, strict=True)]
        return "m" if sides[0] <= most[0] and sides[1] <= most[1] else ""


class Against(Digons):
    """The same without a penalty, against a triangle with a fixed β and q: no digon may lose as little."""

    def __init__(self, p: Sequence[Fraction], state: Sequence[Fraction]) -> None:
        self.triangle = [exact(one) for one in state]
        super().__init__(p, Fraction(0), [Fraction(1), Fraction(1), Fraction(0), Fraction(0)])

    def reason(self, box: Box) -> str:
        """Return the letter of the first reason why no digon in a box loses as little, or "" if there is none."""
        letter = super().reason(box)
        return "" if letter == "m" else letter

    def reference(self, low: Fraction, high: Fraction) -> tuple[arb, arb]:
        """Return the loss of the triangle in the middle of an interval of p, and its slope within the interval."""
        found = self.known.get((low, high))
        if found is None:
            beta, q = self.triangle
            ends = [low + (high - low) * k / PARTS for k in range(PARTS + 1)]
            slopes = [lost(q, beta, between(*pair))[1] for pair in pairwise(ends)]
            found = lost(q, beta, exact((low + high) / 2))[0], reduce(arb.union, slopes)
            self.known[low, high] = found
        return found


def check_digons(part: Digons, tree: str) -> Known:
    """Return what is known of the best digons, if each box of the tree has the first reason that holds."""
    boxes, loss = check_boxes(part, tree), part.most(part.low, part.high)
    lowest, slopes = loss, list[arb]()
    for letter, box in leaves(tree, (part.low, part.high, *REGION)):
        known = part.local(box) if letter == "m" else None
        if known:
            lowest = lowest.min(loss + part.above(box, *known))
            slopes.append(known[1].slopes[2])
    if not slopes:
        raise ValueError("some box must hold a minimum")
    return Known(boxes, lowest.lower().union(loss.upper()), reduce(arb.union, slopes))


def check_boxes(part: Digons, tree: str) -> int:
    """Return how many boxes a tree has, if each has the first reason that holds."""
    found = leaves(tree, (part.low, part.high, *REGION))
    for place, (letter, box) in enumerate(found):
        right = part.reason(box)
        if not right or letter != right:
            where = ", ".join(f"{float(end):.9f}" for end in box)
            raise ValueError(f"box {place}, ({where}), must have the reason {right!r}; got {letter!r}")
    return len(found)
