"""The certificate of three features in the plane: cells are halved until the checker has a reason for each."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from geomsup.proofs.bisection import decimals
from geomsup.proofs.decoders.cells import Cells, Claim
from geomsup.proofs.decoders.checker import AXES, AXIS, PROBABILITIES, TIED, loss_of, place_of, spare_of, triangle_of
from geomsup.proofs.decoders.digons import NEAR
from geomsup.proofs.decoders.triangles import Triangle, in_corner
from geomsup.proofs.shared.maker import best_model as best_on_axis
from geomsup.threads import Progress

__all__ = ["best_model", "model_on_axis", "place_at", "preorder", "three_in_the_plane", "tree_of"]

# How far below the model's loss the bound is, relatively, with any decoder, where it isn't 0. Other decoders lose less
# than tied ones at p = 0.1, 0.3 and 0.5, by 7.3, 6.4 and 2.3 %.
GAPS = {Fraction(p, 10): gap for p, gap in ((1, "0.082"), (3, "0.067"), (5, "0.0262"))}
GAPS_ON_AXIS = {Fraction(7, 10): "0.002", Fraction(9, 10): "0.0002"}  # decoders lose 0.16 and 0.014 % less
# Cells are halved along u if their sides of r and t are at most SMALL, and their t is below MOST_T: near triangles no
# scales need be known. Then the side of u has the weight SIDE, as the loss changes least along it.
SMALL, MOST_T, SIDE = 0.25, 0.75, 0.2
TO_SPARE = 2e-13  # of losses: what holds here, holds too where sums are in another order
PLACES = 9
EXACT = {"xatol": 1e-10, "fatol": 1e-16, "maxiter": 400}


def three_in_the_plane(progress: Progress = None) -> dict[str, Any]:
    """Return the certificate as plain values."""
    evidence = {"places": list[dict[str, Any]](), "tied": [], "axis": []}
    steps = [(name, p) for name, some in (("places", PROBABILITIES), ("tied", TIED), ("axis", AXIS)) for p in some]
    for number, (name, p) in enumerate(steps):
        if progress is not None:
            progress("bisecting", number / len(steps))
        evidence[name].append(place_at(p, name == "tied", name == "axis"))
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


def place_at(p: Fraction, tied: bool = False, axis: bool = False) -> dict[str, Any]:
    """Return a probability with its tree."""
    model, digits = model_on_axis(p) if axis else best_model(p), 1 if p in PROBABILITIES else 6
    gap = GAPS_ON_AXIS[p] if axis else "0.0" if tied else GAPS.get(p, "0.0")
    data = {"p": decimals(p, digits), "weights": model[:6], "biases": model[6:], "gap": gap, "trees": [""]}
    claim, _, _ = place_of(data, tied, axis)
    stricter = Claim(p, claim.exact_least, tied, axis, TO_SPARE)
    return {**data, "trees": [preorder(tree_of(stricter, None if axis else triangle_of(p)))]}


def model_on_axis(p: Fraction) -> list[str]:
    """Return weights and biases of the best model of three features on one axis, the rows in the plane."""
    weights, biases = best_on_axis(3, p)
    return [*(one for weight in weights for one in (weight, "0.0")), *biases]


def tree_of(claim: Claim, triangle: Triangle | None = None) -> list[str]:
    """Return the letters of each level: cells are halved along their longest side."""
    cells, levels = Cells.region(claim.tied, claim.axis), list[str]()
    while len(cells.ends):
        digon = spare_of(claim, cells) > 2 * NEAR
        cells.ask(~digon)
        done, near = claim.holds(cells) & ~digon, np.zeros(len(cells.ends), dtype=bool)
        if triangle is not None:
            near = in_corner(cells.ends)
            done |= triangle.holds(cells) & ~digon
        axes = _axes(cells.ends)
        reasons = np.where(digon, "d", np.where(near, "e", "v"))
        levels.append("".join(np.where(digon | done, reasons, np.array(list(AXES))[axes])))
        cells = cells.halves(~(digon | done), axes)
    return levels


def _axes(ends: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return along which side to halve cells: r, t or u, as 0 to 2."""
    sides = ends[:, 1::2] - ends[:, ::2]
    if sides.shape[1] > len("rt"):
        sides[:, 2] *= SIDE * ((sides[:, :2].max(axis=1) <= SMALL) & (ends[:, 2] < MOST_T))
    return np.argmax(sides, axis=1)


def preorder(levels: Sequence[str]) -> str:
    """Return the tree as a text: each cell before its halves."""
    letters, rest, waiting = list[str](), [iter(level) for level in levels], [0]
    while waiting:
        level = waiting.pop()
        letters.append(next(rest[level]))
        if letters[-1] in AXES:
            waiting += [level + 1, level + 1]
    return "".join(letters)
