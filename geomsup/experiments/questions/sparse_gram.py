"""Q5: for which densities is W Wᵀ of 100 features in 40 dimensions sparse?"""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.nonuniform.perturbed import listed
from geomsup.experiments.pictures import draw_gram, panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.optima import optimum
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "factor_sizes", "judge", "measure", "near_zero"]

EXPERIMENT = Experiment(
    id="Q5",
    title="When is W Wᵀ sparse?",
    claim="For 100 features in 40 dimensions W Wᵀ has a sparse block structure on a range of densities (a replicator's "
    "conjecture).",
    source="a replicator's note on Elhage et al. 2022",
    quick={"models": 1, "steps": 6000, "batch": 256},
    paper={"models": 4, "steps": 50_000, "batch": 1024},
)

N, M = 100, 40
DENSITIES = (0.8, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01)
EDGE = Threshold(0.2, "cosine from which features belong to one block: twice what counts as zero")
ZERO = Threshold(0.1, "cosine below which an entry counts as zero: within 6° of orthogonal")
SPARSE = Threshold(
    0.9,
    "fraction of cosines near zero from which W Wᵀ is sparse: random rows in 40 dimensions have 0.47, digons alone "
    "0.99",
)
LARGEST = Threshold(
    8, "features of the largest block of a block structure: those of a square antiprism, the paper's largest shape"
)
SHAPES = {"dedicated": (1, 1), "digon": (2, 1), "triangle": (3, 2), "tetrahedron": (4, 3), "pentagon": (5, 2)}


def factor_sizes(W: np.ndarray) -> np.ndarray:
    """Return the sizes of the blocks of the stored rows: components joined by cosines of `EDGE` or more.

    Examples
    --------
    >>> factor_sizes(np.array([[1.0, 0.0], [-1.0, 0.05], [0.0, 1.0], [0.0, 0.01]]))
    array([2, 1])
    """
    from scipy.sparse.csgraph import connected_components

    cosines = _cosines(W)
    count, labels = connected_components(np.abs(cosines) >= EDGE, directed=False)
    return np.sort(np.bincount(labels, minlength=count))[::-1]


def near_zero(W: np.ndarray) -> float:
    """Return the fraction of the cosines between different stored rows that are near zero."""
    cosines = _cosines(W)
    return float((np.abs(cosines[np.triu_indices(len(cosines), 1)]) < ZERO).mean()) if len(cosines) > 1 else 1.0


def _cosines(W: np.ndarray) -> np.ndarray:
    rows = W[stored(W)]
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit @ unit.T


def measure(lab: Lab, models: int, steps: int, batch: int) -> Data:
    """Train over p; return the best models' blocks and sparsity, and the gain of single shapes per dimension."""
    features = [Features(N, p) for p in DENSITIES]
    run = lab.train(
        "models", features, M, models=models, steps=steps, batch=batch, learning_rate=5e-3, schedule="cosine"
    )

    def read() -> dict[str, Any]:
        losses = run.expected_loss().reshape(len(DENSITIES), models)
        best = np.arange(len(DENSITIES)) * models + losses.argmin(axis=1)
        return {"W": run.W[best].astype(float), "loss": losses.min(axis=1)}

    def blocks() -> dict[str, Any]:
        gains = [
            [
                (k - optimum(Features(k, p), r, starts=16).loss / Features(1, p).variance[0]) / r
                for k, r in SHAPES.values()
            ]
            for p in DENSITIES
        ]
        return {"gain": np.array(gains)}

    data = lab.keep("read", read) | lab.keep("blocks", blocks)
    sizes = np.zeros((len(DENSITIES), N), int)
    for k, W in enumerate(data["W"]):
        found = factor_sizes(W)
        sizes[k, : len(found)] = found
    return data | {
        "sizes": sizes, "zero": np.array([near_zero(W) for W in data["W"]]),
        "stored": stored(data["W"]).sum(axis=1),
    }  # fmt: skip


