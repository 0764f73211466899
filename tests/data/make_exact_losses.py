"""Write exact_losses.json and joint_losses.json: expected losses and gradients in exact rational arithmetic.

Recipe: python tests/data/make_exact_losses.py. Nothing of geomsup is imported. Every float of the inputs is
taken as the dyadic rational it is; losses follow inclusion-exclusion over cube vertices,

    E (c + a.y)_+^q = q!/(q+k)! Π 1/a_j Σ_{e in {0,1}^k} (-1)^{k-|e|} (c + a.e)_+^{q+k},   y ~ U[0,1]^k, a_j != 0,

one integration by parts for E x_i u_+, and sums over what the units of features can do. Gradients are central
differences with a step of 10^-60, left out where the loss has a kink (discrete values exactly on it).
"""

import json
import random
from fractions import Fraction as F
from itertools import product
from math import cos, factorial, pi, sin, sqrt
from pathlib import Path


def positive_power(c, a, q):
    """E (c + a.y)_+^q."""
    a = [value for value in a if value != 0]
    k = len(a)
    terms = [(c, 1)]
    for value in a:
        terms = [(t + value * e, s * (1 if e else -1)) for t, s in terms for e in (0, 1)]
    total = sum((s * t ** (q + k) for t, s in terms if t > 0), F(0))
    for value in a:
        total /= value
    return total * F(factorial(q), factorial(q + k))


def set_loss(i, present, a, b, leak):
    """E (x_i - f(b + Σ a_j x_j))², f(u) = u above 0 and leak u below; `present`: {j: (low, width)}, uniform.

    With v_+ = relu: f(u)² = leak² u² + (1 - leak²) u_+² and f(u) = leak u + (1 - leak) u_+.
    """
    c = b + sum((a[j] * low for j, (low, _) in present.items()), F(0))
    spread = [a[j] * width for j, (_, width) in present.items()]
    mean = c + sum(spread, F(0)) / 2
    square = mean**2 + sum((s * s for s in spread), F(0)) / 12
    loss = leak**2 * square + (1 - leak**2) * positive_power(c, spread, 2)
    if i not in present:
        return loss
    low, width = present[i]
    rest = [a[j] * width_j for j, (_, width_j) in present.items() if j != i]
    a0 = a[i] * width
    if a0 == 0:
        y_relu = positive_power(c, rest, 1) / 2
    else:
        y_relu = (positive_power(c + a0, rest, 2) - positive_power(c, [*rest, a0], 2)) / (2 * a0)
    x_relu = low * positive_power(c, spread, 1) + width * y_relu
    x_u = (low + width / 2) * mean + a0 * width / 12
    high = low + width
    return loss + (low * low + low * high + high * high) / 3 - 2 * leak * x_u - 2 * (1 - leak) * x_relu


def outcomes(unit, p, laws):
    """All (probability, {feature: (low, width)}) of a unit: "together" or "one of", members; or "joint", table."""
    kind, members = unit
    if kind == "joint":
        yield 1 - sum(q for _, q in members), {}
        for present, q in members:
            for pieces in product(*(laws[j] for j in present)):
                weight = q
                for w, _, _ in pieces:
                    weight *= w
                yield weight, {j: (low, width) for j, (_, low, width) in zip(present, pieces, strict=True)}
        return
    if kind == "together":
        yield 1 - p[members[0]], {}
        for pieces in product(*(laws[j] for j in members)):
            weight = p[members[0]]
            for w, _, _ in pieces:
                weight *= w
            yield weight, {j: (low, width) for j, (_, low, width) in zip(members, pieces, strict=True)}
    else:
        yield 1 - sum(p[j] for j in members), {}
        for j in members:
            for w, low, width in laws[j]:
                yield p[j] * w, {j: (low, width)}


def loss(W, b, p, importance, laws, units, leak):
    n = len(W)
    gram = [[sum(x * y for x, y in zip(u, v, strict=True)) for v in W] for u in W]
    total = F(0)
    for choice in product(*(list(outcomes(unit, p, laws)) for unit in units)):
        weight, present = F(1), {}
        for probability, some in choice:
            weight *= probability
            present |= some
        if weight:
            total += weight * sum(importance[i] * set_loss(i, present, gram[i], b[i], leak) for i in range(n))
    return total


def gradient(*arguments):
    return slopes_of(loss, *arguments)


