"""Are lower bounds below the losses of models, in random cases? And how far below?

    python -m benchmarks.bounds [CASES]     # 10,000 by default: about an hour

Each case has random features and dimensions, and the better of two short descents: from random rows, and from
orthogonal digons, which are near the bounds of sparse features.
"""

import sys
from collections import defaultdict

import numpy as np
from rich.progress import track

import geomsup as gs
from geomsup.optima.descent import End, Start, descend
from geomsup.optima.proved.bounds import lower_bound
from geomsup.optima.starts import random_start

CASES = 10_000
LARGEST, RANK = 7, 5  # features, dimensions
STEPS = 100  # of a descent
ROUNDING = 1e-12  # of what storing nothing costs


def main() -> None:
    """Draw cases, and print how many bounds were above a loss, and the median gaps."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    above, gaps = 0, defaultdict(list)
    for number in track(range(cases), "cases"):
        rng = np.random.default_rng(number)
        features, m = drawn(rng)
        end = best(features, m, rng)
        bound, cost = lower_bound(features, m), float(features.importance @ features.variance)
        if not bound <= end.loss + ROUNDING * cost:
            above += 1
            print(f"case {number}: {features}, m = {m}: bound {bound}, loss {end.loss}")
        gaps[decade(features)].append(1 - bound / end.loss if end.loss > 0 else 0.0)
    for name, found in sorted(gaps.items()):
        print(f"{name}: median gap {np.median(found):.0%} of {len(found)} cases")
    print(f"{above} of {cases} bounds were above a loss")


def drawn(rng: np.random.Generator) -> tuple[gs.Features, int]:
    """Return random features, and fewer dimensions."""
    n = int(rng.integers(2, LARGEST + 1))
    m = int(rng.integers(1, min(n - 1, RANK) + 1))
    p = 10 ** rng.uniform(-4, 0)
    importance = [np.ones(n), np.ones(n), 0.9 ** np.arange(n), rng.uniform(0.1, 1, n)][rng.integers(4)]
    values = [gs.Uniform(0, 1), gs.Uniform(0, 3), gs.Uniform(0.5, 1), gs.Uniform(-1, 1)][rng.integers(4)]
    probability = p * rng.uniform(0.3, 1, n) if rng.random() < 0.2 else p
    return gs.Features(n, probability, importance, values), m


def best(features: gs.Features, m: int, rng: np.random.Generator) -> End:
    """Return the better end of two descents."""
    starts = [random_start(features, m, 0, rng), digons(features, m)]
    return min(descend(features, starts, most_steps=STEPS), key=lambda end: end.loss)


def digons(features: gs.Features, m: int) -> Start:
    """Return orthogonal digons of the first 2m features; the others are not stored."""
    W, b = np.zeros((features.n, m)), np.array(features.mean)
    for i in range(min(features.n, 2 * m)):
        W[i, i % m], b[i] = (1.0 if i < m else -1.0), 0.0
    return W, b


def decade(features: gs.Features) -> str:
    """Return which decade the mean probability is in."""
    return f"p from 1e{int(np.floor(np.log10(features.probability.mean()))):d}"


if __name__ == "__main__":
    main()
