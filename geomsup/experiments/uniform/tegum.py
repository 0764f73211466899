"""E10: the features split into orthogonal blocks, a tegum product, rather than into larger irregular shapes."""

from typing import Any

import numpy as np

from geomsup.dimensions import dimensionality
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import MOST, NEARLY_ALL
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.plot.palette import PALETTE
from geomsup.recognition import classify

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="E10",
    title="Tegum products instead of irregular shapes",
    claim="Features split into orthogonal blocks: a triangular bipyramid has three D_i of 2/3 and two of 1/2, a "
    "pentagonal one five of 2/5 and two of 1/2, an octahedron is three digons; blocks do not interfere.",
    source="Elhage et al. 2022, Uniform superposition: tegum products",
    uses="E8",
)

# Joined shapes, and the D_i that the paper finds for each of their components.
JOINED = {
    "triangular bipyramid": (2 / 3, 2 / 3, 2 / 3, 1 / 2, 1 / 2),
    "pentagonal bipyramid": (2 / 5, 2 / 5, 2 / 5, 2 / 5, 2 / 5, 1 / 2, 1 / 2),
    "octahedron": (1 / 2,) * 6,
}
SMALL = 4  # rank up to which a component is small
ROUNDING = Threshold(1e-12, "difference of D_i that is rounding: 3e-16 is measured")
SOME = Threshold(
    0.25,
    "fraction of the dimensions that small components must hold for the claim to hold with other numbers: a round "
    "number between the 0 of the sparsest models and the 0.95 of those on the plateau",
)


def measure(lab: Lab) -> Data:
    """Return D_i of the joined shapes and the names of their components, and the components of trained models."""
    data = lab.data_of("E8")
    vertices = [_bipyramid(3), _bipyramid(5), _bipyramid(4)]
    shares = np.concatenate([np.sort(dimensionality(points)) for points in vertices])
    parts = np.array(
        [" + ".join(part.name for part in classify(points, orientation="rows").components) for points in vertices]
    )
    ranks = [data["part_rank"][data["part_run"] == k] for k in range(len(data["p"]))]
    return {
        "p": data["p"], "shares": shares, "parts": parts,
        "components": np.array([len(rank) for rank in ranks]),
        "small_rank": np.array([rank[rank <= SMALL].sum() for rank in ranks]),
        "largest_rank": np.array([rank.max(initial=0) for rank in ranks]),
        "total_rank": np.array([rank.sum() for rank in ranks]), "m": np.array(data["W"].shape[2]),
    }  # fmt: skip


def _bipyramid(k: int) -> np.ndarray:
    """Return the unit vertices of a regular k-gon and of the two apices above and below it; of k = 4 the octahedron."""
    turns = 2 * np.pi * np.arange(k) / k
    ring = np.stack([np.cos(turns), np.sin(turns), 0 * turns], axis=1)
    return np.concatenate([ring, [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]]])


def draw(data: Data) -> Any:
    """Draw how many orthogonal components each trained model has, and the largest rank among them."""
    figure, axes = panels(1, 1, size=(6.0, 3.6))
    ax = axes[0, 0]
    ax.plot(1 / data["p"], data["components"], "o-", color=PALETTE[0], label="orthogonal components")
    ax.plot(1 / data["p"], data["largest_rank"], "s-", color=PALETTE[1], label="largest rank of one")
    ax.plot(1 / data["p"], data["total_rank"], "k:", label="ranks together")
    ax.set(xscale="log", xlabel="1/(1 − S)")
    ax.set_title(f"Trained models split into orthogonal components (m = {int(data['m'])})", fontsize=10)
    ax.set_xticks([1, 2, 3, 5, 10, 20], labels=["1", "2", "3", "5", "10", "20"])
    ax.minorticks_off()
    ax.legend(frameon=False)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if joined shapes have the D_i of their components, and small components hold nearly all dimensions.

    Small components have rank 4 at most; the fraction of the dimensions that they hold is averaged over densities. With
    other numbers if it is a quarter.
    """
    expected = np.concatenate([np.sort(shares) for shares in JOINED.values()])
    off = float(np.abs(data["shares"] - expected).max())
    small = data["small_rank"] / data["m"]
    split, most = float(small.mean()), small > MOST
    held = {f"dimensions held by small parts, 1/(1-S) = {1 / p:.3g}": s for p, s in zip(data["p"], small, strict=True)}
    left = float((data["m"] - data["total_rank"])[most].max(initial=0))
    return Verdict(
        decide(off < ROUNDING and split > NEARLY_ALL, off < ROUNDING and split >= SOME),
        f"D_i of bipyramids and octahedron are those of their components to {off:.1g}. Components of rank at most "
        f"{SMALL} hold {100 * split:.0f} % of the dimensions of trained models on average, and most of them at "
        f"{most.sum()} of {len(small)} densities.",
        {
            "largest deviation of D_i of joined shapes": off,
            f"part of the dimensions held by parts of rank at most {SMALL}": split,
            "models most of whose dimensions they hold": most.sum(),
            "largest rank of a part": float(data["largest_rank"].max()),
            "most dimensions left to short rows in these": left,
        }
        | held,
        ("D_i of exact coordinates", "components of trained models"),
    )
