"""Energy: kernel rate, and CPU time to the best known Thomson energy against what one would write today, one thread.

Rivals are multistarts from random points: scipy's L-BFGS-B on a numpy energy, and on our compiled energy. All count as
arrived at a relative 1e-9; the time is all CPU time over all arrivals. Run by hand with a longer budget:
python -m benchmarks.bench_energy 20 (seconds of CPU for each number of points and method).
"""

import sys
import time

import numpy as np
from scipy.optimize import minimize

import geomsup as gs
from geomsup.energy.kernels.energies import COULOMB, coulomb_3d, pair_energy
from geomsup.energy.minimize import KNOWN_SECONDS
from geomsup.energy.records import tolerance
from geomsup.energy.search import Budget, search

QUICK = 1.0  # seconds of CPU per number of points and method
SIZES = (32, 72, 100, 122, 192)
RATE_SIZES = (32, 72, 192, 1000)
OPTIONS = {"ftol": 1e-13, "gtol": 1e-6, "maxiter": 5000, "maxfun": 10000}


def cpu(call, repeats):
    best = np.inf
    for _ in range(5):
        begin = time.process_time()
        for _ in range(repeats):
            call()
        best = min(best, (time.process_time() - begin) / repeats)
    return best


def numpy_energy(rows):
    """Distances from inner products: two matrix products, the fastest we know to write. The pull has a radial part."""
    r2 = 2 - 2 * rows @ rows.T
    np.fill_diagonal(r2, np.inf)
    inverse = 1 / np.sqrt(r2)
    return 0.5 * inverse.sum(), (inverse / r2) @ rows


def compiled_energy(rows):
    X = np.ascontiguousarray(rows.T)
    G = np.empty_like(X)
    value = pair_energy(X, COULOMB, 1.0, G, np.empty((3, len(rows))))
    return value, G.T


def on_sphere(energy):
    def objective(vector):
        raw = vector.reshape(-1, 3)
        lengths = np.linalg.norm(raw, axis=1, keepdims=True)
        rows = raw / lengths
        value, pull = energy(rows)
        return value, ((pull - (pull * rows).sum(axis=1, keepdims=True) * rows) / lengths).ravel()

    return objective


def rival(energy):
    objective = on_sphere(energy)

    def start(n, seed, target):
        vector = np.random.default_rng(seed).standard_normal(3 * n)
        return minimize(objective, vector, jac=True, method="L-BFGS-B", options=OPTIONS).fun <= target

    return start


def solver(n, seed, target):
    """The search alone: what the rivals are timed for."""
    budget = Budget(int(KNOWN_SECONDS), target, None, 1)
    return search(n, 3, gs.Potential("coulomb"), budget, np.random.default_rng(seed)).best.energy <= target


def call(n, seed, target):
    """The public function: polished, compared with the table."""
    return gs.thomson(n, rng=seed, threads=1).energy <= target


def per_arrival(start, n, budget):
    known = gs.best_known(n)
    target = known.value + tolerance(known.value, gs.Potential("coulomb"))
    start(n, 0, target)  # compile
    begin, arrivals, seed = time.process_time(), 0, 1
    while (spent := time.process_time() - begin) < budget:
        arrivals += start(n, seed, target)
        seed += 1
    return spent / max(arrivals, 0.5), arrivals


def main(budget=QUICK):
    print("energy: million unordered pairs/s of energy and gradient, 3-D Coulomb")
    for n in RATE_SIZES:
        rows = np.random.default_rng(0).standard_normal((n, 3))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        X = np.ascontiguousarray(rows.T)
        G = np.empty_like(X)
        pairs, repeats = n * (n - 1) / 2e6, 1 + 4_000_000 // n**2
        coulomb_3d(X, G)
        ours = pairs / cpu(lambda X=X, G=G: coulomb_3d(X, G), repeats)
        theirs = pairs / cpu(lambda rows=rows: numpy_energy(rows), 1 + repeats // 20)
        print(f"{n:5} points: compiled {ours:5.0f}, numpy {theirs:5.0f}")
    print("energy: CPU ms to the best known Thomson energy (arrivals), and numpy + scipy over ours")
    methods = {"search": solver, "thomson()": call, "numba + scipy": rival(compiled_energy),
               "numpy + scipy": rival(numpy_energy)}  # fmt: skip
    print(f"{'n':>4} " + " ".join(f"{name:>20}" for name in methods) + f"{'ratio':>8}{'of call':>8}")
    for n in SIZES:
        results = [per_arrival(start, n, budget) for start in methods.values()]
        cells = " ".join(f"{1e3 * t:12.2f} ({hits:5})" for t, hits in results)
        print(f"{n:4} {cells} {results[3][0] / results[0][0]:7.0f} {results[3][0] / results[1][0]:7.0f}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else QUICK)
