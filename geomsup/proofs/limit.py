"""The certificate of the pentagon where one feature is active: the region, halved until the checker has a reason."""

from fractions import Fraction
from typing import Any

from flint import arb, ctx

from geomsup.proofs.bisection import bisected, decimals
from geomsup.proofs.checker import DIGITS, FINER, PRECISION, Box, PentagonAtTheLimit, exact
from geomsup.threads import Progress

__all__ = ["core_of_the_pentagon", "pentagon_at_the_limit", "ratio_of_the_pentagon"]

# Cells of the core per side of the region. In coarser ones the second derivatives vary too much to be bounded in few
# boxes; in finer ones F is so flat around the core that slopes need more boxes.
CELLS = 256, 512


def pentagon_at_the_limit(progress: Progress = None) -> dict[str, Any]:
    """Return the certificate as plain values.

    Examples
    --------
    >>> len(pentagon_at_the_limit()["evidence"]["tree"]) < 5000
    True
    """
    with ctx.workprec(PRECISION):
        ratio = ratio_of_the_pentagon()
        core = core_of_the_pentagon(ratio)
        theorem = PentagonAtTheLimit(ratio, core)
        numbers = {name: _rounded_down(value) for name, value in theorem.facts().items()}
        return {
            "theorem": "pentagon at the limit",
            "n_features": 5,
            "n_hidden": 2,
            "evidence": {
                "numbers": {"ratio": decimals(ratio, FINER)} | numbers,
                "core": [decimals(end, DIGITS) for end in core],
                "tree": bisected(theorem, theorem.REGION, progress),
            },
        }


def ratio_of_the_pentagon() -> Fraction:
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


def core_of_the_pentagon(ratio: Fraction) -> Box:
    """Return the cell of the pentagon and those around it."""
    _, right, _, top = PentagonAtTheLimit.REGION
    sides = right / CELLS[0], top / CELLS[1]
    t, angle = int(ratio / sides[0]), int(float(2 * arb.pi() / 5) / sides[1])
    return (t - 1) * sides[0], (t + 2) * sides[0], (angle - 1) * sides[1], (angle + 2) * sides[1]


def _rounded_down(value: arb) -> str:
    units = (value * 10**DIGITS).floor().unique_fmpz()
    if units is None:
        raise ArithmeticError(f"{value} is not known to {DIGITS} digits")
    return decimals(Fraction(int(units), 10**DIGITS), DIGITS)
