"""Is a confidence the probability that the name is right? python -m benchmarks.reliability --cases 20000.

Rows with a known truth: shapes of the catalogue under noise, several of them in orthogonal subspaces, shapes that some
rows do not fill, shapes with extra rows, both at once, solids, exact shapes with a vertex moved, bases with sums of a
few of their rows, and rows without any shape (random, of low rank, clustered, copies of a few); with `--hard` also bent
shapes, graphs, rings and chains. Every component that gets a name counts once. It is right if its rows, without the
noise, lie on the vertices of the shape that the name says; of a stretched shape, if it is called distorted; of a single
direction, if no other row leans on it by much, but for extra rows. The table shows, for ranges of the confidence, how
often names were right.
"""

import argparse
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from scipy.linalg import block_diag

from geomsup import classify
from geomsup.recognition.matching.alignment import procrustes, rms
from geomsup.recognition.matching.families import family
from geomsup.shapes import candidates, polytope, solids
from geomsup.shapes.families import simplex
from geomsup.shapes.nested import nested

BOUNDS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0 + 1e-12)
SMALL = [s for d in (3, 4, 5) for n in range(d + 1, 31) for s in candidates(d, n, flexible=True)]
PLANAR = [polytope(f"{k}-gon") for k in (3, 5, 6, 7, 8)]
DIGON = polytope("digon")
# A shape that is bent by less, in degrees, is the shape: weights have a few digits.
ROUNDING = 0.25
# Root-mean-square distance that is rounding, or the end of few steps.
EXACT = 1e-4
# A feature has a dimension of its own if its squared cosines with all others add to less: then its D is above 0.85.
LEANING = 1 / 0.85 - 1
# Shorter rows, as a fraction of the longest, are not represented.
WEAK = 0.1


def turned(W, rng):
    """Rotate or reflect, permute; returns the rows and where each went."""
    order = rng.permutation(len(W))
    return (W @ np.linalg.qr(rng.normal(size=(W.shape[1],) * 2))[0])[order], order


def chord(vertices):
    gram = vertices @ vertices.T
    np.fill_diagonal(gram, -1.0)
    return float(np.sqrt(2 - 2 * gram.max()))


def shape(rng):
    return rng.choice(np.array(SMALL, object)) if rng.random() < 0.6 else rng.choice(np.array(PLANAR, object))


def level(rng):
    """Noise per coordinate, a fraction of the shortest chord."""
    return float(rng.choice([0.0, 0.01, 0.03, 10 ** rng.uniform(-3, -1)]))


# Every kind returns rows without noise, the noise per coordinate, and the planted shapes with their rows.


def alone(rng):
    one = shape(rng)
    return one.vertices, level(rng) * chord(one.vertices), [(one, range(one.n_vertices))]


def several(rng):
    shapes = [shape(rng) if rng.random() < 0.3 else DIGON for _ in range(rng.integers(2, 6))]
    blocks = [one.vertices for one in shapes]
    W, planted, row, column = np.zeros((sum(map(len, blocks)), sum(b.shape[1] for b in blocks))), [], 0, 0
    for one, block in zip(shapes, blocks, strict=True):
        W[row : row + len(block), column : column + block.shape[1]] = block
        planted.append((one, range(row, row + len(block))))
        row, column = row + len(block), column + block.shape[1]
    return W, 0.03 * rng.random(), planted


def part_filled(rng):
    one = rng.choice(np.array([s for s in SMALL if s.n_vertices >= 8], object))
    # Without its apex a pyramid is its base, about another point.
    like_others = np.array([i for orbit in one.orbits if len(orbit) > 1 for i in orbit])
    kept = np.setdiff1d(np.arange(one.n_vertices), rng.permutation(like_others)[: rng.integers(1, 3)])
    return one.vertices[kept], 0.03 * rng.random() * chord(one.vertices), [(one, range(len(kept)))]


def with_extra_rows(rng):
    W, noise, planted = (alone if rng.random() < 0.5 else several)(rng)
    extra = rng.normal(size=(rng.integers(1, 4), W.shape[1])) * 10 ** rng.uniform(-0.3, 0.3)
    return np.concatenate([W, extra]), noise, planted


