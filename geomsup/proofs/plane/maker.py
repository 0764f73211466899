"""The certificate of two features of unequal importance: strips of p, whose boxes are halved until all have reasons."""

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
from geomsup.proofs.onset import onset
from geomsup.proofs.outputs import best_bias, output
from geomsup.proofs.places import Box, Place, local_of
from geomsup.proofs.plane.checker import Strip, strip_of
from geomsup.threads import Progress

__all__ = ["Digon", "ends", "strip_between", "unequal_on_one_axis"]

# Ends of strips, and in how many strips they divide the way from the end before. Below 0.02 trees grow without end: at
# p = 0 all digons lose as little as the first feature alone. Strips are narrower where boxes are many at once.
JUMP = ("0.02", 1), ("0.03", 2), ("0.08", 5), ("0.1", 1), ("0.49", 26), ("0.51", 2), ("0.511", 1), ("0.535", 3)
STEADY = ("0.535", 1), ("0.56", 5), ("0.8", 12), ("0.82", 2), ("0.83", 2)
BEHIND = ("0.83", 1), ("0.87", 4), ("0.92", 5), ("1", 4)
# Of a price below where the second feature is stored. Boxes of 1 % are narrow enough for the first one; the second one
# is for probabilities at which a long valley of digons loses nearly the same.
MARGIN, WIDER, VALLEY = 2e-4, 1e-3, (0.51, 0.88)
ABOVE, DIGITS, PLACES = 2e-5, 6, 12  # of the upper line over its model; digits of ends and lines, and of states
SAMPLES = 9  # of a strip, for its lines
LEASTS = "0.049", "0.03", "0.02", "0.01", "0.005", "0.003", "0.002", "0.001"  # the first whose tree is this short:
SHORT = 8000
STARTS = (0.05, -1.0), (0.03, -2.0), (0.01, -4.0)  # log q_1 and log q_2 of digons where descents begin
EXACT = {"xatol": 1e-10, "fatol": 1e-14, "maxiter": 4000}  # of the descents


class Digon:
    """The digon that is stored at the least importance: norms², biases divided by p, and that importance."""

    def __init__(self, p: float, start: Sequence[Sequence[float]] = STARTS) -> None:
        found = [minimize(lambda x: self.price(x, p), one, method="Nelder-Mead", options=EXACT) for one in start]
        best = min(found, key=lambda one: one.fun)
        self.importance, self.place = float(best.fun), tuple(best.x)
        self.norms = [exp(one) for one in best.x]
        self.biases = [best_bias(q, sqrt(self.norms[0] * self.norms[1]), p) for q in self.norms]

    @staticmethod
    def price(logs: Sequence[float], p: float) -> float:
        """Return F(q_1) / (v - F(q_2)); a large number where the second feature gains nothing."""
        q_1, q_2 = map(exp, logs)
        s = sqrt(q_1 * q_2)
        one, other = (float(output(*map(arb, (q, s, best_bias(q, s, p), p))).G) for q in (q_1, q_2))
        gain = 1 / 3 - p / 4 - other
        return one / gain if gain > 0 else 10 - gain

    def prices(self, p: float) -> float:
        """Return the importance at another probability, for the same norms and biases divided by p."""
        q_1, q_2 = self.norms
        s = sqrt(q_1 * q_2)
        one, other = (float(output(*map(arb, (q, s, c, p))).G) for q, c in zip((q_1, q_2), self.biases, strict=True))
        return one / (1 / 3 - p / 4 - other)


def unequal_on_one_axis(progress: Progress = None) -> dict[str, Any]:
    """Return the certificate as plain values."""
    places = [(*pair, parts is STEADY) for parts in (JUMP, STEADY, BEHIND) for pair in pairwise(ends(parts))]
    strips = []
    with ctx.workprec(PRECISION):
        for low, high, is_steady in places:
            if progress is not None:
                progress("bisecting", float(low))
            strips.append(strip_between(low, high, is_steady))
    evidence = {"strips": strips}
    return {"theorem": "two features of unequal importance", "n_features": 2, "n_hidden": 1, "evidence": evidence}


