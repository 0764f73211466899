"""The checker of certificates: by itself, in balls that hold every rounding error, and with nothing of geomsup.

``python checker.py FILE`` needs python-flint alone. What the numbers prove is written in ``docs/theorems.md``, whose
names of functions these are.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from flint import arb, ctx, fmpq

__all__ = [
    "DIGITS",
    "FINER",
    "NONE",
    "PRECISION",
    "Box",
    "Each",
    "PentagonAtTheLimit",
    "Told",
    "area",
    "between",
    "check",
    "check_leaves",
    "evidence_of",
    "exact",
    "leaves",
    "parts_checked",
    "stated",
]

PRECISION = 192  # bits: a thousand roundings leave far more than DIGITS digits
# Digits after the point of the ratio, and of what follows from it: a number a states that x is in [a, a + 1e-25].
FINER, DIGITS = 40, 25
NUMBER = re.compile(r"-?\d{1,3}\.\d{1,40}")
NONE = arb(0)
MOST_BOXES = 1_000_000  # a checker that never ends checks nothing

Box = tuple[Fraction, Fraction, Fraction, Fraction]  # ends of the ratio t, ends of the angle
Told = Callable[[str, float], object]
Each = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]  # `map`, or the same in several processes


def exact(number: Fraction) -> arb:
    """Return a ball around a fraction."""
    return arb(fmpq(number.numerator, number.denominator))


def between(low: Fraction, high: Fraction) -> arb:
    """Return a ball that holds an interval."""
    return exact(low).union(exact(high))


def stated(text: Any) -> Fraction:
    """Return a decimal number that is written as text; a number of JSON would have been rounded."""
    if not isinstance(text, str) or not NUMBER.fullmatch(text):
        raise ValueError(f"numbers must be decimals in quotes; got {str(text)[:40]!r}")
    return Fraction(text)


class PentagonAtTheLimit:
    """Five features in the plane, one of them active: the pentagon is the only global minimum.

    The page reduces this to F(t, θ) >= F(t*, 2π/5) on [0, 1] × [0, 3/2], for

        F = 1 - R(t, cos θ) + μ (θ - 2π/5),   R = n / 4S,   n = (1 - t)⁴ (2 + t)²,   S = (1 - t)³ + 2 (c - t)₊³ / c.

    t* is a zero of ∂R/∂t at c = cos 2π/5, and μ = -sin(2π/5) ∂R/∂c there, so that F is stationary at (t*, 2π/5).
    """

    REGION: Box = (Fraction(0), Fraction(1), Fraction(0), Fraction(3, 2))
    filled = 1  # how much of the core the convex boxes must fill, if there are any

    def __init__(self, ratio: Fraction, core: Box) -> None:
        self.angle = 2 * arb.pi() / 5
        self.core = core
        cosine = self.angle.cos()
        end = ratio + Fraction(1, 10**FINER)
        if not (ratio > 0 and exact(end) < cosine) or not (
            self.equation(exact(ratio), cosine) < 0 < self.equation(exact(end), cosine)
        ):
            raise ValueError("the ratio must be where the slope of R changes its sign")
        self.ratio = between(ratio, end)
        _, _, slope, *_ = self.derivatives(self.ratio, cosine)
        self.mu = -slope * self.angle.sin()
        self.least = 1 - self.R(self.ratio, cosine)
        inside = exact(core[0]) < self.ratio < exact(core[1]) and exact(core[2]) < self.angle < exact(core[3])
        if not inside:
            raise ValueError("the core must hold the pentagon inside")
        if not (5 * self.least < arb(1) / 4 and self.mu * (exact(self.REGION[3]) - self.angle) > self.least):
            raise ValueError("the pentagon must cost less than dominated rows and wide gaps")

    @staticmethod
    def equation(t: arb, c: arb) -> arb:
        """Return what has the sign of -∂R/∂t for 0 < t < c < 1."""
        return t * (1 - t) ** 3 - 2 * (c - t) ** 2 / c * ((1 - t) * (2 + t) - 2 * (1 + t) * (c - t))

    @staticmethod
    def R(t: arb, c: arb) -> arb:
        """Return what the best norm saves of a row."""
        gap = (c - t).max(arb(0))
        S = (1 - t) ** 3 + 2 * gap * gap * gap / c
        return (1 - t) ** 4 * (2 + t) ** 2 / (4 * S)

    @staticmethod
    def shared(t: arb, c: arb) -> tuple[arb, ...]:
        """Return S, S_t, S_c, S_tt, S_tc, S_cc."""
        u, z = 1 - t, (1 - t / c).max(arb(0))
        square, cube = z * z, z * z * z  # Arb's powers are of positive numbers only, and a ball of z may reach below 0
        S, S_t, S_c = u**3 + 2 * c**2 * cube, -3 * u**2 - 6 * c * square, c * (6 * square - 2 * cube)
        return S, S_t, S_c, 6 * u + 12 * z, 6 * square - 12 * z, 12 * z - 12 * square + 4 * cube

    @classmethod
    def derivatives(cls, t: arb, c: arb) -> tuple[arb, ...]:
        """Return R, R_t, R_c, R_tt, R_tc, R_cc."""
        u, v = 1 - t, 2 + t
        n, n_t = u**4 * v**2, -6 * u**3 * v * (1 + t)
        n_tt = 6 * u**2 * (3 * v * (1 + t) - u * (1 + t) - u * v)
        S, S_t, S_c, S_tt, S_tc, S_cc = cls.shared(t, c)
        R, R_t, R_c = n / S, (n_t - n * S_t / S) / S, -n * S_c / S**2
        R_tt = (n_tt - 2 * n_t * S_t / S - n * S_tt / S + 2 * n * S_t * S_t / S**2) / S
        R_tc = (-n_t * S_c - n * S_tc + 2 * n * S_t * S_c / S) / S**2
        R_cc = (-n * S_cc + 2 * n * S_c * S_c / S) / S**2
        return R / 4, R_t / 4, R_c / 4, R_tt / 4, R_tc / 4, R_cc / 4

    def F(self, t: arb, angle: arb) -> arb:
        """Return F, also at t = 1."""
        return 1 - self.R(t, angle.cos()) + self.mu * (angle - self.angle)

    def slopes(self, t: arb, angle: arb) -> tuple[arb, ...]:
        """Return F_t, F_a, F_tt, F_ta, F_aa, a for the angle."""
        c, s = angle.cos(), angle.sin()
        _, R_t, R_c, R_tt, R_tc, R_cc = self.derivatives(t, c)
        return -R_t, R_c * s + self.mu, -R_tt, R_tc * s, R_c * c - R_cc * s**2

    def reason(self, box: Box) -> str:
        """Return the letter of the first reason for which F is large enough on a box, or "" if there is none.

        c: convex, in the core, where the second derivatives of F are positive definite; f: far, R and the angle are
        monotone, and their corners suffice; s: slope, the value in the middle, less what the slopes can take away.
        """
        if box[0] >= self.core[0] and box[1] <= self.core[1] and box[2] >= self.core[2] and box[3] <= self.core[3]:
            return "c" if self.is_convex(box) else ""
        return "f" if self.is_far(box) else "s" if self.mean_value(box) > self.least else ""

    def is_far(self, box: Box, more: arb = NONE) -> bool:
        """Whether F > F* + `more` by monotony: R = (1 - t)(2 + t)² / (4 + 8 w³ / c), where w = (c - t)₊ / (1 - t).

        (1 - t)(2 + t)² falls in t >= 0; w falls in t and rises in c, and so does w³ / c.
        """
        t, end, c = exact(box[0]), exact(box[1]), exact(box[3]).cos()
        w = (c - end) / (1 - end) if c > end else arb(0)
        R = (1 - t) * (2 + t) ** 2 / (4 + 8 * w**3 / c)
        return 1 - R + self.mu * (exact(box[2]) - self.angle) > self.least + more

    def mean_value(self, box: Box) -> arb:
        """Return a ball that holds F on the box, by the theorem of the mean about its middle."""
        t, angle = (box[0] + box[1]) / 2, (box[2] + box[3]) / 2
        F_t, F_a, *_ = self.slopes(between(box[0], box[1]), between(box[2], box[3]))
        along = F_t * between(box[0] - t, box[1] - t) + F_a * between(box[2] - angle, box[3] - angle)
        return self.F(exact(t), exact(angle)) + along

    def is_convex(self, box: Box) -> bool:
        """Whether the matrix of second derivatives of F is positive definite all over the box."""
        _, _, F_tt, F_ta, F_aa = self.slopes(between(box[0], box[1]), between(box[2], box[3]))
        return F_tt > 0 and F_tt * F_aa - F_ta * F_ta > 0

    def facts(self) -> dict[str, arb]:
        """Return what the theorem states: H* = 5 F*, and the pentagon's norm and bias."""
        t, c = self.ratio, self.angle.cos()
        q = (1 - t) ** 2 * (2 + t) / (2 * (1 - t) ** 3 + 4 * (c - t) ** 3 / c)
        return {"minimum": 5 * self.least, "norm": q.sqrt(), "bias": -t * q, "slope": self.mu}