def gaps_and_extra_rows(rng):
    """A shape that some rows do not fill, another shape in other dimensions, and stray rows."""
    (first, _, planted), other = part_filled(rng), shape(rng)
    (n, d), (k, r) = first.shape, other.vertices.shape
    W = np.zeros((n + k, d + r))
    W[:n, :d], W[n:, d:] = first, other.vertices
    extra = rng.normal(size=(rng.integers(1, 4), d + r)) / (d + r) ** 0.5
    noise = 0.03 * rng.random() * min(chord(first), chord(other.vertices))
    return np.concatenate([W, extra]), noise, [*planted, (other, range(n, n + k))]


def basis(rng):
    m = int(rng.integers(4, 31))
    extra = rng.normal(size=(rng.integers(1, 6), m)) * 10 ** rng.uniform(-0.3, 0.3)
    return np.concatenate([np.eye(m), extra]), 0.0, [(None, [i]) for i in range(m)]


def made_of_few(rng):
    """A basis, and rows that are sums of a few of its rows: these have no dimension of their own."""
    m = int(rng.integers(8, 31))
    extra = np.zeros((rng.integers(1, 3), m))
    for row in extra:
        row[rng.permutation(m)[: rng.integers(2, 6)]] = 1
    noise = float(rng.choice([0.0, 0.005, 0.02]))
    return np.concatenate([np.eye(m), extra]), noise, []


def solid(rng):
    one = rng.choice(np.array(solids(), object))
    return one.points, 0.01 * rng.random(), [(one, range(one.n_vertices))]


def moved(rng):
    """A shape with one vertex in a random place: at most a shape with an empty vertex, and a stray row."""
    one = rng.choice(np.array([s for s in SMALL if s.n_vertices >= 6], object))
    W = one.vertices.copy()
    W[0] = rng.normal(size=one.dimension)
    W[0] /= np.linalg.norm(W[0])
    return W, 0.01 * rng.random(), [(one, range(1, one.n_vertices))]


def random_rows(rng):
    return rng.normal(size=(rng.integers(4, 40), rng.integers(2, 12))), 0.0, []


def low_rank(rng):
    n, r, m = rng.integers(5, 40), rng.integers(2, 5), rng.integers(5, 12)
    return rng.normal(size=(n, r)) @ rng.normal(size=(r, m)), 0.05, []


def clustered(rng):
    m, k = rng.integers(2, 8), rng.integers(3, 9)
    centers = rng.normal(size=(k, m))
    return centers[rng.integers(0, k, rng.integers(8, 40))], 0.03, []


def copies(rng):
    """Random directions, each several times."""
    directions = rng.normal(size=(rng.integers(3, 9), rng.integers(2, 8)))
    return np.repeat(directions, rng.integers(2, 6), axis=0), float(rng.choice([0.0, 0.005, 0.02])), []


def banded(rng):
    """Rows that lean on their neighbours in a ring or a chain only: no shape, and no dimension of their own."""
    n, ring = int(rng.integers(5, 61)), rng.random() < 0.5
    W = rng.choice([0.0, 1.0, 2.0]) * np.eye(n)
    for step in range(1, int(rng.integers(1, 3)) + 1):
        for sign in (1, -1):
            weight = rng.choice([-1.0, 0.0, 1.0, rng.normal()])
            W += weight * (np.roll(np.eye(n), sign * step, 1) if ring else np.eye(n, k=sign * step))
    W = W[np.linalg.norm(W, axis=1) > EXACT]
    return (W if len(W) > 1 else np.eye(2)), float(rng.choice([0.0, 0.01])), []


def bent(rng):
    """A shape under a linear map, or twice, turned by a few degrees: then it has two features on each vertex."""
    one = rng.choice(np.array([s for s in SMALL if s.n_vertices >= 8 and len(s.orbits) == 1], object))
    d = one.dimension
    if rng.random() < 0.5:
        stretch = np.eye(d) + 0.1 * rng.normal(size=(d, d))
        return one.vertices @ stretch, 0.0, []
    turn = np.linalg.qr(np.eye(d) + 0.05 * rng.normal(size=(d, d)))[0]
    return np.concatenate([one.vertices, one.vertices @ turn]), 0.0, [(one, range(2 * one.n_vertices))]


def digon(rng):
    return DIGON.vertices, 0.0, [(DIGON, range(2))]


def in_few_dimensions(rng):
    return rng.normal(size=(rng.integers(2, 8), rng.integers(2, 4))), 0.0, []


