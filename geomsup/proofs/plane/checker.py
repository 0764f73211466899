"""The checker of two features of unequal importance, at every probability: with `outputs`, `places` and `onset`.

``python -m geomsup.proofs.plane.checker FILE``. What the numbers prove is written in ``docs/theorems.md``, whose names
these are. Losses are divided by p.
"""

import json
import re
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from flint import arb, ctx

from geomsup.proofs.checker import Each, Told, between, evidence_of, exact, parts_checked, stated
from geomsup.proofs.digon_checker import PRECISION, leaves
from geomsup.proofs.onset import NEAR, is_near, onset, without
from geomsup.proofs.outputs import NONE, Best, output, without_bias
from geomsup.proofs.places import Box, Local, Place, local_of

__all__ = ["Part", "Strip", "above", "check_plane", "check_strip", "steps", "strip_of", "strips_of"]

PARTS = 128  # of a strip, in which the model of the upper line and the onset are looked at
TREES = "long", "short", "near"

Ends = Sequence[Fraction]  # two of them, or none


class Strip:
    """All probabilities of an interval, and where the importance I of the second feature is too small to store it.

    The loss of any model is F(q_1) + I F(q_2), and that of the first feature alone is I v. Trees show that
    F(q_1) + J (F(q_2) - v) is positive, for a price J(p) on a line, or at the onset I₀ if there is no line: `long`
    where q_1 >= q_2, `short` where q_1 <= q_2, and `near` where s = sqrt(q_1 q_2) is at most `least`. No norm² is above
    `most`. A model with fixed q_1, q_2 and biases shows that above the line `upper` the second feature is stored. Above
    the onset it always is.
    """

    def __init__(
        self, p: Ends, line: Ends, upper: Ends, state: Sequence[Fraction], least: Fraction, most: Fraction
    ) -> None:
        self.low, self.high = p
        self.line, self.upper, self.least, self.most = line, upper, least, most
        self.state = [exact(one) for one in state]
        if not (0 < self.low < self.high <= 1 and most > 1 and all(0 < end < 1 for end in (*line, *upper))):
            raise ValueError("a strip must be of probabilities above 0, have prices between 0 and 1, and most > 1")
        if not (0 < least < self.low / 2 and least < Fraction(1, 8)):
            raise ValueError("least must be positive, and less than 1/8 and half of every probability")
        if not ((most - 1) / (most + 1)) ** 2 >= 1 - 3 * self.low / 4:
            raise ValueError("rows above most must lose more than features that are not stored")
        if bool(upper) != bool(state) or (upper and not line) or min(state, default=0) < 0 or 0 in state[:2]:
            raise ValueError("an upper line needs a lower one, and a model without negative biases")
        self._lines = {tuple(one): self._line(one) for one in (line, upper) if one}
        self.region: Box = (self.low, self.high, 2 * least, 2 * most, Fraction(1), most / least)
        self.near: Box = (self.low, self.high, *NEAR)
        self.parts = [Part(one, other) for one, other in pairwise(steps(self.low, self.high))]

    def check(self) -> None:
        """Raise if the lines are not where they must be."""
        alone = (1 - exact(self.least)) * (1 - exact(self.least))
        for part in self.parts:
            if not self.price(part.all)[0] < alone:
                raise ValueError("prices must be below what small weights of the first feature lose")
            if self.line and not part.difference(onset, self.price) > 0:
                raise ValueError("prices must be below the onset")
            if self.upper and not part.value(self.stored) < 0:
                raise ValueError("at the upper line the model must lose less than the first feature alone")

    def price(self, p: arb) -> tuple[arb, arb]:
        """Return J and its slope."""
        return self.on(self.line, p) if self.line else onset(p)[:2]

    def on(self, line: Ends, p: arb) -> tuple[arb, arb]:
        """Return a line and its slope."""
        start, low, slope = self._lines[tuple(line)]
        return start + slope * (p - low), slope

    def _line(self, line: Ends) -> tuple[arb, arb, arb]:
        """Return where a line begins, at which p, and its slope."""
        return exact(line[0]), exact(self.low), exact((line[1] - line[0]) / (self.high - self.low))

    def stored(self, p: arb) -> tuple[arb, arb]:
        """Return how much more the model loses than the first feature alone, at the upper line, and the slope of it."""
        q_1, q_2, *biases = self.state
        s = (q_1 * q_2).sqrt()
        one, other = (output(q, s, c, p) for q, c in zip((q_1, q_2), biases, strict=True))
        (U, slope), more = self.on(self.upper, p), other.G - without(p)
        return one.G + U * more, one.p + U * (other.p + arb(1) / 4) + slope * more

    def is_first_order(self) -> bool:
        """Whether the upper line is below the onset."""
        if not self.upper:
            return False
        return all(part.difference(onset, lambda p: self.on(self.upper, p)) > 0 for part in self.parts)

    def rest(self) -> arb:
        """Return the area between the prices and the upper line or the onset."""
        if not self.line:
            return NONE
        upper: Callable[[arb], Sequence[arb]] = (lambda p: self.on(self.upper, p)) if self.upper else onset
        return sum((part.difference(upper, self.price) * part.width for part in self.parts), NONE)

    def reason(self, box: Box, first: int) -> str:
        """Return the letter of the first reason why a box has no minimum, or "" if there is none.

        f: far, s <= least, or rows of such norms lose too much alone; b: a best bias would be negative; g: gradient, a
        combination of slopes does not vanish; v: value, more is lost than by the first feature alone. `first` says
        which of both rows, the shorter or the longer one, is that of the first feature.
        """
        place = Place(box)
        price = self.price(place.p)
        if place.s <= exact(self.least) or self.is_far(place, price[0], first):
            return "f"
        if any(q > 1 and without_bias(q, place.s, place.p) < 0 for q in place.norms):
            return "b"
        both = place.both()
        if both is None:
            return ""
        if both[0].bias < 0 or both[1].bias < 0:
            return "b"
        weighed = self.weighed(place, both, price, first)
        local = local_of(place, weighed)
        if local.has_a_slope():
            return "g"
        return "v" if above(weighed, local) > 0 else ""

    def reason_near(self, box: Box) -> str:
        """Return "n" if no model of a box of p, z and δ loses less than the first feature alone, else ""."""
        below = Part(box[0], box[1]).difference(onset, self.price) if self.line else NONE
        return "n" if is_near(box, below, self.least) else ""

    def is_far(self, place: Place, price: arb, first: int) -> bool:
        """Whether F(q_1, 0) + J (F(q_2, 0) - v) > 0: each is (1 - q)² v to q = 1, then (q - 1)² / 3 (q + 1)²."""
        v = without(place.p)
        one, other = (_alone(place.norms[k], v) for k in (first, 1 - first))
        return bool(one + price * (other - v) > 0)

    def weighed(self, place: Place, both: tuple[Best, Best], price: tuple[arb, arb], first: int) -> tuple[Best, Best]:
        """Return both outputs, with J (F - v) in the place of the F of the second feature."""
        one = both[1 - first]
        at_price, at_v = self.price(place.at_p)[0], without(place.at_p)
        q, s = (place.norms[1 - first], place.at_norms[1 - first]), (place.s, place.at_s)
        F, (J, slope) = one.slopes, price
        by_p = F.p + arb(1) / 4
        at_more = one.least - at_v
        more = at_more + F.q * (q[0] - q[1]) + F.s * (s[0] - s[1]) + by_p * (place.p - place.at_p)
        slopes = type(F)(
            J * F.q, J * F.s, J * by_p + slope * more, J * F.qq, J * F.qs, J * F.ss,
            J * F.qp + slope * F.q, J * F.sp + slope * F.s,
        )  # fmt: skip
        at_slopes = at_price * one.at_slopes[0], at_price * one.at_slopes[1]
        changed = Best(one.bias, slopes, at_slopes, at_price * at_more)
        return (changed, both[1]) if first else (both[0], changed)


