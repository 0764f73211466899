"""The checker of the second theorem, five features of small probability: with the first one, and `several` beside it.

``python -m geomsup.proofs.sparse_checker FILE``. What the numbers prove is written in ``docs/theorems.md``, whose names
these are.
"""

import json
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from flint import arb, ctx

from geomsup.proofs.checker import (
    NONE,
    PRECISION,
    Box,
    PentagonAtTheLimit,
    between,
    check_leaves,
    evidence_of,
    exact,
    stated,
)
from geomsup.proofs.several import HARM, Form, Range, at_the_pentagon, curvature, least_of_pairs

__all__ = ["Stage", "Sublevel", "Tilted", "check_sparse", "is_strongly_convex", "stage_of"]

MOST_PIECES = 200_000  # in which second derivatives are bounded
Told = Callable[[str, float], object]


class Tilted(PentagonAtTheLimit):
    """F with quadratics taken away: G = min over q of Φ - Σ κ Δ² / 2, for Δ the way from the pentagon.

    Φ = 1 - α q + S q² + μ (angle - 2π/5), with α = (1 - t)² (2 + t).
    """

    region: Box

    def __init__(self, ratio: Fraction, core: Box, kappa: Sequence[Fraction]) -> None:
        super().__init__(ratio, core)
        self.kappa = [exact(one) for one in kappa]
        self.best_q = self.facts()["norm"] ** 2
        if not all(one > 0 for one in kappa):
            raise ValueError("the weights must be positive")

    def F(self, t: arb, angle: arb) -> arb:
        """Return G."""
        q, along_t, along_angle = self.kappa
        rest = (1 - t) ** 2 * (2 + t) - q * self.best_q
        saved = rest * rest / (4 * (self.shared(t, angle.cos())[0] - q / 2))
        turned = angle - self.angle
        lost = (q * self.best_q**2 + along_t * (t - self.ratio) * (t - self.ratio) + along_angle * turned * turned) / 2
        return 1 - saved - lost + self.mu * turned

    def slopes(self, t: arb, angle: arb) -> tuple[arb, ...]:
        """Return the derivatives of G; no numbers where a smaller q would be better without end."""
        q, along_t, along_angle = self.kappa
        c, s = angle.cos(), angle.sin()
        S, S_t, S_c, S_tt, S_tc, S_cc = self.shared(t, c)
        D = S - q / 2
        if not D > 0:
            return (arb("nan"),) * 5
        n, n_t, n_tt = (1 - t) ** 2 * (2 + t) - q * self.best_q, -3 * (1 - t**2), 6 * t
        w = n / D  # the saved n² / 4D has the derivatives of w² D / 4
        R_t, R_c = w * (2 * n_t - w * S_t) / 4, -w * w * S_c / 4
        R_tt = (2 * (n_t - w * S_t) * (n_t - w * S_t) / D + w * (2 * n_tt - w * S_tt)) / 4
        R_tc = (-2 * (n_t - w * S_t) * w * S_c / D - w * w * S_tc) / 4
        R_cc = (2 * w * w * S_c * S_c / D - w * w * S_cc) / 4
        F_t, F_a = -R_t - along_t * (t - self.ratio), R_c * s + self.mu - along_angle * (angle - self.angle)
        return F_t, F_a, -R_tt - along_t, R_tc * s, R_c * c - R_cc * s**2 - along_angle

    def is_far(self, box: Box, more: arb = NONE) -> bool:
        """No box is far: what was monotone is so no more."""
        return False


