"""The certificate of three features on one axis: cells are halved until the checker has a reason for each."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.optimize import minimize

from geomsup.proofs.bisection import decimals
from geomsup.proofs.shared.cells import DIGONS, Claim
from geomsup.proofs.shared.checker import REGION, SIGNS, halves, loss_of, place_of, reason
from geomsup.threads import Progress

__all__ = ["best_model", "place_at", "three_on_one_axis", "tree_of"]

# How far below the model's loss the bound is, relatively. From p = 0.7 on, models whose weights have the square sum 1
# all lose nearly as much if nothing is clipped, so that cells must be small everywhere.
GAPS = {Fraction(p, 10): gap for p, gap in ((1, "0.00001"), (3, "0.000001"), (5, "0.000001"), (7, "0.01"), (9, "0.02"))}
# Weights and biases where descents begin.
STARTS = (1.04, 0.36, -1.02, -0.13, 0.03, 0.0), (1.0, 0.0, -1.0, 0.05, 0.2, 0.05), (0.9, -0.3, -0.3, 0.3, 0.5, 0.5)
EXACT = {"xatol": 1e-9, "fatol": 1e-14, "maxiter": 4000, "maxfev": 4000, "adaptive": True}
PLACES = 9
SMALL = 1e-5  # weight that is 0: descents end within 1e-6


def three_on_one_axis(progress: Progress = None) -> dict[str, Any]:
    """Return the certificate as plain values."""
    places = list[dict[str, Any]]()
    for number, p in enumerate(DIGONS):
        if progress is not None:
            progress("bisecting", number / len(DIGONS))
        places.append(place_at(p, GAPS[p]))
    return {"theorem": "three features on one axis", "n_features": 3, "n_hidden": 1, "evidence": {"places": places}}


def best_model(p: Fraction) -> tuple[list[str], list[str]]:
    """Return weights and biases that lose the least of what is found, as decimals."""

    def loss(state: Sequence[float]) -> float:
        numbers = [Fraction(round(one * 2**30), 2**30) for one in state]
        return float(loss_of(p, numbers[:3], numbers[3:]))

    found = [minimize(loss, one, method="Nelder-Mead", options=EXACT) for one in STARTS]
    best = np.array(min(found, key=lambda one: one.fun).x)
    best = minimize(loss, best, method="Nelder-Mead", options=EXACT).x
    best = np.where(abs(best) < SMALL, 0, best)
    texts = [decimals(Fraction(round(float(one) * 10**PLACES), 10**PLACES), PLACES) for one in best]
    return texts[:3], texts[3:]


def place_at(p: Fraction, gap: str) -> dict[str, Any]:
    """Return a probability with its trees."""
    weights, biases = best_model(p)
    data: dict[str, Any] = {
        "p": decimals(p, 1), "weights": weights, "biases": biases, "gap": gap, "trees": [""] * len(SIGNS),
    }  # fmt: skip
    claim, _, _ = place_of(data)
    return {**data, "trees": [tree_of(claim, signs) for signs in SIGNS]}


def tree_of(claim: Claim, signs: Sequence[int]) -> str:
    """Return the tree of some signs: cells are halved along their longer side."""
    letters, waiting = list[str](), [REGION]
    while waiting:
        cell = waiting.pop()
        letter = reason(claim, signs, cell)
        if not letter:
            letter = "r" if cell[1] - cell[0] >= cell[3] - cell[2] else "t"
            waiting += halves(cell, letter)[::-1]
        letters.append(letter)
    return "".join(letters)
