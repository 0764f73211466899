"""Write target_losses.json: losses to other targets, of the fourth power, by the number of active features, exactly.

Recipe: python -m tests.data.make_target_losses. Nothing of geomsup is imported. For a set of present features and
one outcome of their pieces, the integral over the values is done plainly: cube vertices for all values but the
output's own, y, then a polynomial in y on the part of [0, 1] where the output is positive (or the target changes).
Gradients are central differences with a step of 10^-60, left out where the loss has a kink.
"""

import random
from fractions import Fraction as F
from itertools import product
from math import comb, factorial, sqrt

from tests.data.make_exact_losses import LAWS, LEAKS, digits, outcomes, pieces, slopes_of, write

# τ(x) = slope x^degree: slope below 0, above 0, degree
TARGETS = {"identity": (1, 1, 1), "abs": (-1, 1, 1), "relu": (0, 1, 1), "square": (1, 1, 2)}


def times(p, q):
    """The product of two polynomials, lists of coefficients."""
    result = [F(0)] * (len(p) + len(q) - 1)
    for i, one in enumerate(p):
        for j, other in enumerate(q):
            result[i + j] += one * other
    return result


def to_the(p, power):
    result = [F(1)]
    for _ in range(power):
        result = times(result, p)
    return result


def integral(p, low, high):
    """∫ p from low to high, 0 if high is below low."""
    if high <= low:
        return F(0)
    return sum(value * (high ** (k + 1) - low ** (k + 1)) / (k + 1) for k, value in enumerate(p))


def positive(p, c, slope, others, power):
    """E p(y) (c + slope y + Σ others_j y_j)_+^power, y and y_j ~ U[0, 1]."""
    others = [value for value in others if value != 0]
    order = power + len(others)
    vertices = [(c, 1)]
    for value in others:
        vertices = [(t + value * e, s * (1 if e else -1)) for t, s in vertices for e in (0, 1)]
    total = F(0)
    for t, sign in vertices:
        low, high = F(0), F(1)
        if slope > 0:
            low = max(low, -t / slope)
        elif slope < 0:
            high = min(high, -t / slope)
        elif t <= 0:
            continue
        total += sign * integral(times(p, to_the([t, slope], order)), low, high)
    for value in others:
        total /= value
    return total * F(factorial(power), factorial(order))


def piece_loss(i, present, a, b, leak, slope, degree, power):
    """E (τ(x_i) - f(u))^power for τ = slope x^degree; x_i = 0 if it is not present."""
    low, width = present.get(i, (F(0), F(0)))
    own = a[i] if i in present else F(0)
    c = b + sum((a[j] * present[j][0] for j in present if j != i), F(0)) + own * low
    others = [a[j] * present[j][1] for j in present if j != i]
    target = [slope * value for value in to_the([low, width], degree)]
    total = F(0)
    for r in range(power + 1):
        p = to_the(target, power - r)
        factor = comb(power, r) * (-1) ** r
        if r == 0:
            total += integral(p, F(0), F(1))
            continue
        above = positive(p, c, own * width, others, r)
        below = positive(p, -c, -own * width, [-value for value in others], r) if leak else F(0)
        total += factor * (above + (-leak) ** r * below)
    return total


def set_loss(i, present, a, b, leak, target, power):
    """The same for a target that may have another slope below 0: the own piece is cut there."""
    below, above, degree = TARGETS[target]
    low, width = present.get(i, (F(0), F(0)))
    if below == above or not low < 0 < low + width:
        slope = below if low < 0 else above
        return piece_loss(i, present, a, b, leak, slope, degree, power)
    left, right = present | {i: (low, -low)}, present | {i: (F(0), low + width)}
    return -low / width * piece_loss(i, left, a, b, leak, below, degree, power) + (low + width) / width * piece_loss(
        i, right, a, b, leak, above, degree, power
    )


def by_active(W, b, p, importance, laws, units, leak, target, power):
    """What each number of active features adds to the loss."""
    n = len(W)
    gram = [[sum(x * y for x, y in zip(u, v, strict=True)) for v in W] for u in W]
    parts = [F(0)] * (n + 1)
    for choice in product(*(list(outcomes(unit, p, laws)) for unit in units)):
        weight, present = F(1), {}
        for probability, some in choice:
            weight *= probability
            present |= some
        if weight:
            active = sum(low != 0 or width != 0 for low, width in present.values())
            loss = sum(importance[i] * set_loss(i, present, gram[i], b[i], leak, target, power) for i in range(n))
            parts[active] += weight * loss
    return parts


