"""How often the default search for an optimum misses: problems of many kinds, several seeds, against longer searches.

``python -m benchmarks.trials_optimum --seeds 5`` runs all problems; ``--every 4`` takes every fourth. The reference of
each problem is the best of all seeds, of a search with ten times the effort, and of trained models. The last lines say
in how many pairs of problem and seed the reference was reached, to a relative 1e-6, and how the estimates of having
missed agree with what was missed.
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from itertools import islice

import numpy as np

import geomsup as gs
from geomsup.optima.multistart import finished
from geomsup.optima.searching.chains import chains, effort_for
from geomsup.optima.searching.improvers import make_improver

REACHED = 1e-6  # relative difference from the reference

IMPORTANCE = {
    "equal": lambda n, rng: np.ones(n),
    "0.9^i": lambda n, rng: 0.9 ** np.arange(n),
    "0.7^i": lambda n, rng: 0.7 ** np.arange(n),
    "0.5^i": lambda n, rng: 0.5 ** np.arange(n),
    "random": lambda n, rng: rng.uniform(0.2, 1.0, n),
}
VALUES = {
    "U[0,1]": gs.Uniform(), "binary": gs.Discrete([1.0]), "U[.5,1]": gs.Uniform(0.5, 1.0),
    "U[-1,1]": gs.Uniform(-1.0, 1.0), "{1,2,3}": gs.Discrete([1.0, 2.0, 3.0]),
}  # fmt: skip
PROBABILITY = (0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01)


def problems(count=160):
    """Yield names, features and numbers of dimensions, always the same."""
    rng = np.random.default_rng(2026)
    while count:
        n, m = int(rng.integers(3, 13)), int(rng.integers(1, 6))
        kind, values = rng.choice(list(IMPORTANCE)), "U[0,1]"
        if rng.random() < 0.4:
            values = str(rng.choice(list(VALUES)))
        p = float(rng.choice(PROBABILITY))
        probability, unlike = p, rng.random() < 0.25
        if unlike:
            probability = p * rng.uniform(0.3, 1.0, n)
        groups, name = {}, "independent"
        if rng.random() < 0.2 and n >= 4 and not unlike:
            name = str(rng.choice(["correlated", "anticorrelated"]))
            if name == "correlated" or p < 0.5:
                groups = {name: [(i, i + 1) for i in range(0, n - 1, 2)]}
        if m >= n:
            continue
        importance = IMPORTANCE[kind](n, rng)
        features = gs.Features(n, probability, importance, VALUES[values], **groups)
        yield f"({n}, {m}) p {p:g}{' unlike' if unlike else ''}, {kind}, {values}, {name}", features, m
        count -= 1


def longer(features, m):
    """Return the lowest loss of ten times the default effort, and of trained models."""
    usual = effort_for(features.n)
    effort = replace(usual, chains=10 * usual.chains // usual.agree, agree=99, patience=2 * usual.patience)
    improver = make_improver(features)
    ends = chains(features, m, improver, effort, np.random.default_rng(12345))
    run = gs.train(features, m, models=8, steps=4000, learning_rate=1e-2, schedule="cosine", seed=99)
    guesses = [run.model(k) for k in range(len(run))]
    found = finished(features, ends)
    best = float(gs.expected_loss(gs.ToyModel(found.W, found.b), features))
    return min([best, *(float(gs.expected_loss(model, features)) for model in guesses)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--no-longer", action="store_true", help="the reference is the best of the seeds alone")
    options = parser.parse_args()
    missed, estimates, slowest, pairs = [], [], 0.0, 0
    for name, features, m in islice(problems(), options.first, None, options.every):
        losses, chances, begin = [], [], time.perf_counter()
        for seed in range(options.seeds):
            best = gs.optimum(features, m, rng=seed)
            losses.append(best.loss)
            chances.append(best.chance_of_lower)
        seconds = (time.perf_counter() - begin) / options.seeds
        reference = min(losses) if options.no_longer else min(*losses, longer(features, m))
        over = np.array(losses) / reference - 1 if reference > 0 else np.zeros(len(losses))
        lost = over > REACHED
        pairs, slowest = pairs + len(lost), max(slowest, seconds)
        missed += [(name, float(excess)) for excess in over[lost]]
        estimates += [(chance, bool(miss)) for chance, miss in zip(chances, lost, strict=True) if chance is not None]
        print(json.dumps({"problem": name, "reference": reference, "over": over.tolist(), "chances": chances,
                          "seconds": round(seconds, 2)}), flush=True)  # fmt: skip
    print(f"{pairs - len(missed)} of {pairs} pairs reached the reference; slowest problem {slowest:.1f} s per seed")
    for chance in sorted({round(chance, 3) for chance, _ in estimates}):
        told = [miss for other, miss in estimates if round(other, 3) == chance]
        print(f"  stated {chance:.3f}: {sum(told)} of {len(told)} missed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