def many_rows(rng):
    """More than 500 rows: small cases in dimensions of their own, mostly shapes, under one noise."""
    parts = []
    while sum(len(rows) for rows, _ in parts) <= 500:
        kind = rng.choice([digon, alone, moved, part_filled, in_few_dimensions], p=[0.3, 0.3, 0.15, 0.2, 0.05])
        rows, _, planted = kind(rng)
        parts.append((rows / np.linalg.norm(rows, axis=1, keepdims=True), planted))
    W, first, every = block_diag(*(rows for rows, _ in parts)), 0, []
    for rows, planted in parts:
        every += [(one, range(first + members[0], first + members[-1] + 1)) for one, members in planted]
        first += len(rows)
    return W, rng.random() * 0.1 / W.shape[1] ** 0.5, every


def out_of_place(rng):
    """A simplex or orthoplex of many dimensions with one row turned by 5 to 45 degrees."""
    d = int(rng.integers(8, 31))
    one = polytope(f"{d}-simplex" if rng.random() < 0.5 else f"{d}-orthoplex")
    W, turn = one.vertices.copy(), np.radians(rng.uniform(5, 45))
    across = rng.normal(size=d)
    across -= (across @ W[0]) * W[0]
    W[0] = np.cos(turn) * W[0] + np.sin(turn) * across / np.linalg.norm(across)
    return W, 0.01 * rng.random() * one.shortest_chord, [(one, range(1, one.n_vertices))]


def tower(rng):
    """A simplex of simplices, its levels of any size."""
    outer, inner = rng.integers(2, 12, 2)
    sizes = 10 ** rng.uniform(-0.3, 0.3, 2)
    first, second = (size * simplex_of(k) for size, k in zip(sizes, (outer, inner), strict=True))
    W = np.hstack([np.repeat(first, inner, axis=0), np.kron(np.eye(outer), second)])
    one = nested((simplex(outer - 1), simplex(inner - 1)))
    W /= np.linalg.norm(W, axis=1, keepdims=True)
    return W, 0.01 * rng.random() / W.shape[1] ** 0.5, [(one, range(len(W)))]


def simplex_of(k):
    """Vertices of a regular simplex, of unit length."""
    X = np.linalg.svd(np.eye(k) - 1 / k)[0][:, : k - 1]
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def planes(rng):
    """Blocks of two or three random rows in one to three dimensions of their own."""
    blocks = [rng.normal(size=(rng.integers(2, 4), rng.integers(1, 4))) for _ in range(10)]
    return block_diag(*(rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in blocks)), 0.0, []


def graphs(rng):
    """Rows of the Laplacian of a random graph, about their mean: not equally far from each other."""
    k = int(rng.integers(10, 61))
    edges = np.triu(rng.random((k, k)) < rng.uniform(0.2, 0.8), 1)
    A = (edges | edges.T).astype(float)
    return np.diag(A.sum(axis=1)) - A, 0.0, []


HARD = (out_of_place, tower, planes, graphs, banded, bent)
KINDS = (
    alone, several, part_filled, with_extra_rows, gaps_and_extra_rows, basis, solid, moved, random_rows, low_rank,
    clustered, copies, made_of_few,
)  # fmt: skip


def right(component, rows, planted, exact):
    """Whether the rows without noise are what the name says: they lie on the vertices of the shape.

    A row that was not planted may share a vertex with a planted one.
    """
    features = np.array(component.features)
    if component.polytope is None:
        own = rows[features].tolist()
        return any(one is None and set(members) <= set(own) for one, members in planted) or on_its_own(own, exact)
    if any(one is component.polytope and len(features) == len(members) for one, members in planted):
        return True  # also of levels of any size
    true = {i for _, members in planted for i in members}
    on_vertex = Counter(v for i, v in zip(rows[features], component.isomorphism, strict=True) if i in true)
    kept = [k for k, i in enumerate(rows[features]) if i in true or component.isomorphism[k] not in on_vertex]
    X = exact[rows[features[kept]]]
    X = X / np.linalg.norm(X, axis=1, keepdims=True)
    return lies_on(X, component.polytope, np.array(component.isomorphism)[kept])


def on_its_own(own, exact):
    """Whether rows are one direction, and nearly orthogonal to all others."""
    X = exact / np.maximum(np.linalg.norm(exact, axis=1, keepdims=True), EXACT)
    cosines = X[own] @ X.T
    return bool(
        (np.delete(cosines, own, axis=1) ** 2).sum(axis=1).max() < LEANING and cosines[:, own].min() > 1 - EXACT
    )