def slopes_of(loss, W, b, *rest):
    """Slopes of a loss in W and b, or None at a kink: where the two one-sided differences do not agree."""
    h, here, kinks = F(1, 10**60), loss(W, b, *rest), []

    def slope(change):
        ahead, behind = (loss(*change(h), *rest) - here) / h, (here - loss(*change(-h), *rest)) / h
        kinks.append(abs(ahead - behind) > F(1, 10**30))
        return (ahead + behind) / 2

    def in_W(i, j):
        def change(step):
            moved = [list(row) for row in W]
            moved[i][j] += step
            return moved, b

        return change

    def in_b(i):
        def change(step):
            return W, [value + step * (j == i) for j, value in enumerate(b)]

        return change

    n, m = len(W), len(W[0])
    slopes = [[slope(in_W(i, j)) for j in range(m)] for i in range(n)], [slope(in_b(i)) for i in range(n)]
    return None if any(kinks) else slopes


def digits(value, places=40):
    """A decimal with `places` significant digits."""
    if value == 0:
        return "0"
    shift = 0
    while abs(value) * F(10) ** shift < F(10) ** (places - 1):
        shift += 1
    return f"{round(value * F(10) ** shift)}e-{shift}"


def polygon(k, norm):
    return [[norm * cos(2 * pi * i / k), norm * sin(2 * pi * i / k)] for i in range(k)]


def cases():
    """Yield (name, W, b, p, importance, low, high), plain floats."""
    s = 1 / sqrt(3)
    yield "two in one, golden", [[0.8], [-0.6]], [0.1, 0.05], 0.3, [1, 0.5], 0, 1
    yield "pentagon, golden", polygon(5, 1.1), -0.2, 0.1, 1, 0, 1
    yield "tetrahedron, golden", [[s, s, s], [s, -s, -s], [-s, s, -s], [-s, -s, s]], 0.05, 0.5, 1, 0, 1
    yield "triangle, golden", polygon(3, 1), 0, 0.25, 1, 0, 1
    yield "digon, golden", [[1.0], [-1.0]], 0, 0.25, 1, 0, 1
    yield "hexagon", polygon(6, 1.3205), -0.618, 0.01, 1, 0, 1
    yield "pentagon, dense", polygon(5, 0.9), 0.05, 0.95, 1, 0, 1
    yield "one feature", [[0.9]], 0.05, 0.2, 1, 0, 1
    yield "dead feature", [[1.0], [-1.0], [0.0]], [0, 0, 0.1], 0.2, 1, 0, 1
    yield "all dead", [[0.0], [0.0]], [0.1, -0.1], 0.3, 1, 0, 1
    yield "always present", [[0.7], [-0.7]], [0.3, 0.2], 1.0, 1, 0, 1
    yield "never present", [[0.7], [-0.7]], [0.3, -0.2], 0.0, 1, 0, 1
    yield (
        "some always present",
        [[0.7, 0.1], [-0.7, 0.2], [0.1, 0.8]],
        [0.3, 0.2, 0.0],
        [1.0, 0.3, 0.0],
        1,
        0,
        1,
    )
    yield "rare", polygon(5, 1.17), -0.28, 1e-9, 1, 0, 1
    yield "importances", polygon(4, 1.0), [-0.1, 0.0, 0.1, 0.05], [0.1, 0.2, 0.3, 0.4], [1, 0.1, 10, 0], 0, 1
    yield "large weights", polygon(5, 30.0), [-7, 3, 0, 1, 20], 0.2, 1, 0, 1
    yield "large bias", polygon(3, 1.0), [100.0, -100.0, 1e4], 0.2, 1, 0, 1
    yield "kink at zero", [[1.0, 0.5], [-0.5, 1.0], [0.25, -1.0]], 0, 0.3, 1, 0, 1
    yield "signed values", [[0.8, 0.1], [-0.6, 0.5], [0.2, -0.9]], [0.1, 0.0, -0.1], 0.3, 1, -1, 1
    yield "values above one half", [[0.8, 0.1], [-0.6, 0.5], [0.2, -0.9]], [0.1, 0.0, -0.1], 0.3, 1, 0.5, 1
    yield "negative values", [[0.8], [-0.6]], [-0.1, 0.2], 0.6, 1, -2, -0.5
    for tiny in (1e-3, 1e-6, 1e-8, 1e-12, 1e-15):
        yield f"coupling {tiny:g}", [[1.0, 0.0], [tiny, 1.0]], [0.0, 0.0], 0.3, 1, 0, 1
        yield f"negative coupling {tiny:g}", [[1.0, 0.0], [-tiny, 1.0]], [0.0, 0.0], 0.3, 1, 0, 1
        third = [[0.9, 0.0, 0.0], [-tiny, 1.1, 0.0], [0.0, tiny, -1.0], [0.5, -0.5, tiny]]
        yield f"mixed couplings {tiny:g}", third, [-0.1, tiny, -tiny, 0.0], 0.2, 1, 0, 1
        yield f"small rows {tiny:g}", [[1.0], [-tiny], [tiny]], [-0.05, 0.1, tiny], 0.4, 1, 0, 1
        five = [[1.0, 0.0], [0.3, 1.0], [tiny, -1.0], [-tiny, 2 * tiny], [-0.7, -0.3]]
        yield f"five with {tiny:g}", five, -0.1, 0.15, 1, 0, 1
    rng = random.Random(0)
    for trial in range(12):
        n, m = rng.choice([(2, 1), (3, 2), (4, 2), (5, 2), (6, 2), (6, 3)])
        W = [[rng.gauss(0, 1) / sqrt(m) for _ in range(m)] for _ in range(n)]
        b = [rng.gauss(0, 0.2) for _ in range(n)]
        p = [round(rng.random(), 3) for _ in range(n)]
        importance = [round(0.5 + rng.random(), 3) for _ in range(n)]
        low, high = rng.choice([(0, 1), (0, 1), (0.5, 1), (-1, 1), (0, 2)])
        yield f"random {trial}", W, b, p, importance, low, high


