"""The certificate of a digon and a row of its own against the triangle: boxes are halved until all have reasons."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import exp, sqrt
from typing import Any

from flint import arb, ctx
from scipy.optimize import minimize

from geomsup.proofs.bisection import decimals, halved
from geomsup.proofs.checker import exact
from geomsup.proofs.digon_checker import PRECISION, REGION
from geomsup.proofs.outputs import best_bias, output
from geomsup.proofs.places import Box
from geomsup.proofs.three.checker import PROBABILITIES, place_of
from geomsup.proofs.three.pairs import Against
from geomsup.proofs.three.triangle import least
from geomsup.threads import Progress

__all__ = ["behind_at", "best_digon", "crossing", "digon_and_triangle", "penalties", "place_at"]

FAR = "0.018"  # penalty at p = 1/2: digons rise too little up to larger ones for the argument of concavity
UP_TO = "0.02"  # penalties at the tie: the argument of concavity reaches to 0.026
BRACKET = Fraction(1, 10**6)  # of the tie: losses differ by 6e-8 between its ends
AROUND, HALVINGS = (Fraction(1, 2), Fraction(11, 20)), 20  # of p: down to 5e-8
WHOLE = Fraction(5217, 10000), Fraction(5220, 10000)  # around the tie: there slopes along p are compared
# Ends of slices before and behind it, closer to each other where losses differ less.
BEFORE = [Fraction(one) for one in (
    "0.005", "0.006", "0.008", "0.01", "0.02", "0.04", "0.06", "0.08", "0.1", "0.12", "0.15", "0.18", "0.21", "0.24",
    "0.27", "0.3", "0.33", "0.36", "0.39", "0.42", "0.45", "0.48", "0.5", "0.51", "0.518", "0.52", "0.521", "0.5215",
    "0.5217",
)]  # fmt: skip
BEHIND = [Fraction(one) for one in ("0.522", "0.5223", "0.523", "0.525", "0.53")] + [
    *(Fraction(one, 50) for one in range(27, 37)), *(Fraction(one, 100) for one in range(74, 101)),
]  # fmt: skip
STARTS = (0.0, 0.0), (-0.3, 0.1), (-1.8, -0.1)  # log q_1 and log q_2 of digons where descents begin
EXACT = {"xatol": 1e-12, "fatol": 1e-18, "maxiter": 4000}  # of the descents
EQUAL = 1e-4  # difference of log q_1 and log q_2 of norms that are equal: descents end within 1e-6
PLACES = 12


def digon_and_triangle(progress: Progress = None) -> dict[str, Any]:
    """Return the certificate as plain values."""
    with ctx.workprec(PRECISION):
        low, high = crossing()
        tie = (low, low, "0.0"), (high, high, "0.0"), (*WHOLE, "0.0"), (low, high, UP_TO)
        points = [(Fraction(p), Fraction(p), "0.0") for p in PROBABILITIES]
        half = Fraction(1, 2)
        penalised = [(half, half, one) for one in (*penalties(), FAR)]
        found = list[dict[str, Any]]()
        for number, one in enumerate([*points, *penalised, *tie]):
            if progress is not None:
                progress("bisecting", number / 20)
            found.append(place_at(*one))
        before = [place_at(*one, "0.0", False) for one in pairwise(BEFORE)]
        before = [{"p": one["p"], "state": one["state"]} for one in before]
        behind = list[dict[str, Any]]()
        for one in pairwise(BEHIND):
            if progress is not None:
                progress("bisecting", float(one[0]))
            behind.append(behind_at(*one))
    evidence = {
        "points": found[:5], "penalised": found[5:8], "tie": found[8:], "before": before, "behind": behind,
    }  # fmt: skip
    return {"theorem": "digon and triangle", "n_features": 3, "n_hidden": 2, "evidence": evidence}


def best_digon(p: float, penalty: float) -> tuple[float, list[float]]:
    """Return the least loss that is found on one axis, divided by p, and Q, r and biases divided by p."""

    def loss(logs: Sequence[float]) -> float:
        norms = [exp(one) for one in logs]
        s = sqrt(norms[0] * norms[1])
        lost = sum(float(output(*map(arb, (q, s, best_bias(q, s, p), p))).G) for q in norms)
        return lost + penalty * s * s / p

    found = [minimize(loss, one, method="Nelder-Mead", options=EXACT) for one in STARTS]
    best = min(found, key=lambda one: one.fun)
    one, other = sorted(best.x)
    if other - one < EQUAL:
        one = other = (one + other) / 2
    norms = exp(one), exp(other)
    s = sqrt(norms[0] * norms[1])
    return float(best.fun), [sum(norms), sqrt(norms[1] / norms[0]), *(best_bias(q, s, p) for q in norms)]


def crossing() -> tuple[Fraction, Fraction]:
    """Return two decimals that the tie is between."""
    low, high = AROUND
    for _ in range(HALVINGS):
        p = (low + high) / 2
        digons_win = best_digon(float(p), 0.0)[0] < float(least(arb(float(p)), arb(0)).loss)
        low, high = (p, high) if digons_win else (low, p)
    before = low // BRACKET * BRACKET
    return before, before + BRACKET


def penalties() -> list[str]:
    """Return two decimals that the penalty of the tie at p = 1/2 is between."""
    low, high = Fraction(0), Fraction(FAR)
    for _ in range(HALVINGS):
        one = (low + high) / 2
        digons_win = best_digon(0.5, float(one))[0] < float(least(arb(0.5), exact(one)).loss)
        low, high = (one, high) if digons_win else (low, one)
    before = low // BRACKET * BRACKET
    return [decimals(end, PLACES // 2) for end in (before, before + BRACKET)]


def behind_at(low: Fraction, high: Fraction) -> dict[str, Any]:
    """Return a slice behind the tie: the best triangle of its middle, and the tree."""
    known = least(exact((low + high) / 2), arb(0))
    state = [decimals(Fraction(float(one)), PLACES) for one in (sum(known.ends) / 2, known.q)]
    part = Against((low, high), [Fraction(one) for one in state])
    tree = halved((low, high, *REGION), part.reason, _sides)
    return {"p": [decimals(end, PLACES // 2) for end in (low, high)], "state": state, "tree": tree}


def place_at(low: Fraction, high: Fraction, penalty: str, has_tree: bool = True) -> dict[str, Any]:
    """Return a place with its tree."""
    _, state = best_digon(float(low + high) / 2, float(penalty))
    data: dict[str, Any] = {
        "p": [decimals(end, PLACES // 2) for end in (low, high)],
        "penalty": penalty,
        "state": [decimals(Fraction(one), PLACES) for one in state],
        "tree": "",
    }
    part, _ = place_of(data)
    if not has_tree:
        return data
    return {**data, "tree": halved((low, high, *REGION), part.reason, _sides)}


def _sides(box: Box) -> list[float]:
    """Return how long a box counts along p, Q and r."""
    p0, p1, Q0, Q1, r0, r1 = map(float, box)
    return [p1 - p0, (Q1 - Q0) / Q0, (r1 - r0) / r0]