def draw(data: Data) -> Any:
    """Draw W Wᵀ, ordered by blocks, at every density; draw sparsity and block sizes over p."""
    columns = len(DENSITIES) // 2
    figure, axes = panels(2, columns + 1, size=(2.6, 2.7), title=f"W Wᵀ of {N} features in {M} dimensions, by factors")
    for k, p in enumerate(DENSITIES):
        W = data["W"][k]
        draw_gram(axes[k // columns, k % columns], W[_order(W)], f"p = {p:g}: {data['stored'][k]} stored")
    ax, ay = axes[:, columns]
    ax.plot(DENSITIES, data["zero"], "o-", color=PALETTE[0])
    ax.set(xscale="log", xlabel="density p", ylabel="cosines near zero", ylim=(0, 1.03))
    ay.plot(DENSITIES, data["sizes"].max(axis=1), "o-", color=PALETTE[1], label="largest")
    ay.plot(DENSITIES, [np.median(row[row > 0]) for row in data["sizes"]], "s-", color=PALETTE[2], label="median")
    ay.set(xscale="log", yscale="log", xlabel="density p", ylabel="features of a factor")
    ay.legend(frameon=False, fontsize=8)
    return figure


def _order(W: np.ndarray) -> np.ndarray:
    """Return an order of the rows: the stored ones first, by block."""
    from scipy.sparse.csgraph import connected_components

    kept = np.flatnonzero(stored(W))
    labels = connected_components(np.abs(_cosines(W)) >= EDGE, directed=False)[1]
    counts = np.bincount(labels)[labels] if len(labels) else labels
    rest = np.setdiff1d(np.arange(len(W)), kept)
    return np.concatenate([kept[np.lexsort((labels, counts))], rest])


def judge(data: Data) -> Verdict:
    """Hold if W Wᵀ is sparse, with small blocks, on one range of densities, and not on all.

    Small: 8 features or fewer. With other numbers if W Wᵀ is sparse at some densities but not all, whatever its blocks.
    """
    sparse = data["zero"] >= SPARSE
    small = data["sizes"].max(axis=1) <= LARGEST
    both = sparse & small
    turns = int(np.abs(np.diff(both.astype(int))).sum())
    inside = [p for p, yes in zip(DENSITIES, both, strict=True) if yes]
    median = [float(np.median(row[row > 0])) for row in data["sizes"]]
    numbers = {f"part of cosines near zero, p = {p:g}": z for p, z in zip(DENSITIES, data["zero"], strict=True)}
    numbers |= {f"factors, p = {p:g}": (row > 0).sum() for p, row in zip(DENSITIES, data["sizes"], strict=True)}
    numbers |= {f"largest factor, p = {p:g}": row.max() for p, row in zip(DENSITIES, data["sizes"], strict=True)}
    numbers |= {f"features stored, p = {p:g}": s for p, s in zip(DENSITIES, data["stored"], strict=True)}
    numbers |= {f"median factor, p = {p:g}": size for p, size in zip(DENSITIES, median, strict=True)}
    numbers |= {
        f"gain per dimension of a {name}, p = {p:g}": gain
        for p, row in zip(DENSITIES, data["gain"], strict=True)
        for name, gain in zip(SHAPES, row, strict=True)
    }
    return Verdict(
        decide(bool(both.any()) and not both.all() and turns <= 2, bool(sparse.any()) and not sparse.all()),
        f"{100 * data['zero'].min():.0f} to {100 * data['zero'].max():.0f} % of the cosines are below {ZERO:g}. W Wᵀ "
        f"is sparse at {sparse.sum()} of {len(sparse)} densities, with small blocks at "
        f"{'p = ' + listed(inside) if inside else 'none'}. The largest block has {data['sizes'].max()} features.",
        numbers,
        ("factors of trained models", "exact optima of single blocks"),
    )