def leaves(tree: str, region: Box) -> list[tuple[str, Box]]:
    """Return the leaves of a bisection and their boxes, which cover the region because they are its halves' halves.

    A "t" halves the box in t, an "a" in the angle, and both halves follow; every other letter is a leaf.
    """
    found: list[tuple[str, Box]] = []
    waiting = [region]
    for place, letter in enumerate(tree):
        if not waiting or place > MOST_BOXES:
            raise ValueError(f"the tree must end where its boxes do; got more letters after {place}")
        box = waiting.pop()
        t, angle = (box[0] + box[1]) / 2, (box[2] + box[3]) / 2
        if letter == "t":
            waiting += [(t, *box[1:]), (box[0], t, *box[2:])]
        elif letter == "a":
            waiting += [(*box[:2], angle, box[3]), (*box[:3], angle)]
        else:
            found.append((letter, box))
    if waiting:
        raise ValueError(f"the tree must cover the region; {len(waiting)} boxes are missing")
    return found


def area(box: Box) -> Fraction:
    """Return the area of a box."""
    return (box[1] - box[0]) * (box[3] - box[2])


def check_leaves(tree: str, theorem: PentagonAtTheLimit, region: Box, told: Told = lambda stage, fraction: None) -> int:
    """Return how many boxes a tree has, if each has the first reason that holds, and the convex ones fill the core."""
    convex, boxes = Fraction(0), leaves(tree, region)
    for place, (letter, box) in enumerate(boxes):
        told("checking", place / len(boxes))
        right = theorem.reason(box)
        if not right or letter != right:
            where = ", ".join(f"{float(end):.6f}" for end in box)
            raise ValueError(f"box {place}, ({where}), must have the reason {right!r}; got {letter!r}")
        convex += area(box) if letter == "c" else 0
    if convex != theorem.filled * area(theorem.core):
        raise ValueError("the convex boxes must fill the core")
    return len(boxes)