def _alone(q: arb, v: arb) -> arb:
    """Return a ball that is not above F(q, 0)."""
    if q < 1:
        return (1 - q) * (1 - q) * v
    return (1 - 2 / (q + 1)) * (1 - 2 / (q + 1)) / 3 if q > 1 else NONE


def above(both: tuple[Best, Best], local: Local) -> arb:
    """Return a ball that holds the sum of both outputs on a box, by the theorem of the mean."""
    by_p, by_Q, by_r = local.ways
    along_Q = local.slopes[0].intersection(local.combined(1, 0))
    along_r = local.slopes[1].intersection(local.combined(0, 1))
    return both[0].least + both[1].least + along_Q * by_Q + along_r * by_r + local.slopes[2] * by_p


class Part(NamedTuple):
    """A part of the interval of a strip."""

    low: Fraction
    high: Fraction

    @property
    def all(self) -> arb:
        """All probabilities of the part."""
        return between(self.low, self.high)

    @property
    def width(self) -> arb:
        """Its width."""
        return exact(self.high - self.low)

    def value(self, function: Callable[[arb], Sequence[arb]]) -> arb:
        """Return a ball that holds a function with its slope, by the theorem of the mean."""
        return function(exact((self.low + self.high) / 2))[0] + function(self.all)[1] * arb(0, self.width / 2)

    def difference(self, one: Callable[[arb], Sequence[arb]], other: Callable[[arb], Sequence[arb]]) -> arb:
        """Return a ball that holds the difference of two functions with their slopes."""
        return self.value(lambda p: [a - b for a, b in zip(one(p)[:2], other(p)[:2], strict=True)])


