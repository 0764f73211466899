"""The certificates of features on one axis: cells are halved until the checker has a reason for each."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from scipy.optimize import minimize

from geomsup.proofs.bisection import decimals
from geomsup.proofs.shared.cells import PROBABILITIES, Claim
from geomsup.proofs.shared.checker import AXES, THEOREM, is_mirrored, loss_of, place_of, signs_of, together
from geomsup.threads import Progress

__all__ = ["best_model", "features_on_one_axis", "place_at", "trees_of"]

# How far below the model's loss the bound is, relatively. Where a digon and dropped features lose the least, nothing is
# between them.
GAPS = {
    3: dict(zip(PROBABILITIES, ("0.00001", "0.0", "0.0", "0.0", "0.00001"), strict=True)),
    4: dict(zip(PROBABILITIES, ("0.0001", "0.0", "0.0", "0.0", "0.00002"), strict=True)),
    5: dict(zip(PROBABILITIES, ("0.0005", "0.0", "0.0", "0.0004", "0.0003"), strict=True)),
}
# Where descents begin: weights of a digon and of all other features, and their biases; or one weight, the opposite one
# of all others, and their biases.
STARTS = (1.04, -1.02, 0.32, -0.14, 0.0, 0.03), (0.9, -0.9, 0.0, 0.15, 0.15, 0.25), (0.9, -0.28, 0.4, 0.46)
ROUGH = {"xatol": 1e-4, "fatol": 1e-9, "maxfev": 500}
EXACT = {"xatol": 1e-9, "fatol": 1e-14, "maxfev": 2000, "adaptive": True}
PLACES = 9
SMALL = 1e-5  # weight that is 0: descents end within 1e-6
TO_SPARE = 2e-10  # of losses: what holds here, holds too where sums are in another order
CHUNK = 64  # cells at a time

Told = Callable[[float], object]
Open = tuple[int, str, Sequence[float], Sequence[float]]  # number of its signs, which halves of it, and ends of ratios


def features_on_one_axis(n: int, p: Fraction | None = None, progress: Progress = None) -> dict[str, Any]:
    """Return the certificate of three or four features, or of five at one probability, as plain values."""
    places, probabilities = list[dict[str, Any]](), PROBABILITIES if p is None else [p]

    def told(fraction: float) -> None:
        if progress is not None:
            progress("bisecting", (len(places) + fraction) / len(probabilities))

    for at in probabilities:
        told(0.0)
        places.append(place_at(n, at, GAPS[n][at], told))
    return {"theorem": THEOREM, "n_features": n, "n_hidden": 1, "evidence": {"places": places}}


def best_model(n: int, p: Fraction) -> tuple[list[str], list[str]]:
    """Return weights and biases that lose the least of what is found, as decimals."""

    def model(state: Sequence[float], unit: int) -> list[Fraction]:
        half = len(state) // 2
        several = [(*part[:-1], *(part[-1],) * (n + 1 - half)) for part in (state[:half], state[half:])]
        return [Fraction(round(float(one) * unit), unit) for part in several for one in part]

    def loss(state: Sequence[float]) -> float:
        numbers = model(state, 1 << 30)
        return float(loss_of(p, numbers[:n], numbers[n:]))

    found = [minimize(loss, one, method="Nelder-Mead", options=ROUGH) for one in STARTS]
    best = min(found, key=lambda one: one.fun).x
    best = minimize(loss, best, method="Nelder-Mead", options=EXACT).x
    numbers = model([0.0 if abs(one) < SMALL else one for one in best], 10**PLACES)
    numbers[n:] = [bias if weight else p / 2 for weight, bias in zip(numbers[:n], numbers[n:], strict=True)]
    texts = [decimals(one, PLACES) for one in numbers]
    return texts[:n], texts[n:]


def place_at(n: int, p: Fraction, gap: str, told: Told = lambda fraction: None) -> dict[str, Any]:
    """Return a probability with its trees; `told` is called with the share of all ratios that is done."""
    weights, biases = best_model(n, p)
    trees = [""] * len(signs_of(n))
    data: dict[str, Any] = {"p": decimals(p, 1), "weights": weights, "biases": biases, "gap": gap, "trees": trees}
    claim, _, _ = place_of(data, n)
    return {**data, "trees": trees_of(Claim(n, p, claim.claimed, TO_SPARE), told)}


def trees_of(claim: Claim, told: Told = lambda fraction: None) -> list[str]:
    """Return the tree of each pattern of signs: cells are halved along their longest side."""
    region = (1.0,) + (0.0,) * (claim.n - 1), (1.0,) * claim.n
    letters = list[tuple[int, str, str]]()
    waiting: list[Open] = [(k, "", *region) for k in range(len(signs_of(claim.n)))]
    number_of_trees, done = len(waiting), 0.0
    while waiting:
        told(done)
        some, waiting = waiting[:CHUNK], waiting[CHUNK:]
        for (number, path, low, high), letter in zip(some, _reasons(claim, some), strict=True):
            sides = [end - start for start, end in zip(low, high, strict=True)]
            axis = sides.index(max(sides))
            letters.append((number, path, letter or AXES[axis - 1]))
            done += 0.5 ** len(path) / number_of_trees if letter else 0
            if not letter:
                middle = (low[axis] + high[axis]) / 2
                waiting.append((number, path + "0", low, (*high[:axis], middle, *high[axis + 1 :])))
                waiting.append((number, path + "1", (*low[:axis], middle, *low[axis + 1 :]), high))
    letters.sort()  # each cell before its halves
    return ["".join(letter for one, _, letter in letters if one == k) for k in range(len(signs_of(claim.n)))]


def _reasons(claim: Claim, some: Sequence[Open]) -> list[str]:
    """Return the reasons of some cells, or no letter."""
    signs = signs_of(claim.n)
    rows = [(signs[number], low, high) for number, _, low, high in some]
    cells = together(claim, rows)
    mirrored = is_mirrored(cells.low, cells.high)
    asked = [row for row, one in zip(rows, mirrored, strict=True) if not one]
    holds = iter(claim.holds(together(claim, asked))) if asked else iter(())
    return ["f" if one else "v" if next(holds) else "" for one in mirrored]
