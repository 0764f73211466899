"""`classify` of small components: the targets, what doubling costs, and networkx as an alternative for one shape.

One thread: OMP_NUM_THREADS=1 python -m benchmarks.bench_classify. Times are the fastest of several runs on one W,
after a warm-up on another.
"""

import time

import networkx as nx
import numpy as np

import geomsup as gs

REPEATS = 7


def fastest(call):
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def rotated(vertices, noise, rng):
    """Rows of a shape, rotated, permuted, with noise as a part of the shortest chord for each coordinate."""
    n, d = vertices.shape
    chord = np.linalg.norm(vertices[1:] - vertices[0], axis=1).min()
    W = vertices @ np.linalg.qr(rng.normal(size=(d, d)))[0] + noise * chord * rng.normal(size=(n, d))
    return W[rng.permutation(n)]


def shape(name, noise, seed=1):
    vertices = gs.polytope(name).vertices
    gs.classify(rotated(vertices, noise, np.random.default_rng(0)), orientation="rows")
    W = rotated(vertices, noise, np.random.default_rng(seed))
    seconds = fastest(lambda: gs.classify(W, orientation="rows"))
    found = gs.classify(W, orientation="rows").name
    print(f"{name:24s} noise {noise:4.0%}  {1e3 * seconds:8.1f} ms  {found}")
    return W, seconds


def small_components(n, noise=0.01, rng=None):
    """N features in 3n/40 dimensions: digons, triangles, pentagons, tetrahedra; padded with features of no norm."""
    rng = rng or np.random.default_rng(n)
    m = 3 * n // 40
    blocks, used = [], 0
    for name in ("pentagon", "tetrahedron", "triangle", "digon") * m:
        block = gs.polytope(name).vertices
        if used + block.shape[1] <= m:
            blocks.append(block)
            used += block.shape[1]
    W, row, column = np.zeros((n, m)), 0, 0
    for block in blocks:
        k, r = block.shape
        W[row : row + k, column : column + r] = block
        row, column = row + k, column + r
    W[:row] += noise * rng.normal(size=(row, m))
    return (W @ np.linalg.qr(rng.normal(size=(m, m)))[0])[rng.permutation(n)], len(blocks)


def against_networkx():
    """Isomorphism of skeletons: the exact 2_21 only, as noise needs a guess which pairs are edges."""
    W, ours = shape("2_21", 0.0)
    gram = W @ W.T
    near = nx.from_numpy_array((gram > gram[gram < 0.99].max() - 1e-6) & ~np.eye(len(W), dtype=bool))
    template = nx.Graph(gs.polytope("2_21").edges)
    theirs = fastest(lambda: nx.vf2pp_isomorphism(near, template))
    print(f"  networkx VF2++ of the skeletons alone: {1e3 * theirs:.1f} ms, ratio {theirs / ours:.1f}")


def main():
    for name in ("pentagon", "icosahedron", "24-cell", "2_21", "600-cell", "4_21"):
        for noise in (0.0, 0.01, 0.03):
            shape(name, noise)
    against_networkx()
    for n in (100, 200, 400, 800, 1600):
        gs.classify(small_components(n, rng=np.random.default_rng(0))[0])
        W, count = small_components(n)
        seconds = fastest(lambda W=W: gs.classify(W))
        found = len(gs.classify(W).components)
        print(f"({n}, {W.shape[1]}) of {count} small components: {1e3 * seconds:.1f} ms, {found} found")


if __name__ == "__main__":
    main()