def steps(low: Fraction, high: Fraction) -> list[Fraction]:
    """Return the ends of the parts of an interval."""
    return [low + (high - low) * k / PARTS for k in range(PARTS + 1)]


def strip_of(data: Any) -> Strip:
    """Return a strip as it is written in a certificate."""
    if not isinstance(data, dict) or set(data) != {"p", "line", "upper", "state", "least", "most", *TREES}:
        raise ValueError("a strip must have p, line, upper, state, least, most, long, short and near")
    sizes = [len(data[name]) if isinstance(data[name], list) else -1 for name in ("p", "line", "upper", "state")]
    texts = all(isinstance(data[tree], str) for tree in TREES)
    if sizes not in ([2, 2, 2, 4], [2, 2, 0, 0], [2, 0, 0, 0]) or not texts:
        raise ValueError(
            "a strip must have two ends of p and of each line, a state of four numbers, and trees as texts"
        )
    p, line, upper, state = ([stated(one) for one in data[name]] for name in ("p", "line", "upper", "state"))
    return Strip(p, line, upper, state, stated(data["least"]), stated(data["most"]))


def check_strip(strip: Strip, data: dict[str, Any]) -> int:
    """Return how many boxes a strip has, if each has the first reason that holds."""
    strip.check()
    reasons: dict[str, tuple[Box, Callable[[Box], str]]] = {
        "long": (strip.region, lambda box: strip.reason(box, 1)),
        "short": (strip.region, lambda box: strip.reason(box, 0)),
        "near": (strip.near, strip.reason_near),
    }
    boxes = 0
    for tree, (region, reason) in reasons.items():
        for place, (letter, box) in enumerate(leaves(data[tree], region)):
            right = reason(box)
            if not right or letter != right:
                where = ", ".join(f"{float(end):.6f}" for end in box)
                raise ValueError(f"box {place} of {tree}, ({where}), must have the reason {right!r}; got {letter!r}")
            boxes += 1
    return boxes


def strips_of(certificate: Any) -> list[Strip]:
    """Return the strips of a certificate, if they follow each other: with lines, at the onset, and with lines again."""
    evidence = evidence_of(certificate, "two features of unequal importance", (2, 1), {"strips"})
    if not isinstance(evidence["strips"], list) or len(evidence["strips"]) < 3:
        raise ValueError("the evidence must be three strips or more")
    strips = [strip_of(data) for data in evidence["strips"]]
    if strips[-1].high != 1 or any(one.high != other.low for one, other in pairwise(strips)):
        raise ValueError("the strips must follow each other up to p = 1")
    if not re.fullmatch("l+o+l+", "".join("l" if strip.line else "o" for strip in strips)):
        raise ValueError("strips must have lines first, then none, and then lines")
    return strips


def _boxes(data: dict[str, Any]) -> int:
    with ctx.workprec(PRECISION):
        return check_strip(strip_of(data), data)


def check_plane(certificate: Any, told: Told = lambda stage, fraction: None, each: Each = map) -> dict[str, Any]:
    """Return what a certificate proves, or raise a ValueError that says where it fails.

    Parameters
    ----------
    certificate
        What ``json.load`` gives for the file.
    told
        Called with a stage and the fraction of it that is done.
    each
        How strips are gone through.

    Examples
    --------
    >>> check_plane({"theorem": "two features of unequal importance", "n_features": 3, "n_hidden": 1, "evidence": {}})
    Traceback (most recent call last):
    ValueError: the theorem must be about 2 features in 1 dimension, with its evidence
    """
    with ctx.workprec(PRECISION):
        strips, stated_strips = strips_of(certificate), certificate["evidence"]["strips"]
        first = pairwise(steps(Fraction(0), strips[0].low))  # nothing is proved there but that I* is below the onset
        boxes = sum(parts_checked(_boxes, stated_strips, each, told))
        rest = sum((Part(*ends).value(onset) * Part(*ends).width for ends in first), NONE)
        rest = sum((strip.rest() for strip in strips), rest)
        kinds = "".join("o" if not strip.line else "j" if strip.is_first_order() else "l" for strip in strips)
    jumps = re.fullmatch("(j+)(l*)(o+)(l*)(j+)", kinds)
    if not jumps:
        raise ValueError("the upper line must be below the onset in the first and the last strip")
    ends = [data["p"][0] for data in stated_strips] + [stated_strips[-1]["p"][1]]
    names = "jump up to", "steady from", "steady up to", "jump from"
    places = {name: ends[jumps.end(k + 1)] for k, name in enumerate(names)}
    return {"boxes": boxes, "known from": ends[0], **places, "rest": f"{float(rest.upper()) + 5e-7:.6f}"}


if __name__ == "__main__":
    for name, fact in check_plane(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).items():
        print(f"{name}: {fact}")
