"""Write exact_losses.json: expected losses and gradients in exact rational arithmetic.

Recipe: python tests/data/make_exact_losses.py. Nothing of geomsup is imported. Every float of the inputs is
taken as the dyadic rational it is; losses follow inclusion-exclusion over cube vertices,

    E (c + a.y)_+^q = q!/(q+k)! Π 1/a_j Σ_{e in {0,1}^k} (-1)^{k-|e|} (c + a.e)_+^{q+k},   y ~ U[0,1]^k, a_j != 0,

one integration by parts for E x_i u_+, and gradients are central differences with a step of 10^-60.
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


def set_loss(i, present, a, b, low, width):
    """E (x_i - relu(b + Σ_present a_j x_j))² with all of `present` present."""
    c = b + sum((a[j] * low for j in present), F(0))
    spread = [a[j] * width for j in present]
    square = positive_power(c, spread, 2)
    if i not in present:
        return square
    rest = [a[j] * width for j in present if j != i]
    a0 = a[i] * width
    if a0 == 0:
        y_relu = positive_power(c, rest, 1) / 2
    else:
        y_relu = (positive_power(c + a0, rest, 2) - positive_power(c, [*rest, a0], 2)) / (2 * a0)
    x_relu = low * positive_power(c, spread, 1) + width * y_relu
    high = low + width
    return (low * low + low * high + high * high) / 3 - 2 * x_relu + square


def loss(W, b, p, importance, low, high):
    n = len(W)
    gram = [[sum(x * y for x, y in zip(u, v, strict=True)) for v in W] for u in W]
    total = F(0)
    for i in range(n):
        for flags in product((0, 1), repeat=n):
            weight = importance[i]
            for j in range(n):
                weight *= p[j] if flags[j] else 1 - p[j]
            if weight:
                present = [j for j in range(n) if flags[j]]
                total += weight * set_loss(i, present, gram[i], b[i], low, high - low)
    return total


def gradient(W, b, *rest):
    h = F(1, 10**60)

    def slope(change):
        return (loss(*change(h), *rest) - loss(*change(-h), *rest)) / (2 * h)

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
    return [[slope(in_W(i, j)) for j in range(m)] for i in range(n)], [slope(in_b(i)) for i in range(n)]


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


def spread(value, n):
    return list(value) if isinstance(value, list) else [value] * n


def main():
    rows = []
    for name, W, b, p, importance, low, high in cases():
        n = len(W)
        b, p, importance = spread(b, n), spread(p, n), spread(importance, n)
        exact = [
            [[F(v) for v in row] for row in W],
            *([F(v) for v in values] for values in (b, p, importance)),
        ]
        exact += [F(low), F(high)]
        row = {
            "name": name,
            "W": W,
            "b": b,
            "probability": p,
            "importance": importance,
            "low": low,
            "high": high,
        }
        row["loss"] = digits(loss(*exact))
        if n <= 3:
            grad_W, grad_b = gradient(*exact)
            row["grad_W"] = [[digits(v, 25) for v in line] if n else [] for line in grad_W]
            row["grad_b"] = [digits(v, 25) for v in grad_b]
        rows.append(row)
        print(name, row["loss"][:14], flush=True)
    path = Path(__file__).with_name("exact_losses.json")
    path.write_text(json.dumps({"recipe": Path(__file__).name, "cases": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