def ends(parts: Sequence[tuple[str, int]]) -> list[Fraction]:
    """Return ends of strips.

    Examples
    --------
    >>> [float(one) for one in ends((("0.5", 1), ("0.6", 1), ("0.8", 2)))]
    [0.5, 0.6, 0.7, 0.8]
    """
    found = [Fraction(parts[0][0])]
    for text, count in parts[1:]:
        low, high = found[-1], Fraction(text)
        found += [low + (high - low) * k / count for k in range(1, count + 1)]
    return found


def strip_between(low: Fraction, high: Fraction, is_steady: bool) -> dict[str, Any]:
    """Return a strip with its trees."""
    rho = sqrt(1 - 0.75 * float(low))
    data: dict[str, Any] = {
        "p": [decimals(end, DIGITS) for end in (low, high)],
        "line": [],
        "upper": [],
        "state": [],
        "least": "",
        "most": decimals(Fraction((1 + rho) / (1 - rho)) + 1, 2),
        "long": "",
        "short": "",
        "near": "",
    }
    if not is_steady:
        data |= _lines(float(low), float(high))
    price = max(map(float, data["line"]), default=float(onset(arb(float(high)))[0]))
    for least in LEASTS:
        if Fraction(least) < low / 2 and (1 - float(least)) ** 2 > price:
            strip = strip_of({**data, "least": least})
            near = halved(
                strip.near,
                strip.reason_near,
                lambda box: [3 * _width(box, 0), _width(box, 1) / 3, _width(box, 2)],
                SHORT,
            )
            if near:
                break
    else:
        raise ArithmeticError(f"no tree near the first feature alone is short at p = {float(low)}")
    trees = {
        name: halved(strip.region, lambda box, k=k: strip.reason(box, k), lambda box, k=k: _sides(strip, box, k))
        for k, name in ((1, "long"), (0, "short"))
    }
    return {**data, "least": least, **trees, "near": near}


def _width(box: Box, axis: int) -> float:
    return float(box[2 * axis + 1] - box[2 * axis])


def _lines(low: float, high: float) -> dict[str, Any]:
    """Return both lines of a strip, and the model of the upper one if that is below the onset."""
    p = np.linspace(low, high, SAMPLES)
    share = (p - low) / (high - low)
    begins = np.array([float(onset(arb(float(one)))[0]) for one in p])
    middle_p = (low + high) / 2
    middle = Digon(middle_p)
    least = np.array(
        [min(Digon(float(one), [middle.place]).importance, top) for one, top in zip(p, begins, strict=True)]
    )
    fixed = np.array([middle.prices(float(one)) for one in p])
    margin = WIDER if VALLEY[0] < middle_p < VALLEY[1] else MARGIN
    down = least[[0, -1]] - max(0, (least[0] + share * (least[-1] - least[0]) - least).max()) - margin
    up = fixed[[0, -1]] + max(0, (fixed - fixed[0] - share * (fixed[-1] - fixed[0])).max()) + ABOVE
    data = {"line": [decimals(Fraction(float(one)), DIGITS) for one in down]}
    if (up[0] + share * (up[1] - up[0]) < begins - ABOVE).all():
        data["upper"] = [decimals(Fraction(float(one)), DIGITS) for one in up]
        data["state"] = [decimals(Fraction(one), PLACES) for one in (*middle.norms, *middle.biases)]
    return data


def _sides(strip: Strip, box: Box, first: int) -> list[float]:
    """Return how much p, Q and r change the loss within a box; where that is not known, their relative widths."""
    place = Place(box)
    both = place.both()
    if both is None:
        return [_width(box, 0), 2 * _width(box, 1) / float(box[2]), _width(box, 2) / float(box[4])]
    local = local_of(place, strip.weighed(place, both, strip.price(place.p), first))
    slopes = (local.slopes[2], *local.slopes[:2])
    return [float((slope * way).rad()) for slope, way in zip(slopes, local.ways, strict=True)]
