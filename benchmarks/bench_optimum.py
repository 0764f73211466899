"""Optima: the compiled descents against scipy's BFGS on the same exact loss, from the same starts, one thread.

What counts is time per start that ends in the best minimum: a descent that jumps into poorer basins has to be repeated.
"""

import time

import numpy as np
from scipy.optimize import minimize

from geomsup import Features
from geomsup.loss.objective import pack, relu_objective
from geomsup.loss.plan import make_inputs
from geomsup.optima.descent_kernels import bfgs
from geomsup.optima.starts import random_start
from geomsup.threads import stop_flag

SIZES = [(2, 1, 0.1, 64), (5, 2, 0.1, 32), (6, 3, 0.1, 24), (8, 3, 0.05, 16)]
SLOPE = 1e-6


def compiled(features, m, starts):
    cost = float(features.importance @ features.variance)
    inputs, importance = make_inputs(features), features.importance / cost
    return [
        cost * bfgs(pack(*start), features.n, m, importance, inputs, 0.0, SLOPE, 5000, stop_flag())[0]
        for start in starts
    ]


def scipy_bfgs(features, m, starts):
    cost, objective = float(features.importance @ features.variance), relu_objective(features)

    def scaled(vector):
        loss, gradient = objective(vector)
        return loss / cost, gradient / cost

    options = {"gtol": SLOPE}
    return [cost * minimize(scaled, pack(*s), jac=True, method="BFGS", options=options).fun for s in starts]


def timed(search, *arguments):
    search(*arguments[:2], arguments[2][:1])  # compile
    begin = time.perf_counter()
    losses = np.array(search(*arguments))
    return time.perf_counter() - begin, losses


def main():
    print("optimum: milliseconds per start, starts that reach the best, and ratio of the time per such start")
    print(f"{'n':>3} {'m':>3} {'best loss':>13} {'compiled':>9} {'hits':>6} {'scipy':>9} {'hits':>6} {'ratio':>6}")
    for n, m, p, count in SIZES:
        rng = np.random.default_rng(0)
        features = Features(n, p)
        starts = [random_start(features, m, 2 * i, rng) for i in range(count)]
        (ours, losses), (theirs, others) = timed(compiled, features, m, starts), timed(scipy_bfgs, features, m, starts)
        best = min(losses.min(), others.min())
        hits, their_hits = ((ends <= best * (1 + 1e-6)).sum() for ends in (losses, others))
        ratio = (theirs / max(their_hits, 0.5)) / (ours / max(hits, 0.5))
        print(
            f"{n:3} {m:3} {best:13.9f} {1e3 * ours / count:9.2f} {hits:3}/{count:2} "
            f"{1e3 * theirs / count:9.2f} {their_hits:3}/{count:2} {ratio:6.1f}"
        )


if __name__ == "__main__":
    main()