LAWS = {
    "uniform": {"law": "uniform", "low": 0, "high": 1},
    "upper": {"law": "uniform", "low": 0.5, "high": 1},
    "signed": {"law": "uniform", "low": -1, "high": 1},
    "binary": {"law": "discrete", "values": [1], "weights": [1]},
    "counts": {"law": "discrete", "values": [1, 2, 3], "weights": [0.5, 0.25, 0.25]},
    "spins": {"law": "discrete", "values": [-1, 0.5], "weights": [0.5, 0.5]},
}
LEAKS = {"relu": F(0), "abs": F(-1), "leaky_relu": F(0.01)}


def more_cases():
    """Yield (name, W, b, p, importance, law names, correlated, anticorrelated, activation)."""
    rng = random.Random(1)
    for trial in range(150):
        names = rng.choice([["uniform"], ["binary"], ["counts"], ["signed"], ["upper"], ["spins"], list(LAWS)])
        n = rng.choice([2, 3, 4, 4, 5] if names != ["counts"] else [2, 3, 4])
        m = rng.choice([1, 2, 3])
        scale = [10.0 ** rng.choice([0, 0, 0, 0, -3, -8, -15, 1]) for _ in range(n)]
        W = [[scale[i] * rng.gauss(0, 1) / sqrt(m) for _ in range(m)] for i in range(n)]
        if trial % 5 == 0:
            W = [[round(v, 1) for v in row] for row in W]
        b = [rng.choice([0.0, rng.gauss(0, 0.2), rng.gauss(0, 2)]) for _ in range(n)]
        p = [rng.choice([1e-9, 0.01, 0.1, 0.25, 0.5, 1.0]) for _ in range(n)]
        correlated, anticorrelated = [], []
        order = rng.sample(range(n), n)
        if trial % 3 == 0 and n >= 2:
            correlated.append(order[:2])
            p[order[1]] = p[order[0]]
        if trial % 3 == 1 and n >= 4:
            correlated.append(order[:2])
            p[order[1]] = p[order[0]]
            anticorrelated.append(order[2:4])
        elif trial % 3 == 1:
            anticorrelated.append(order[:2])
        for group in anticorrelated:
            for j in group:
                p[j] = min(p[j], 0.5)
        laws = [rng.choice(names) for _ in range(n)]
        importance = [rng.choice([1.0, 0.5, 2.0]) for _ in range(n)]
        yield (
            f"mixed {trial}",
            W,
            b,
            p,
            importance,
            laws,
            correlated,
            anticorrelated,
            rng.choice(["relu", "relu", *LEAKS]),
        )