class Sublevel(PentagonAtTheLimit):
    """Where rows may be whose share of H - H* is at most δ: in a range of q, t and angles."""

    filled = 0

    def __init__(self, ratio: Fraction, core: Box, at: Range, delta: arb) -> None:
        super().__init__(ratio, core)
        self.at, self.delta = at, delta

    def reason(self, box: Box) -> str:
        """Return the letter of the first reason that holds, or "" if there is none.

        f and s: F > F* + 2δ, as in the first proof; m: middle, F > F* + δ, and the angles are in the range; n: near,
        q, t and the angles are in the range.
        """
        ends, value = self.at.ends, None
        if self.is_far(box, 2 * self.delta):
            return "f"
        value = self.mean_value(box)
        if value > self.least + 2 * self.delta:
            return "s"
        if not ends[4] <= box[2] < box[3] <= ends[5]:
            return ""
        if value > self.least + self.delta:
            return "m"
        if not ends[2] <= box[0] < box[1] <= ends[3]:
            return ""
        t = between(box[0], box[1])
        S = self.shared(t, between(box[2], box[3]).cos())[0]
        room = ((self.delta + self.least - value.lower()) / S).upper().max(arb(0)).sqrt()
        q = (1 - t) ** 2 * (2 + t) / (2 * S)
        return "n" if q - room > self.at.low_q and q + room < self.at.high_q else ""


def is_strongly_convex(at: Range, weights: Form) -> bool:
    """Whether second derivatives of ψ = 1 - α q + S q² less those of Σ weight Δ² / 2 are positive definite.

    The range is halved until that is seen.
    """
    low, high = at.ends[::2], at.ends[1::2]
    whole = [b - a for a, b in zip(low, high, strict=True)]
    waiting, pieces = [(list(low), list(high))], 0
    while waiting:
        low, high = waiting.pop()
        pieces += 1
        if pieces > MOST_PIECES:
            return False
        q, t, angle = (between(a, b) for a, b in zip(low, high, strict=True))
        if _is_definite(q, t, angle, weights):
            continue
        side = max(range(3), key=lambda k: (high[k] - low[k]) / whole[k])
        middle = (low[side] + high[side]) / 2
        waiting.append((low, [*high[:side], middle, *high[side + 1 :]]))
        waiting.append(([*low[:side], middle, *low[side + 1 :]], high))
    return True


def _is_definite(q: arb, t: arb, angle: arb, weights: Form) -> bool:
    c, s = angle.cos(), angle.sin()
    S, S_t, S_c, S_tt, S_tc, S_cc = PentagonAtTheLimit.shared(t, c)
    qq, qt, qa = 2 * S - weights[0], 3 * (1 - t * t) + 2 * q * S_t, -2 * q * s * S_c
    tt, ta, aa = q * (q * S_tt - 6 * t) - weights[1], -q * q * s * S_tc, q * q * (S_cc * s * s - S_c * c) - weights[2]
    if not tt > 0:
        return False
    qq, qa, aa = qq - qt * qt / tt, qa - qt * ta / tt, aa - ta * ta / tt  # t is eliminated
    return bool(qq > 0 and qq * aa - qa * qa > 0)


class Stage:
    """A step towards the pentagon: minima within δ are within a range, and so within a smaller δ."""

    def __init__(self, ratio: Fraction, core: Box, delta: arb, data: dict[str, Any]) -> None:
        ends = [stated(end) for end in data["range"]]
        self.at = Range(ends)
        self.sublevel = Sublevel(ratio, core, self.at, delta)
        self.tilted = None
        if data["weights"]:
            sides = [stated(end) for end in data["core"]]
            self.tilted = Tilted(ratio, (sides[0], sides[1], sides[2], sides[3]), [stated(w) for w in data["weights"]])
            self.tilted.region = (ends[2], ends[3], ends[4], ends[5])

    def delta(self, pentagon: tuple[arb, arb, arb]) -> arb:
        """Return the smaller δ."""
        value, along_q, along_t = pentagon
        r = exact(HARM)
        if self.tilted is None:
            return 3 * r * (value - least_of_pairs(self.at))
        q, t, angle = self.tilted.kappa
        bent = [3 * r * one for one in curvature(self.at)]
        load = (bent[0] / q).max(bent[1] / t).max(2 * bent[2] / angle)
        if not load < 1:
            raise ValueError("the weights must be larger than what several active features can bend")
        return 90 * r * r * (along_q * along_q / q + along_t * along_t / t) / ((1 - load) * (1 - load))


