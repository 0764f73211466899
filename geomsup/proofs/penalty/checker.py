"""The checker of two features with a penalty on coherence, at every probability: with those of two other theorems.

``python -m geomsup.proofs.penalty.checker FILE``. What the numbers prove is written in ``docs/theorems.md``, whose
names these are. Losses and penalties are divided by p.
"""

import json
import re
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from flint import arb, ctx

from geomsup.proofs.checker import Each, Told, evidence_of, exact, parts_checked, stated
from geomsup.proofs.digon_checker import PRECISION, leaves
from geomsup.proofs.onset import is_dear, onset, without
from geomsup.proofs.outputs import NONE, Best, output
from geomsup.proofs.places import Box, Place
from geomsup.proofs.plane.checker import Ends, Part, Strip, steps

__all__ = [
    "Lower",
    "PenaltyStrip",
    "check_penalty",
    "check_strip",
    "continuous",
    "lower_of",
    "most_of",
    "strip_of",
    "strips_of",
]

TREES = "tree", "near"
Line = Callable[[arb], Sequence[arb]]


def continuous(p: arb) -> tuple[arb, arb]:
    """Return Λ₀ = (1 - I₀) v, and its slope: a second feature is stored below it, if only with little weights."""
    begins, slope, _ = onset(p)
    return (1 - begins) * without(p), -slope * without(p) - (1 - begins) / 4


def most_of(p: arb) -> tuple[arb, arb]:
    """Return 2 v, and its slope: no second feature is stored above it."""
    return 2 * without(p), -arb(1) / 2


class Lower:
    """A line below which a model with fixed norms² and biases, divided by p, loses less than one feature alone."""

    def __init__(self, p: Ends, line: Ends, state: Sequence[Fraction]) -> None:
        if not (0 <= p[0] < p[1] <= 1 and min(line) > 0 and min(state[:2]) > 0 and min(state[2:]) >= 0):
            raise ValueError("a lower line must be positive, and have a model without negative biases")
        self.low, self.high = p
        self.line = line
        self.state = [exact(one) for one in state]
        self.parts = [Part(one, other) for one, other in pairwise(steps(self.low, self.high))]

    def at(self, p: arb) -> tuple[arb, arb]:
        """Return the line and its slope."""
        slope = exact((self.line[1] - self.line[0]) / (self.high - self.low))
        return exact(self.line[0]) + slope * (p - exact(self.low)), slope

    def lost(self, p: arb) -> tuple[arb, arb]:
        """Return how much more the model loses than one feature alone, with the penalty of the line, and its slope."""
        q_1, q_2, *biases = self.state
        s = (q_1 * q_2).sqrt()
        one, other = (output(q, s, c, p) for q, c in zip((q_1, q_2), biases, strict=True))
        penalty, slope = self.at(p)
        return one.G + other.G + penalty * s * s - without(p), one.p + other.p + slope * s * s + arb(1) / 4

    def check(self) -> None:
        """Raise if the model loses too much, or the line is no better than Λ₀ is."""
        for part in self.parts:
            if not part.value(self.lost) < 0:
                raise ValueError("at the lower line the model must lose less than one feature alone")
            if not part.difference(self.at, continuous) > 0:
                raise ValueError("a lower line must be above Λ₀")


class PenaltyStrip(Strip):
    """All probabilities of an interval, and where the penalty λ is too large to store a second feature.

    Trees show that F(q_1) + F(q_2) - v + Λ s² is positive for Λ = λ / p on a line, or at Λ₀ if there is none: `tree`
    where s is more than `least`, and `near` elsewhere. No norm² is above `most`.
    """

    def __init__(self, p: Ends, line: Ends, lower: Lower | None, least: Fraction, most: Fraction) -> None:
        super().__init__(p, line, [], [], least, most)
        if lower and not line:
            raise ValueError("a lower line needs a line above it")
        self.below = lower

    def check(self) -> None:
        """Raise if the lines are not where they must be."""
        if self.line and not all(part.difference(self.price, continuous) > 0 for part in self.parts):
            raise ValueError("prices must be above Λ₀")
        if self.below:
            self.below.check()

    def price(self, p: arb) -> tuple[arb, arb]:
        """Return Λ and its slope."""
        return self.on(self.line, p) if self.line else continuous(p)

    def rest(self) -> arb:
        """Return the area between the line and what is below it."""
        if not self.line:
            return NONE
        lower: Line = self.below.at if self.below else continuous
        return sum((part.difference(self.price, lower) * part.width for part in self.parts), NONE)

    def reason_near(self, box: Box) -> str:
        """Return "n" if no model of a box of p, z and δ loses less than one feature alone, else ""."""
        part = Part(box[0], box[1])
        gap = part.difference(self.price, continuous) if self.line else NONE
        return "n" if is_dear(box, gap, without(part.all), self.least) else ""

    def is_far(self, place: Place, price: arb, first: int) -> bool:
        """Whether F(q_1, 0) + F(q_2, 0) - v + Λ s² > 0: each F is (1 - q)² v to q = 1, then (q - 1)² / 3 (q + 1)²."""
        v, total = without(place.p), price * place.s * place.s
        for q in place.norms:
            if q < 1:
                total += (1 - q) * (1 - q) * v
            elif q > 1:
                total += (1 - 2 / (q + 1)) * (1 - 2 / (q + 1)) / 3
        return bool(total > v)

    def weighed(self, place: Place, both: tuple[Best, Best], price: tuple[arb, arb], first: int) -> tuple[Best, Best]:
        """Return both outputs, with F + Λ s² - v in the place of the F of the first one."""
        one, (penalty, slope), s, at_s = both[0], price, place.s, place.at_s
        F, at_penalty = one.slopes, self.price(place.at_p)[0]
        slopes = F._replace(
            s=F.s + 2 * penalty * s,
            p=F.p + slope * s * s + arb(1) / 4,
            ss=F.ss + 2 * penalty,
            sp=F.sp + 2 * slope * s,
        )
        at_slopes = one.at_slopes[0], one.at_slopes[1] + 2 * at_penalty * at_s
        least = one.least + at_penalty * at_s * at_s - without(place.at_p)
        return Best(one.bias, slopes, at_slopes, least), both[1]