def _limit(evidence: dict[str, Any], told: Told) -> dict[str, Any]:
    if set(evidence) != {"numbers", "core", "tree"}:
        raise ValueError("the evidence must be numbers, core and tree")
    numbers, core, tree = evidence["numbers"], evidence["core"], evidence["tree"]
    if not isinstance(numbers, dict) or not isinstance(core, list) or len(core) != 4 or not isinstance(tree, str):
        raise ValueError("the evidence must have numbers, the four ends of the core, and the tree as a text")
    ends = [stated(end) for end in core]
    theorem = PentagonAtTheLimit(stated(numbers.get("ratio")), (ends[0], ends[1], ends[2], ends[3]))
    facts = theorem.facts()
    if set(numbers) != {"ratio", *facts}:
        raise ValueError(f"the numbers must be ratio, {', '.join(facts)}; got {sorted(map(str, numbers))}")
    for name, value in facts.items():
        low = stated(numbers[name])
        if not (exact(low) < value < exact(low + Fraction(1, 10**DIGITS))):
            raise ValueError(f"the {name} must hold {value.str(DIGITS, radius=False)}; got {numbers[name]}")
    return {"boxes": check_leaves(tree, theorem, theorem.REGION, told), **{name: numbers[name] for name in facts}}


def evidence_of(certificate: Any, theorem: str, size: tuple[int, int], names: set[str]) -> dict[str, Any]:
    """Return the evidence of a theorem about so many features and dimensions, if a certificate has all of it."""
    evidence = certificate.get("evidence") if isinstance(certificate, dict) else None
    said = {"theorem": theorem, "n_features": size[0], "n_hidden": size[1], "evidence": evidence}
    if certificate != said or not isinstance(evidence, dict) or set(evidence) != names:
        dimensions = f"{size[1]} dimension{'s' if size[1] > 1 else ''}"
        raise ValueError(f"the theorem must be about {size[0]} features in {dimensions}, with its evidence")
    return evidence


def parts_checked(check: Callable[[Any], Any], parts: Sequence[Any], each: Each, told: Told) -> list[Any]:
    """Return what the check of each part of a certificate returns; long parts are begun first."""
    order, found = sorted(range(len(parts)), key=lambda place: -len(repr(parts[place]))), dict[int, Any]()
    told("checking", 0.0)
    for place, one in zip(order, each(check, [parts[place] for place in order]), strict=True):
        found[place] = one
        told("checking", len(found) / len(parts))
    return [found[place] for place in range(len(parts))]


def check(certificate: Any, told: Told = lambda stage, fraction: None) -> dict[str, Any]:
    """Return what a certificate proves, or raise a ValueError that says where it fails.

    Parameters
    ----------
    certificate
        What ``json.load`` gives for the file.
    told
        Called with a stage and the fraction of it that is done.

    Examples
    --------
    >>> check({})
    Traceback (most recent call last):
    ValueError: the certificate must be of the pentagon at the limit, 5 features in 2 dimensions, with its evidence
    """
    evidence = certificate.get("evidence") if isinstance(certificate, dict) else None
    said = {"theorem": "pentagon at the limit", "n_features": 5, "n_hidden": 2, "evidence": evidence}
    if certificate != said or not isinstance(evidence, dict):
        raise ValueError(
            "the certificate must be of the pentagon at the limit, 5 features in 2 dimensions, with its evidence"
        )
    with ctx.workprec(PRECISION):
        return _limit(evidence, told)


if __name__ == "__main__":
    for name, fact in check(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).items():
        print(f"{name}: {fact}")
