"""The certificate of two features with a penalty: strips of p, whose boxes are halved until all have reasons."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import exp, sqrt
from typing import Any

import numpy as np
from flint import arb, ctx
from scipy.optimize import minimize

from geomsup.proofs.bisection import decimals, halved
from geomsup.proofs.digon_checker import PRECISION
from geomsup.proofs.outputs import best_bias, output
from geomsup.proofs.penalty.checker import PenaltyStrip, continuous, strip_of
from geomsup.proofs.places import Box, Place, local_of
from geomsup.proofs.plane.maker import ends
from geomsup.threads import Progress

__all__ = ["Digon", "penalty_on_one_axis", "strip_between"]

# Ends of strips, and in how many strips they divide the way from the end before: as for unequal importances, below 0.03
# trees grow without end.
JUMP = ("0.03", 1), ("0.08", 5), ("0.1", 1), ("0.49", 26), ("0.498", 2), ("0.499", 1)
STEADY = ("0.499", 1), ("0.52", 3), ("0.8", 14), ("0.84", 4), ("0.86", 5)
BEHIND = ("0.86", 1), ("0.88", 3), ("0.9", 4), ("0.92", 2), ("1", 4)
# Of a line above the penalty where the second feature is stored. Boxes of 1 % are narrow enough for the first one; the
# second one is for probabilities up to `FEW`, where a long valley of digons loses nearly the same.
MARGIN, WIDER, FEW = 2e-4, 6e-4, 0.05
UNDER, DIGITS, PLACES = 5e-6, 6, 12  # of the lower line under its model; digits of ends and lines, and of states
SAMPLES = 9  # of a strip, for its lines
LEASTS = "0.049", "0.03", "0.02", "0.01", "0.005", "0.003", "0.002", "0.001"  # the first whose tree is this short:
SHORT = 8000
STARTS = (-0.7, -0.7), (-0.2, -2.0), (-0.05, -3.0), (-0.01, -5.0)  # log q_1 and log q_2 where descents begin
EXACT = {"xatol": 1e-10, "fatol": 1e-14, "maxiter": 4000}  # of the descents


class Digon:
    """The digon that is stored at the largest penalty: norms², biases divided by p, and that penalty divided by p."""

    def __init__(self, p: float, starts: Sequence[Sequence[float]] = STARTS) -> None:
        found = [minimize(lambda x: -self.price(x, p), one, method="Nelder-Mead", options=EXACT) for one in starts]
        best = min(found, key=lambda one: one.fun)
        self.penalty, self.place = -float(best.fun), tuple(best.x)
        self.norms = [exp(one) for one in best.x]
        self.biases = [best_bias(q, sqrt(self.norms[0] * self.norms[1]), p) for q in self.norms]

    @staticmethod
    def price(logs: Sequence[float], p: float) -> float:
        """Return (v - F(q_1) - F(q_2)) / s²."""
        norms = [exp(one) for one in logs]
        s = sqrt(norms[0] * norms[1])
        return _price(norms, [best_bias(q, s, p) for q in norms], p)

    def prices(self, p: float) -> float:
        """Return the penalty at another probability, for the same norms and biases divided by p."""
        return _price(self.norms, self.biases, p)


def _price(norms: Sequence[float], biases: Sequence[float], p: float) -> float:
    s = sqrt(norms[0] * norms[1])
    lost = sum(float(output(*map(arb, (q, s, c, p))).G) for q, c in zip(norms, biases, strict=True))
    return (1 / 3 - p / 4 - lost) / s**2


def penalty_on_one_axis(progress: Progress = None) -> dict[str, Any]:
    """Return the certificate as plain values."""
    with ctx.workprec(PRECISION):
        places = [(*pair, parts is STEADY) for parts in (JUMP, STEADY, BEHIND) for pair in pairwise(ends(parts))]
        strips = []
        for low, high, is_steady in places:
            if progress is not None:
                progress("bisecting", float(low))
            strips.append(strip_between(low, high, is_steady))
        small = _lower(0.0, float(ends(JUMP)[0]))
    return {
        "theorem": "two features with a penalty", "n_features": 2, "n_hidden": 1,
        "evidence": {"small": small, "strips": strips},
    }  # fmt: skip


def strip_between(low: Fraction, high: Fraction, is_steady: bool) -> dict[str, Any]:
    """Return a strip with its trees."""
    rho = sqrt(1 - 0.75 * float(low))
    data: dict[str, Any] = {
        "p": [decimals(end, DIGITS) for end in (low, high)], "line": [], "lower": [], "state": [], "least": "",
        "most": decimals(Fraction((1 + rho) / (1 - rho)) + 1, 2), "tree": "", "near": "",
    }  # fmt: skip
    if not is_steady:
        data |= {"line": _line(float(low), float(high)), **_lower(float(low), float(high))}
    for least in LEASTS:
        if Fraction(least) < low / 2:
            strip = strip_of({**data, "least": least})
            near = halved(strip.near, strip.reason_near, _sides_near, SHORT)
            if near:
                break
    else:
        raise ArithmeticError(f"no tree near one feature alone is short at p = {float(low)}")
    tree = halved(strip.region, lambda box: strip.reason(box, 0), lambda box: _sides(strip, box))
    return {**data, "least": least, "tree": tree, "near": near}


def _line(low: float, high: float) -> list[str]:
    """Return the ends of a line above the penalties where the second feature is stored."""
    p = np.linspace(low, high, SAMPLES)
    middle = Digon((low + high) / 2)
    most = np.array([max(Digon(one, [middle.place]).penalty, float(continuous(arb(one))[0])) for one in map(float, p)])
    chord = most[0] + (p - low) / (high - low) * (most[-1] - most[0])
    up = most[[0, -1]] + max(0, (most - chord).max()) + (MARGIN if low >= FEW else WIDER)
    return [decimals(Fraction(float(one)), DIGITS) for one in up]


def _lower(low: float, high: float) -> dict[str, Any]:
    """Return the lower line of a strip and its model, if it is above Λ₀."""
    p, middle = np.linspace(low, high, SAMPLES), Digon((low + high) / 2)
    fixed, begins = (
        np.array([function(float(one)) for one in p])
        for function in (middle.prices, lambda one: float(continuous(arb(one))[0]) if one else 1 / 3)
    )
    share = (p - low) / (high - low)
    down = fixed[[0, -1]] + min(0, (fixed - fixed[0] - share * (fixed[-1] - fixed[0])).min()) - UNDER
    if not (down[0] + share * (down[1] - down[0]) > begins + UNDER).all():
        return {"lower": [], "state": []}
    return {
        "lower": [decimals(Fraction(float(one)), DIGITS) for one in down],
        "state": [decimals(Fraction(one), PLACES) for one in (*middle.norms, *middle.biases)],
    }


def _width(box: Box, axis: int) -> float:
    return float(box[2 * axis + 1] - box[2 * axis])


def _sides_near(box: Box) -> list[float]:
    """Return how long a box of p, z and δ counts: then trees are shortest, of a few that were tried."""
    return [3 * _width(box, 0), _width(box, 1) / 3, _width(box, 2)]


def _sides(strip: PenaltyStrip, box: Box) -> list[float]:
    """Return how much p, Q and r change the loss within a box; where that is not known, their relative widths."""
    place = Place(box)
    both = place.both()
    if both is None:
        return [_width(box, 0), 2 * _width(box, 1) / float(box[2]), _width(box, 2) / float(box[4])]
    local = local_of(place, strip.weighed(place, both, strip.price(place.p), 0))
    slopes = (local.slopes[2], *local.slopes[:2])
    return [float((slope * way).rad()) for slope, way in zip(slopes, local.ways, strict=True)]
