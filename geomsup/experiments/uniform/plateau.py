"""E8: dimensions per feature of many equal features, from dense to sparse, and the models that E9 and E10 examine."""

from typing import Any

import numpy as np

from geomsup.dimensions import dimensionality, dimensions_per_feature
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import MOST, stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.plateau import plateaus
from geomsup.plot.palette import PALETTE
from geomsup.recognition import classify

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="E8",
    title="Dimensions per feature: the plateaus",
    claim="With many more equal features than dimensions, D* = m/‖W‖² is sticky at 1 and at 1/2 as features get "
    "sparser; the plateau at 1/2 is wide and consists of digons.",
    source="Elhage et al. 2022, Uniform superposition",
    quick={"n": 200, "m": 20, "densities": 15, "steps": 10_000, "largest_rank": 3},
    paper={"n": 400, "m": 30, "densities": 20, "steps": 10_000, "largest_rank": 4},
)

SPARSEST = 20.0  # 1/(1 - S) at the end of the sweep
STICKY = Threshold(
    0.06,
    "relative distance from a level within which D* is on it: the paper's nearest levels, 2/5 and 3/8, are 0.063 apart",
)
WIDE = Threshold(1.4, "factor of 1/(1 − S) over which a plateau is wide: three or four neighbouring densities")
FIRST = Threshold(
    1.1, "factor of 1/(1 − S) of a plateau where features are dense: two neighbouring densities, 1.17 or 1.24 apart"
)
DIGONS = Threshold(
    0.8,
    "fraction of stored features in digons from which a plateau consists of them: a round number between 1/2 and "
    "the 0.96 measured",
)


def measure(lab: Lab, n: int, m: int, densities: int, steps: int, largest_rank: int) -> Data:
    """Train a model at each density, name its components, and find the blocks that are best in theory."""
    p = SPARSEST ** -np.linspace(0, 1, densities)
    features = [Features(n, density) for density in p]
    run = lab.train("models", features, m, steps=steps, preset="anthropic-2022")

    def theory() -> dict[str, Any]:
        best = plateaus(p, n_features=n, n_hidden=m, largest_rank=largest_rank)
        return {
            "winner": np.array([block.name for block in best.winners]),
            "predicted": best.dimensions_per_feature,
            "predicted_loss": np.array([mixture.loss for mixture in best.mixtures]),
            "predicted_D": np.stack([mixture.dimensionality for mixture in best.mixtures]),
        }

    def look() -> dict[str, Any]:
        shapes = [_components(one[stored(one)]) for one in run.W]
        parts = [(k, part.name, len(part.features), part.rank) for k, one in enumerate(shapes) for part in one]
        losses = [float(expected_loss(run.model(k), entry, rtol=1e-4)) for k, entry in enumerate(features)]
        return {
            "part_run": np.array([part[0] for part in parts]),
            "part_name": np.array([part[1] for part in parts]),
            "part_size": np.array([part[2] for part in parts]),
            "part_rank": np.array([part[3] for part in parts]),
            "loss": np.array(losses),
        }

    W = run.W.astype(float)
    return lab.keep("theory", theory) | lab.keep("names", look) | {
        "p": p, "W": run.W, "b": run.b, "D": dimensionality(W), "D_star": dimensions_per_feature(W, orientation="rows"),
        "stored": stored(W),
    }  # fmt: skip


def _components(rows: np.ndarray) -> Any:
    """Return the named components of rows; none if there are no rows."""
    return classify(rows, orientation="rows").components if len(rows) else ()


def draw(data: Data) -> Any:
    """Draw D* against 1/(1 − S), trained and predicted."""
    figure, axes = panels(1, 1, size=(6.4, 4.0))
    ax = axes[0, 0]
    for level in (1, 1 / 2):
        ax.axhline(level, color="grey", linewidth=0.7)
    ax.plot(1 / data["p"], data["predicted"], "s--", color=PALETTE[1], markersize=4, label="best mixture of blocks")
    ax.plot(1 / data["p"], data["D_star"], "o-", color=PALETTE[0], label="trained")
    ax.set(xscale="log", xlabel="1/(1 − S)", ylabel="D* = m/‖W‖²", ylim=(0, 1.1))
    ax.set_title(f"{data['W'].shape[1]} equal features in {data['W'].shape[2]} dimensions", fontsize=10)
    ax.set_xticks([1, 2, 3, 5, 10, 20], labels=["1", "2", "3", "5", "10", "20"])
    ax.minorticks_off()
    ax.legend(frameon=False)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if D* stays on 1/2 over a factor of 1.4 in 1/(1 − S), by digons, and on 1 over a factor of 1.1.

    By digons: 80 % of the features stored on the plateau must be in digons. With other numbers if D* is on 1/2 at some
    density, and most features stored there are in digons.
    """
    on_half, on_one = (np.abs(data["D_star"] / level - 1) < STICKY for level in (0.5, 1.0))
    half, one = _stretch(data["p"], on_half), _stretch(data["p"], on_one)
    wide, first = half[1] / half[0], one[1] / one[0]
    digons = float(np.mean([_digon_share(data, int(k)) for k in np.flatnonzero(on_half)])) if on_half.any() else 0.0
    off = float(np.abs(data["D_star"] - data["predicted"]).max())
    excess = data["loss"] / data["predicted_loss"] - 1
    plateau = wide >= WIDE and digons > DIGONS
    return Verdict(
        decide(plateau and first >= FIRST, on_half.any() and digons > MOST),
        f"D* is on 1/2 over a factor of {wide:.2f} in 1/(1 − S), from {half[0]:.2f} to {half[1]:.2f}, where "
        f"{100 * digons:.0f} % of stored features are in digons, and on 1, where dense, over a factor of {first:.2f}.",
        {
            "densities measured": len(data["p"]),
            "densities with D* on 1/2": on_half.sum(),
            "densities with D* on 1": on_one.sum(),
            "factor of 1/(1 - S) with D* on 1/2": wide,
            "where that begins": half[0],
            "where that ends": half[1],
            "factor of 1/(1 - S) with D* on 1": first,
            "share of digons on 1/2": digons,
            "D* where dense": float(data["D_star"][0]),
            "largest deviation from the predicted D*": off,
            "largest excess over the predicted loss": float(excess.max()),
            "least excess over the predicted loss": float(excess.min()),
        },
        ("D* of trained models", "the best mixture of blocks"),
    )


def _stretch(p: np.ndarray, on: np.ndarray) -> tuple[float, float]:
    """Return 1/p at both ends of the widest range of neighbouring densities that are `on`; (1, 1) without any."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]).astype(int))).reshape(-1, 2)
    return max(
        ((float(1 / p[a]), float(1 / p[b - 1])) for a, b in edges), key=lambda s: s[1] / s[0], default=(1.0, 1.0)
    )


def _digon_share(data: Data, run: int) -> float:
    own = data["part_run"] == run
    sizes = data["part_size"][own]
    return float(sizes[data["part_name"][own] == "digon"].sum() / max(sizes.sum(), 1))
