"""The certificate of three features in the plane: cells are halved until the checker has a reason for each."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.optimize import minimize

from geomsup.proofs.bisection import decimals
from geomsup.proofs.decoders.cells import Cells, Claim
from geomsup.proofs.decoders.checker import AXES, PROBABILITIES, TIED, loss_of, place_of, spare_of
from geomsup.proofs.decoders.digons import NEAR
from geomsup.threads import Progress

__all__ = ["best_model", "place_at", "preorder", "three_in_the_plane", "tree_of"]

# How far below the model's loss the bound is, relatively, with any decoder; with W it is not below. Other decoders lose
# less than tied ones at p = 0.1, 0.3 and 0.5, by 7.3, 6.4 and 2.3 %. At 0.9 many planes are nearly as good as the best.
GAPS = {Fraction(p, 10): gap for p, gap in ((1, "0.082"), (3, "0.067"), (5, "0.0262"), (7, "0.000001"), (9, "0.002"))}
# Weights of the sides of cells of r, t and u: the loss changes least along u, which has the longest side.
SIDES = 1.0, 1.0, 0.2
STRICTER = Fraction(1, 10**10)  # of the claim: what holds here, holds too where sums are in another order
PLACES = 9
EXACT = {"xatol": 1e-10, "fatol": 1e-16, "maxiter": 400}


def three_in_the_plane(progress: Progress = None) -> dict[str, Any]:
    """Return the certificate as plain values."""
    steps = [(False, p, GAPS[p]) for p in PROBABILITIES] + [(True, p, "0.0") for p in TIED]
    places = list[dict[str, Any]]()
    for number, (tied, p, gap) in enumerate(steps):
        if progress is not None:
            progress("bisecting", number / len(steps))
        places.append(place_at(p, gap, tied))
    evidence = {"places": places[: len(PROBABILITIES)], "tied": places[len(PROBABILITIES) :]}
    return {"theorem": "three features in the plane", "n_features": 3, "n_hidden": 2, "evidence": evidence}


def _digon(norm: float, bias: float) -> list[float]:
    return [norm, 0, -norm, 0, 0, 1, bias, bias, 0]


def _triangle(norm: float, bias: float) -> list[float]:
    x, y = norm / 2, norm * np.sqrt(3) / 2
    return [norm, 0, -x, y, -x, -y, bias, bias, bias]


def best_model(p: Fraction) -> list[str]:
    """Return weights and biases as decimals: a digon of equal norms and a row of its own, or a regular triangle."""
    best, least = list[Fraction](), 1.0
    for family in (_digon, _triangle):

        def numbers(state: Sequence[float], family: Any = family) -> list[Fraction]:
            return [Fraction(round(float(one) * 10**PLACES), 10**PLACES) for one in family(*state)]

        def loss(state: Sequence[float], numbers: Any = numbers) -> float:
            model = numbers(state)
            return float(loss_of(p, model[:6], model[6:]))

        found = minimize(loss, (1.0, 0.05), method="Nelder-Mead", options=EXACT)
        if found.fun < least:
            best, least = numbers(found.x), found.fun
    return [decimals(one, PLACES) for one in best]


def place_at(p: Fraction, gap: str, tied: bool = False) -> dict[str, Any]:
    """Return a probability with its tree."""
    model = best_model(p)
    data: dict[str, Any] = {"p": decimals(p, 1), "weights": model[:6], "biases": model[6:], "gap": gap, "trees": [""]}
    claim, _, _ = place_of(data, tied)
    return {**data, "trees": [preorder(tree_of(Claim(p, claim.exact_least * (1 + STRICTER), tied, float(gap))))]}


def tree_of(claim: Claim) -> list[str]:
    """Return the letters of each level: cells are halved along their longest side."""
    cells, levels = Cells.region(claim.tied), list[str]()
    while len(cells.ends):
        near = spare_of(claim, cells) > 2 * NEAR
        done = claim.holds(cells) & ~near
        sides = cells.ends[:, 1::2] - cells.ends[:, ::2]
        axes = np.argmax(sides * SIDES[: sides.shape[1]], axis=1)
        levels.append("".join(np.where(near, "d", np.where(done, "v", np.array(list(AXES))[axes]))))
        cells = cells.halves(~(near | done), axes)
    return levels


def preorder(levels: Sequence[str]) -> str:
    """Return the tree as a text: each cell before its halves."""
    letters, rest, waiting = list[str](), [iter(level) for level in levels], [0]
    while waiting:
        level = waiting.pop()
        letters.append(next(rest[level]))
        if letters[-1] in AXES:
            waiting += [level + 1, level + 1]
    return "".join(letters)