def stage_of(ratio: Fraction, core: Box, delta: arb, data: Any) -> Stage:
    """Return a stage as it is written in a certificate."""
    if not isinstance(data, dict) or set(data) != {"range", "tree", "weights", "core", "tilted"}:
        raise ValueError("a stage must have range, tree, weights, core and tilted")
    sizes = [len(data[name]) if isinstance(data[name], list) else -1 for name in ("range", "weights", "core")]
    if sizes not in ([6, 0, 0], [6, 3, 4]) or not isinstance(data["tree"], str) or not isinstance(data["tilted"], str):
        raise ValueError("a stage must have six ends, and three weights with a core or none")
    return Stage(ratio, core, delta, data)


def check_sparse(certificate: Any, told: Told = lambda stage, fraction: None) -> dict[str, Any]:
    """Return what a certificate proves, or raise a ValueError that says where it fails.

    Parameters
    ----------
    certificate
        What ``json.load`` gives for the file.
    told
        Called with a stage and the fraction of it that is done.

    Examples
    --------
    >>> check_sparse({"theorem": "pentagon of small probability", "n_features": 6, "n_hidden": 2, "evidence": {}})
    Traceback (most recent call last):
    ValueError: the theorem must be about 5 features in 2 dimensions, with its evidence
    """
    evidence = evidence_of(certificate, "pentagon of small probability", (5, 2), {"ratio", "core", "stages"})
    core, stages = evidence["core"], evidence["stages"]
    if not isinstance(core, list) or len(core) != 4 or not isinstance(stages, list) or not stages:
        raise ValueError("the evidence must have a core of four ends, and stages")
    with ctx.workprec(PRECISION):
        return _check(stated(evidence["ratio"]), [stated(end) for end in core], stages, told)


def _check(ratio: Fraction, core: list[Fraction], stages: list[Any], told: Told) -> dict[str, Any]:
    sides: Box = (core[0], core[1], core[2], core[3])
    theorem = PentagonAtTheLimit(ratio, sides)
    pentagon = at_the_pentagon(theorem.facts()["norm"] ** 2, theorem.ratio)
    delta = 3 * exact(HARM) * pentagon[0]
    wide = theorem.mu * (exact(theorem.REGION[3]) - theorem.angle) - theorem.least
    if not (2 * delta < wide and 5 * theorem.least + delta < arb(1) / 4):
        raise ValueError("wide gaps and dominated rows must cost more than a minimum can")
    boxes, bend = 0, None
    for place, data in enumerate(stages):
        told("checking", place / len(stages))
        stage = stage_of(ratio, sides, delta, data)
        boxes += check_leaves(data["tree"], stage.sublevel, stage.sublevel.REGION)
        if stage.tilted is not None:
            boxes += check_leaves(data["tilted"], stage.tilted, stage.tilted.region)
        elif data["tilted"]:
            raise ValueError("a stage without weights must have no tilted boxes")
        if place == len(stages) - 1:
            bend = stage.at
        else:
            delta = delta.min(stage.delta(pentagon))
    if bend is None or stages[-1]["weights"]:
        raise ValueError("the last stage must be a range only")
    q, t, angle = (3 * exact(HARM) * one for one in curvature(bend))
    if not is_strongly_convex(bend, (q, t, 2 * angle)):
        raise ValueError("in the last range one active feature must bend more than several can")
    low_q, high_q, low_t, high_t, *_ = bend.ends
    return {
        "boxes": boxes,
        "norm from": _outwards(exact(low_q).sqrt(), 0),
        "norm to": _outwards(exact(high_q).sqrt(), 1),
        "bias from": _outwards(-exact(high_t * high_q), 0),
        "bias to": _outwards(-exact(low_t * low_q), 1),
    }


def _outwards(number: arb, more: int) -> str:
    """Return a number with four digits, rounded down, or up if there is one `more`."""
    units = (number * 10**4).lower().floor().unique_fmpz()
    return f"{(int(units or 0) + more) / 10**4:.4f}"


if __name__ == "__main__":
    for name, fact in check_sparse(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).items():
        print(f"{name}: {fact}")