def lower_of(data: Any, p: Ends) -> Lower | None:
    """Return a lower line as it is written in a certificate: its two ends and its state, or nothing."""
    parts = [data.get(name) for name in ("lower", "state")]
    sizes = [len(part) if isinstance(part, list) else -1 for part in parts]
    if sizes not in ([2, 4], [0, 0]):
        raise ValueError("a lower line must have two ends and a state of four numbers, or nothing")
    line, state = ([stated(one) for one in part] for part in parts if isinstance(part, list))
    return Lower(p, line, state) if line else None


def strip_of(data: Any) -> PenaltyStrip:
    """Return a strip as it is written in a certificate."""
    if not isinstance(data, dict) or set(data) != {"p", "line", "lower", "state", "least", "most", *TREES}:
        raise ValueError("a strip must have p, line, lower, state, least, most, tree and near")
    sizes = [len(data[name]) if isinstance(data[name], list) else -1 for name in ("p", "line")]
    if sizes not in ([2, 2], [2, 0]) or not all(isinstance(data[tree], str) for tree in TREES):
        raise ValueError("a strip must have two ends of p and of its line, if it has one, and trees as texts")
    p, line = ([stated(one) for one in data[name]] for name in ("p", "line"))
    return PenaltyStrip(p, line, lower_of(data, p), stated(data["least"]), stated(data["most"]))


def check_strip(strip: PenaltyStrip, data: dict[str, Any]) -> int:
    """Return how many boxes a strip has, if each has the first reason that holds."""
    strip.check()
    reasons: dict[str, tuple[Box, Callable[[Box], str]]] = {
        "tree": (strip.region, lambda box: strip.reason(box, 0)),
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


def strips_of(certificate: Any) -> tuple[Lower, list[PenaltyStrip]]:
    """Return the lower line of small probabilities, and strips: with lines, at Λ₀, and with lines again."""
    evidence = evidence_of(certificate, "two features with a penalty", (2, 1), {"small", "strips"})
    if not isinstance(evidence["strips"], list) or len(evidence["strips"]) < 3:
        raise ValueError("the evidence must be three strips or more")
    strips = [strip_of(data) for data in evidence["strips"]]
    if strips[-1].high != 1 or any(one.high != other.low for one, other in pairwise(strips)):
        raise ValueError("the strips must follow each other up to p = 1")
    if not isinstance(evidence["small"], dict) or set(evidence["small"]) != {"lower", "state"}:
        raise ValueError("small probabilities must have a lower line and its state")
    small = lower_of(evidence["small"], (Fraction(0), strips[0].low))
    if small is None:
        raise ValueError("small probabilities must have a lower line")
    return small, strips


def _boxes(data: dict[str, Any]) -> int:
    with ctx.workprec(PRECISION):
        return check_strip(strip_of(data), data)


def check_penalty(certificate: Any, told: Told = lambda stage, fraction: None, each: Each = map) -> dict[str, Any]:
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
    >>> check_penalty({"theorem": "two features with a penalty", "n_features": 3, "n_hidden": 1, "evidence": {}})
    Traceback (most recent call last):
    ValueError: the theorem must be about 2 features in 1 dimension, with its evidence
    """
    with ctx.workprec(PRECISION):
        (small, strips), stated_strips = strips_of(certificate), certificate["evidence"]["strips"]
        small.check()
        boxes = sum(parts_checked(_boxes, stated_strips, each, told))
        rest = sum((part.difference(most_of, small.at) * part.width for part in small.parts), NONE)
        rest = sum((strip.rest() for strip in strips), rest)
    jumps = re.fullmatch(
        "(j+)(l*)(o+)(l*)(j+)", "".join("o" if not one.line else "j" if one.below else "l" for one in strips)
    )
    if not jumps:
        raise ValueError("strips must have lower lines, then no lines, and then lower lines")
    ends = [data["p"][0] for data in stated_strips] + [stated_strips[-1]["p"][1]]
    names = "jump up to", "steady from", "steady up to", "jump from"
    places = {name: ends[jumps.end(k + 1)] for k, name in enumerate(names)}
    return {"boxes": boxes, "known from": ends[0], **places, "rest": f"{float(rest.upper()) + 5e-7:.6f}"}


if __name__ == "__main__":
    for name, fact in check_penalty(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).items():
        print(f"{name}: {fact}")