def loss(*arguments):
    return sum(by_active(*arguments))


def cases():
    """Yield (name, W, b, p, importance, law names, units, activation, target, power)."""
    rng = random.Random(4)
    laws = {**LAWS, "with zero": {"law": "discrete", "values": [0, 1], "weights": [0.25, 0.75]}}
    for trial in range(180):
        names = rng.choice([["uniform"], ["signed"], ["signed"], ["binary"], ["counts"], ["spins"], list(laws)])
        n, m = rng.choice([1, 2, 2, 3, 3, 4]), rng.choice([1, 2, 3])
        scale = [10.0 ** rng.choice([0, 0, 0, 0, 0, -3, -8, -15, 1]) for _ in range(n)]
        W = [[scale[i] * rng.gauss(0, 1) / sqrt(m) for _ in range(m)] for i in range(n)]
        if trial % 7 == 0:  # nearly perfect: the loss of the fourth power is some 10^-16 or 10^-24
            W = [[float(i == j) + rng.choice([1e-4, 1e-6]) * rng.gauss(0, 1) for j in range(n)] for i in range(n)]
        if trial % 5 == 0:
            W = [[round(v, 1) for v in row] for row in W]
        tiny = trial % 7 == 0
        b = [
            rng.choice([0.0, 1e-5 * rng.gauss(0, 1)] if tiny else [0.0, rng.gauss(0, 0.2), rng.gauss(0, 2)]) for _ in W
        ]
        p = [rng.choice([1e-9, 0.01, 0.25, 0.5, 1.0]) for _ in range(n)]
        order, correlated, anticorrelated, tables = rng.sample(range(n), n), [], [], []
        while len(order) >= 2 and trial % 2:
            size = rng.randint(2, min(3, len(order)))
            group, order = order[:size], order[size:]
            kind = rng.choice(["correlated", "anticorrelated", "joint"])
            if kind == "correlated":
                correlated.append(group)
                for j in group:
                    p[j] = p[group[0]]
            elif kind == "anticorrelated":
                anticorrelated.append(group)
                for j in group:
                    p[j] = min(p[j], 0.25)
            else:
                sets = [[j for k, j in enumerate(group) if code >> k & 1] for code in range(1, 2**size)]
                chosen = rng.sample(sets, rng.randint(1, len(sets)))
                shares = [2.0 ** -(k + 1) for k in range(len(chosen))]
                tables.append((group, list(zip(chosen, shares, strict=True))))
        for members, table in tables:
            for j in members:
                p[j] = sum(q for present, q in table if j in present)  # dyadic: exact
        yield (
            f"target {trial}", W, b, p, [rng.choice([1.0, 0.5, 2.0]) for _ in W],
            [laws[rng.choice(names)] for _ in W], (correlated, anticorrelated, tables),
            rng.choice(["relu", "relu", *LEAKS]), rng.choice(list(TARGETS)), rng.choice([2, 4]),
        )  # fmt: skip


def main():
    rows = []
    for name, W, b, p, importance, laws, (correlated, anticorrelated, tables), activation, target, power in cases():
        n = len(W)
        grouped = {j for group in correlated + anticorrelated + [members for members, _ in tables] for j in group}
        units = [("together", [j]) for j in range(n) if j not in grouped]
        units += [("together", group) for group in correlated] + [("one of", group) for group in anticorrelated]
        units += [("joint", [(present, F(q)) for present, q in table]) for _, table in tables]
        exact = [[[F(v) for v in row] for row in W], *([F(v) for v in values] for values in (b, p, importance))]
        exact += [[pieces(law) for law in laws], units, LEAKS[activation], target, power]
        row = {"name": name, "W": W, "b": b, "probability": p, "importance": importance, "values": laws}
        row |= {"correlated": correlated, "anticorrelated": anticorrelated, "activation": activation}
        row |= {"joint": [{"members": members, "table": table} for members, table in tables]}
        row |= {"target": target, "power": power}
        parts = by_active(*exact)
        row |= {"loss": digits(sum(parts)), "by_active": [digits(part, 25) for part in parts]}
        slopes = slopes_of(loss, *exact) if n <= 3 else None
        if slopes:
            row |= {"grad_W": [[digits(v, 25) for v in line] for line in slopes[0]]}
            row |= {"grad_b": [digits(v, 25) for v in slopes[1]]}
        rows.append(row)
        print(name, target, power, row["loss"], flush=True)
    write("target_losses.json", rows, __file__)


if __name__ == "__main__":
    main()