def lies_on(X, shape, places):
    """Whether rows are on these vertices of a shape, of a variant of it, or of a member of its family."""
    if any(rms(X - vertices[places] @ procrustes(vertices[places], X)) < EXACT for vertices in shape.variants.values()):
        return True
    members = family(shape)
    if members is None or set(places) != set(range(shape.n_vertices)):
        return False
    first = [int(np.flatnonzero(places == vertex)[0]) for vertex in range(shape.n_vertices)]
    Y = shape.vertices
    for _ in range(200):  # the frame and the parameters by turns
        Y = members.nearest(X[first] @ procrustes(Y, X[first]).T)
    return rms(X - Y[places] @ procrustes(Y[places], X)) < EXACT


def outcomes(seed, case, kinds):
    """What one case came to: for every name its kind, whether it is right, its confidence, and a line about it."""
    rng, kind = np.random.default_rng([seed, case]), kinds[case % len(kinds)]
    exact, noise, planted = kind(rng)
    rows, order = turned(exact + noise * rng.normal(size=exact.shape), rng)
    found = []
    for component in classify(rows, orientation="rows").components:
        if component.residual is None:
            continue
        good = right(component, order, planted, exact)
        good |= kind is bent and (component.variant == "distorted" or component.residual < ROUNDING)
        truth = [(one.name if one else "basis", len(list(m))) for one, m in planted]
        text = (
            f"{case} {kind.__name__} {component.full_name} {component.variant} {component.residual:.2f} degrees, "
            f"{component.confidence:.5f}; planted {truth[:3]}"
        )
        found.append((kind.__name__, good, component.confidence, text))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true", help="print wrong names of confidence >= 0.99")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--hard", action="store_true", help="kinds of W of which classify has been too sure")
    parser.add_argument("--many-rows", action="store_true", help="W of more than 500 rows only; seconds each")
    options = parser.parse_args()
    kinds = (many_rows,) if options.many_rows else HARD if options.hard else KINDS
    begin, counts, by_kind = time.perf_counter(), Counter(), Counter()
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        for found in pool.map(outcomes, repeat(options.seed), range(options.cases), repeat(kinds), chunksize=5):
            for kind, good, confidence, text in found:
                counts[int(np.searchsorted(BOUNDS, confidence, side="right")), good] += 1
                by_kind[kind, good, confidence >= 0.999] += 1
                if options.list and not good and confidence >= 0.99:
                    print(text, flush=True)
    print(f"{options.cases} cases, {time.perf_counter() - begin:.0f} seconds\n")
    print(f"{'confidence':>18} {'names':>7} {'wrong':>6} {'right':>9}")
    for i in range(1, len(BOUNDS)):
        good, bad = counts[i, True], counts[i, False]
        if good + bad:
            print(f"{BOUNDS[i - 1]:>8} to {min(BOUNDS[i], 1):<6} {good + bad:>7} {bad:>6} {good / (good + bad):>9.5f}")
    print("\nnames of confidence >= 0.999, and wrong ones among them, by kind")
    for kind in kinds:
        good, bad = by_kind[kind.__name__, True, True], by_kind[kind.__name__, False, True]
        print(f"{kind.__name__:>18} {good + bad:>7} {bad:>6}")
    if options.plot:
        _draw(counts, options.plot)


def _draw(counts, path):
    from matplotlib.figure import Figure

    ax = Figure(figsize=(5, 4), layout="constrained").add_subplot()
    places = [i for i in range(1, len(BOUNDS)) if counts[i, True] + counts[i, False]]
    shares = [counts[i, True] / (counts[i, True] + counts[i, False]) for i in places]
    ax.plot(places, [BOUNDS[i - 1] for i in places], "_", markersize=28, color="#888888", label="least confidence")
    ax.plot(places, shares, "o", color="#0072b2", label="fraction that is right")
    ax.set_xticks(places, [f"{BOUNDS[i - 1]:g}–{min(BOUNDS[i], 1):g}" for i in places], rotation=30)
    ax.set(xlabel="confidence", ylabel="fraction of names", ylim=(0, 1.05))
    ax.legend(frameon=False)
    ax.figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
