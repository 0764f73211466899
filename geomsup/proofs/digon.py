"""The certificate of two features on one axis: slices of p, whose boxes are halved until the checker has a reason."""

from fractions import Fraction
from itertools import pairwise
from math import exp
from typing import Any

from flint import arb, ctx

from geomsup.proofs.bisection import decimals, halved
from geomsup.proofs.digon_checker import PRECISION, REGION, slice_of
from geomsup.proofs.places import Box, Local, Place, local_of
from geomsup.threads import Progress

__all__ = ["crossing", "minimum", "plan", "slice_between", "two_on_one_axis"]

WIDTH = Fraction(1, 50)  # of a slice: in wider ones the state at the middle loses too much at the ends
BRACKET = Fraction(1, 10**6)  # of the crossing: the two minima differ by 1e-8 at its ends
NEARER, TOWARDS = (
    8,
    4,
)  # slices towards the crossing, where the losses of the minima differ less: 4 of them, 8 times nearer
DIGITS, PLACES, FINER = 6, 12, 40  # of ends of slices, of states, and of ends of cores; those of ends are exact
STEPS = 30  # of Newton's method for a state: 6 are enough
HALVINGS = 40  # of the interval of the crossing: 1e-12
# Q and r of the minima where Newton's method starts: at p = 0 both norms are 1; unequal ones as descents found them.
EQUAL_START, UNEQUAL_START = (2.0, 1.0), (1.12, 1.78)
AROUND = Fraction(7, 10), Fraction(72, 100)  # of the crossing: before it equal norms lose less, behind it more
# Sides of boxes are compared after multiplication with these: then trees are shortest, of a few that were tried.
BY_P, BY_Q = 1.0, 2.5
EQUAL = Fraction(1, 20)  # of Q, to both sides: where minima of equal norms may be
CELLS = 1024, 4096  # of the core per side of the region, in Q and r
ACROSS = 0.03  # of r, to both sides: the minimum moves by 0.02 in a slice


def two_on_one_axis(progress: Progress = None) -> dict[str, Any]:
    """Return the certificate as plain values."""
    slices, states = [], {"equal": EQUAL_START, "unequal": UNEQUAL_START}
    with ctx.workprec(PRECISION):
        for kinds, low, high in plan():
            if progress is not None:
                progress("bisecting", float(low))
            for kind in kinds:
                states[kind] = minimum((low + high) / 2, states[kind])
            slices.append(slice_between(low, high, {kind: states[kind] for kind in kinds}))
    return {"theorem": "two features on one axis", "n_features": 2, "n_hidden": 1, "evidence": {"slices": slices}}


def plan() -> list[tuple[tuple[str, ...], Fraction, Fraction]]:
    """Return the slices, and which minima may be the lowest there."""
    before, behind = crossing()
    near = [BRACKET * NEARER**power for power in range(1, TOWARDS + 1)]
    wide = [WIDTH * number for number in range(int(1 / WIDTH) + 1)]
    low = [p for p in wide if p < before - near[-1]] + [before - way for way in near[::-1]] + [before]
    high = [behind] + [behind + way for way in near] + [p for p in wide if p > behind + near[-1]]
    parts = [(("equal",), one, other) for one, other in pairwise(low)]
    return [*parts, (("equal", "unequal"), before, behind), *((("unequal",), a, b) for a, b in pairwise(high))]


def crossing() -> tuple[Fraction, Fraction]:
    """Return two decimals that the crossing is between."""
    low, high = AROUND
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        losses = [_best_at(middle, minimum(middle, start))[0] for start in (EQUAL_START, UNEQUAL_START)]
        low, high = (middle, high) if losses[0] < losses[1] else (low, middle)
    before = low // BRACKET * BRACKET
    return before, before + BRACKET


def minimum(p: Fraction, start: tuple[float, float]) -> tuple[float, float]:
    """Return Q and r where both slopes vanish, by Newton's method along log Q and log r; along log Q only for r = 1."""
    Q, r = start
    for _ in range(STEPS):
        local = _best_at(p, (Q, r))[2]
        (by_Q, by_r), (QQ, Qr, rr) = map(float, local.at), map(float, local.second)
        if r == 1:
            Q *= exp(-by_Q / QQ)
        else:
            size = QQ * rr - Qr * Qr
            Q, r = Q * exp((Qr * by_r - rr * by_Q) / size), r * exp((Qr * by_Q - QQ * by_r) / size)
    return Q, r


def _best_at(p: Fraction, place: tuple[float, float]) -> tuple[arb, list[float], Local]:
    """Return the loss, the biases divided by p, and the derivatives at a point."""
    Q, r = map(Fraction, place)
    point = Place((p, p, Q, Q, r, r))
    both = point.both()
    if both is None:
        raise ArithmeticError(f"the best biases at p = {float(p)}, Q = {float(Q)}, r = {float(r)} are not known")
    return both[0].least + both[1].least, [float(one.bias) for one in both], local_of(point, both)


def slice_between(low: Fraction, high: Fraction, states: dict[str, tuple[float, float]]) -> dict[str, Any]:
    """Return a slice with its tree."""
    equal, unequal = states.get("equal"), states.get("unequal")
    Q, r = state = equal or unequal or EQUAL_START
    data: dict[str, Any] = {
        "p": [decimals(end, DIGITS) for end in (low, high)],
        "state": [decimals(Fraction(one), PLACES) for one in (Q, r, *_best_at((low + high) / 2, state)[1])],
        "equal": [decimals(Fraction(equal[0]) * (1 + way), PLACES) for way in (-EQUAL, EQUAL)] if equal else [],
        "core": [decimals(end, FINER) for end in _core(*unequal)] if unequal else [],
        "tree": "",
    }
    part = slice_of(data)
    data["tree"] = halved((part.low, part.high, *REGION), part.reason, _sides)
    return data


def _core(Q: float, r: float) -> list[Fraction]:
    """Return the cells around a minimum, one to both sides along Q, and more along r."""
    ends = []
    for place, low, high, cells, more in ((Q, *REGION[:2], CELLS[0], 0.0), (r, *REGION[2:], CELLS[1], ACROSS)):
        side = (high - low) / cells
        cell, around = int((Fraction(place) - low) / side), max(1, round(place * more / float(side)))
        ends += [low + (cell - around) * side, low + (cell + around + 1) * side]
    return ends


def _sides(box: Box) -> list[float]:
    """Return how long a box counts along p, Q and r."""
    p0, p1, Q0, Q1, r0, r1 = map(float, box)
    return [BY_P * (p1 - p0), BY_Q * (Q1 - Q0) / Q0, (r1 - r0) / r0]
