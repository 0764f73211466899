"""The certificate of the pentagon where one feature is active: the region, halved until the checker has a reason."""

from fractions import Fraction
from typing import Any

from flint import arb, ctx

from geomsup.proofs.checker import DIGITS, FINER, PRECISION, Box, PentagonAtTheLimit, exact
from geomsup.threads import Progress

__all__ = ["pentagon_at_the_limit"]

# Cells of the core per side of the region. In coarser ones the second derivatives vary too much to be bounded in few
# boxes; in finer ones F is so flat around the core that slopes need more boxes.
CELLS = 256, 512


def pentagon_at_the_limit(progress: Progress = None) -> dict[str, Any]:
    """Return the certificate as plain values.

    Examples
    --------
    >>> len(pentagon_at_the_limit()["tree"]) < 5000
    True
    """
    with ctx.workprec(PRECISION):
        ratio = _ratio()
        core = _core(ratio)
        theorem = PentagonAtTheLimit(ratio, core)
        return {
            "theorem": "pentagon at the limit",
            "n_features": 5,
            "n_hidden": 2,
            "numbers": {"ratio": _decimals(int(ratio * 10**FINER), FINER)}
            | {name: _rounded_down(value) for name, value in theorem.facts().items()},
            "core": [_decimals(int(end * 10**DIGITS), DIGITS) for end in core],
            "tree": _tree(theorem, progress),
        }


def _ratio() -> Fraction:
    """Return the ratio t* of bias and norm², rounded down."""
    unit, cosine = 10**FINER, (2 * arb.pi() / 5).cos()
    low, high = 0, 3 * unit // 10  # the cosine is above 0.3
    while high - low > 1:
        middle = (low + high) // 2
        if PentagonAtTheLimit.equation(exact(Fraction(middle, unit)), cosine) < 0:
            low = middle
        else:
            high = middle
    return Fraction(low, unit)


def _core(ratio: Fraction) -> Box:
    """Return the cell of the pentagon and those around it."""
    _, right, _, top = PentagonAtTheLimit.REGION
    sides = right / CELLS[0], top / CELLS[1]
    t, angle = int(ratio / sides[0]), int(float(2 * arb.pi() / 5) / sides[1])
    return (t - 1) * sides[0], (t + 2) * sides[0], (angle - 1) * sides[1], (angle + 2) * sides[1]


def _tree(theorem: PentagonAtTheLimit, progress: Progress) -> str:
    """Return the bisection: boxes are halved along their longer side until there is a reason."""
    letters: list[str] = []
    waiting, done = [theorem.REGION], Fraction(0)
    whole = theorem.REGION[1] * theorem.REGION[3]
    while waiting:
        box = waiting.pop()
        width, height = box[1] - box[0], box[3] - box[2]
        letter = theorem.reason(box)
        if letter:
            done += width * height
            if progress is not None:
                progress("bisecting", float(done / whole))
        elif width >= height:
            letter, middle = "t", (box[0] + box[1]) / 2
            waiting += [(middle, *box[1:]), (box[0], middle, *box[2:])]
        else:
            letter, middle = "a", (box[2] + box[3]) / 2
            waiting += [(*box[:2], middle, box[3]), (*box[:3], middle)]
        letters.append(letter)
    return "".join(letters)


def _decimals(units: int, digits: int) -> str:
    """Return a number of units in the last place as a decimal."""
    sign, text = "-" if units < 0 else "", f"{abs(units):0{digits + 1}d}"
    return f"{sign}{text[:-digits]}.{text[-digits:]}"


def _rounded_down(value: arb) -> str:
    units = (value * 10**DIGITS).floor().unique_fmpz()
    if units is None:
        raise ArithmeticError(f"{value} is not known to {DIGITS} digits")
    return _decimals(int(units), DIGITS)
