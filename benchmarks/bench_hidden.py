"""`find_shapes`: planted shapes among nearly random rows, and what it finds in draws of the null models.

    python -m benchmarks.bench_hidden                                      # 5,000 rows, 20 draws of each null model
    python -m benchmarks.bench_hidden --rows 100000 --dimensions 768 --shapes 1000 --draws 0

A shape is recalled if a discovery has its name and exactly its rows; any other discovery is false. Noise is isotropic;
its length, for each row, is `--noise` of the shape's shortest chord: 0.1/√768 = 0.4 % for each of 768 coordinates.
"""

import argparse
import resource
import time
from collections import Counter

import numpy as np

import geomsup as gs
from geomsup.recognition.hidden.nulls import NULLS, draw


def polygon(k):
    angles = 2 * np.pi * np.arange(k) / k
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


TETRAHEDRON = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 3**0.5

# Name, vertices, and whether they are about an offset of their own.
SHAPES = (
    ("digon", np.array([[1.0], [-1.0]]), False),
    ("triangle", polygon(3), False),
    ("pentagon", polygon(5), False),
    ("tetrahedron", TETRAHEDRON, False),
    ("square", polygon(4), True),
    ("heptagon", polygon(7), False),
    ("dodecagon", polygon(12), False),
    ("heptagon", polygon(7), True),
    ("dodecagon", polygon(12), True),
)


def background(n, m, kind, rng):
    """Rows without shapes: "random" directions; "colored": eigenvalues that fall 30-fold, and a common mean; "heavy"
    tails, Student's with 3 degrees of freedom."""
    W = rng.standard_t(3, size=(n, m)) if kind == "heavy" else rng.normal(size=(n, m))
    if kind == "colored":
        W *= np.geomspace(1, 30**-0.5, m)
        W += 0.1 * np.linalg.norm(W, axis=1).mean() * rng.normal(size=m) / m**0.5
    return W * (rng.uniform(0.5, 2, n) / np.linalg.norm(W, axis=1))[:, None]


def planted(n, m, count, noise, kind, rng):
    """Return W, and the set of (name, rows) planted. Lengths vary fourfold: of rows, or of shapes with an offset."""
    W, places, truth = background(n, m, kind, rng), rng.permutation(n), set()
    used = 0
    for number in range(count):
        name, vertices, offset = SHAPES[number % len(SHAPES)]
        k, r = vertices.shape
        chord = np.linalg.norm(vertices[1:] - vertices[0], axis=1).min()
        X = vertices @ np.linalg.qr(rng.normal(size=(m, r)))[0].T
        X += noise * chord / m**0.5 * rng.normal(size=(k, m))
        if offset:
            center = rng.normal(size=m)
            X += rng.uniform(0.7, 1.5) * center / np.linalg.norm(center)
        rows = places[used : used + k]
        W[rows] = X * rng.uniform(0.5, 2, 1 if offset else (k, 1))
        truth.add((name, tuple(sorted(rows.tolist()))))
        used += k
    return W, truth


def report(W, truth, null, rng):
    stages = {}
    start = time.perf_counter()
    found = gs.find_shapes(
        W, null=null, rng=rng, progress=lambda stage, _: stages.setdefault(stage, time.perf_counter())
    )
    seconds = time.perf_counter() - start
    names = {(one.name, one.rows) for one in found}
    print(found._headline())
    recall, false = len(names & truth) / len(truth), len(names - truth)
    print(
        f"  recall {recall:.2%}, false discoveries {false} of {len(found)}; {seconds:.0f} s, "
        f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB; "
        f"effective dimension {found.effective_dimension:.1f}, neighbours from |cos| {found.threshold:.3f}"
    )
    print("  begun after: " + ", ".join(f"{stage} {when - start:.0f} s" for stage, when in stages.items()))
    missed = Counter(name for name, _ in truth - names)
    if missed or false:
        print(f"  missed: {dict(missed)}, false: {sorted(names - truth)[:5]}")


def null_draws(W, null, draws, rate):
    """Search draws of a null model, compared with that model: discoveries, and draws that have any."""
    start, counts, least = time.perf_counter(), [], 1.0
    for seed in range(draws):
        found = gs.find_shapes(draw(W, null, np.random.default_rng(seed)), null=null, false_discovery_rate=rate)
        counts.append(len(found))
        least = min([least, *(one.p_value for one in found)])
    print(
        f"null {null}, {len(W)} × {W.shape[1]}, rate {rate:g}: {sum(counts)} discoveries in {draws} draws, "
        f"{sum(map(bool, counts))} draws with any; least p-value {least:.2g}; {time.perf_counter() - start:.0f} s"
    )


def main(arguments=()):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--dimensions", type=int, default=256)
    parser.add_argument("--shapes", type=int, default=200)
    parser.add_argument("--noise", type=float, default=0.1)
    parser.add_argument("--background", default="random", choices=("random", "colored", "heavy"))
    parser.add_argument("--null", nargs="*", default=NULLS, choices=NULLS)
    parser.add_argument("--draws", type=int, default=20, help="draws of each null model")
    parser.add_argument("--draw-rows", type=int, default=2000)
    parser.add_argument("--draw-dimensions", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.5, help="false discovery rate asked for in draws")
    given = parser.parse_args(arguments)
    rng = np.random.default_rng(0)
    if given.shapes:
        W, truth = planted(given.rows, given.dimensions, given.shapes, given.noise, given.background, rng)
        for null in given.null:
            report(W, truth, null, rng)
    if given.draws:
        W = background(given.draw_rows, given.draw_dimensions, given.background, rng)
        for null in given.null:
            null_draws(W, null, given.draws, given.rate)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