def joint_cases():
    """Yield (name, W, b, p of the others, importance, laws, tables, activation); tables: (members, [(present, p)])."""
    rng = random.Random(2)
    for trial in range(160):
        names = rng.choice([["uniform"], ["uniform"], ["binary"], ["signed"], ["upper"], ["spins"], list(LAWS)])
        n, m = rng.choice([2, 3, 3, 4, 4, 5]), rng.choice([1, 2, 3])
        scale = [10.0 ** rng.choice([0, 0, 0, 0, -3, -8]) for _ in range(n)]
        W = [[scale[i] * rng.gauss(0, 1) / sqrt(m) for _ in range(m)] for i in range(n)]
        b = [rng.choice([0.0, rng.gauss(0, 0.2), rng.gauss(0, 2)]) for _ in range(n)]
        order, tables = rng.sample(range(n), n), []
        while len(order) >= 2 and len(tables) < 2:
            size = rng.randint(2, min(4, len(order)))
            members, order = order[:size], order[size:]
            sets = [[j for k, j in enumerate(members) if code >> k & 1] for code in range(1, 2**size)]
            chosen = rng.sample(sets, rng.randint(1, len(sets)))
            whole = rng.choice([1.0, 0.5, 2.0**-20])  # with 1, somebody is always present
            shares = [2.0 ** -(k + 1) for k in range(len(chosen) - 1)]
            shares.append(1 - sum(shares))
            tables.append((members, [(present, whole * q) for present, q in zip(chosen, shares, strict=True)]))
        laws = [LAWS[rng.choice(names)] for _ in range(n)]
        p = [rng.choice([0.01, 0.25, 0.5, 1.0]) for _ in range(n)]
        importance = [rng.choice([1.0, 0.5, 2.0]) for _ in range(n)]
        yield f"joint {trial}", W, b, p, importance, laws, tables, rng.choice(["relu", "relu", *LEAKS])


def pieces(law):
    if law["law"] == "uniform":
        return [(F(1), F(law["low"]), F(law["high"]) - F(law["low"]))]
    return [(F(w), F(v), F(0)) for v, w in zip(law["values"], law["weights"], strict=True)]


def all_cases():
    for name, W, b, p, importance, low, high in cases():
        n = len(W)
        law = {"law": "uniform", "low": low, "high": high}
        yield name, W, *(spread(v, n) for v in (b, p, importance)), [law] * n, [], [], "relu"
    for name, W, b, p, importance, laws, correlated, anticorrelated, activation in more_cases():
        yield name, W, b, p, importance, [LAWS[law] for law in laws], correlated, anticorrelated, activation


def spread(value, n):
    return list(value) if isinstance(value, list) else [value] * n


def write_joint():
    """Losses of joint tables; the probabilities of their members follow from them."""
    rows = []
    for name, W, b, p, importance, laws, tables, activation in joint_cases():
        n = len(W)
        grouped = {j for members, _ in tables for j in members}
        units = [("together", [j]) for j in range(n) if j not in grouped]
        units += [("joint", [(present, F(q)) for present, q in table]) for _, table in tables]
        exact = [[[F(v) for v in row] for row in W], *([F(v) for v in values] for values in (b, p, importance))]
        exact += [[pieces(law) for law in laws], units, LEAKS[activation]]
        marginal = list(p)
        for members, table in tables:
            for j in members:
                marginal[j] = sum(q for present, q in table if j in present)  # dyadic: exact
        row = {"name": name, "W": W, "b": b, "probability": marginal, "importance": importance, "values": laws}
        row |= {"joint": [{"members": members, "table": table} for members, table in tables], "activation": activation}
        row["loss"] = digits(loss(*exact))
        slopes = gradient(*exact) if n <= 3 else None
        if slopes:
            row["grad_W"], row["grad_b"] = (
                [[digits(v, 25) for v in line] for line in slopes[0]],
                [digits(v, 25) for v in slopes[1]],
            )
        rows.append(row)
    write("joint_losses.json", rows)


def write(name, rows, recipe=__file__):
    text = ",\n".join(json.dumps(row) for row in rows)
    Path(recipe).with_name(name).write_text(f'{{"recipe": "{Path(recipe).name}", "cases": [\n{text}\n]}}\n')


def main():
    write_joint()
    rows = []
    for name, W, b, p, importance, laws, correlated, anticorrelated, activation in all_cases():
        n = len(W)
        grouped = {j for group in correlated + anticorrelated for j in group}
        units = [("together", [j]) for j in range(n) if j not in grouped]
        units += [("together", group) for group in correlated] + [("one of", group) for group in anticorrelated]
        exact = [[[F(v) for v in row] for row in W], *([F(v) for v in values] for values in (b, p, importance))]
        exact += [[pieces(law) for law in laws], units, LEAKS[activation]]
        row = {"name": name, "W": W, "b": b, "probability": p, "importance": importance, "values": laws}
        row |= {"correlated": correlated, "anticorrelated": anticorrelated, "activation": activation}
        row["loss"] = digits(loss(*exact))
        slopes = gradient(*exact) if n <= 3 else None
        if slopes:
            grad_W, grad_b = slopes
            row["grad_W"] = [[digits(v, 25) for v in line] for line in grad_W]
            row["grad_b"] = [digits(v, 25) for v in grad_b]
        rows.append(row)
        print(name, row["loss"], flush=True)
    write("exact_losses.json", rows)


if __name__ == "__main__":
    main()
