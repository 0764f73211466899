"""E5 and E7: models trained over the plane of density and importance, against the exact optimum there."""

from typing import Any

import numpy as np

from geomsup.dimensions import dimensionality
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import NEARLY_ALL
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.phases import paper_prediction, phase_diagram
from geomsup.plot.phases import SHADES

__all__ = ["EXPERIMENTS", "draw", "judge", "label", "measure"]

EXPERIMENTS = (
    Experiment(
        id="E5",
        title="Phase change, trained: 2 features in 1 dimension",
        claim="The extra feature is not represented, stored in superposition, or given the dimension, in three regions "
        "with sharp borders.",
        source="Elhage et al. 2022, Superposition as a phase change",
        quick={"n": 2, "m": 1, "cells": 13, "fine": 4, "models": 10, "steps": 1500},
        paper={"n": 2, "m": 1, "cells": 41, "fine": 2, "models": 10, "steps": 5000},
    ),
    Experiment(
        id="E7",
        title="Phase change, trained: 3 features in 2 dimensions",
        claim="The extra feature is not represented, stored in superposition, or given a dimension of its own, in "
        "three regions with sharp borders.",
        source="Elhage et al. 2022, Superposition as a phase change",
        quick={"n": 3, "m": 2, "cells": 11, "fine": 2, "models": 10, "steps": 2000},
        paper={"n": 3, "m": 2, "cells": 41, "fine": 2, "models": 10, "steps": 5000},
    ),
)

NOISE = Threshold(
    0.1, "norm up to which a row is noise of training, and its D means nothing: stored rows have norms near 1"
)
ABSENT = Threshold(
    0.1, "D up to which the extra feature is not represented: a fifth of the 1/2 of a feature in a digon"
)
ALONE = Threshold(
    0.9, "D above which the extra feature has a dimension of its own: far above the 1/2 of a feature in a digon"
)
MARGIN = Threshold(
    0.1,
    "decades from a border within which a cell is not counted, a twentieth of an axis: losses of both phases are "
    "nearly equal there, and chance decides where a training ends",
)
PARTLY = Threshold(
    0.75, "fraction of the cells that must agree for the claim to hold with other numbers: half way from 1/2 to 1"
)
SHARP = Threshold(
    0.25, "median jump of D above which borders are sharp: half of that between neighbouring kinds, of D = 0, 1/2 and 1"
)


def label(W: np.ndarray) -> np.ndarray:
    """Return 3 × (number of other features stored) + 0, 1 or 2: the last feature is absent, shares, or is alone."""
    share = _shares(W)
    return 3 * (share[..., :-1] > ABSENT).sum(axis=-1) + _band(share[..., -1])


def measure(lab: Lab, n: int, m: int, cells: int, fine: int, models: int, steps: int) -> Data:
    """Train `models` in every cell of a cells x cells plane; find the exact optimum on `fine` times as many lines."""
    count = fine * (cells - 1) + 1
    p, importance = np.geomspace(0.01, 1, count), np.geomspace(0.1, 10, count)
    p[-1] = 1.0

    def optima() -> dict[str, Any]:
        diagram = phase_diagram(n, m, p, importance)
        return {"W": diagram.W, "loss": diagram.loss}

    exact = lab.keep("optima", optima)
    coarse_p, coarse_I = p[::fine], importance[::fine]
    W, loss = np.empty((cells, cells, n, m)), np.empty((cells, cells, models))
    for i, density in enumerate(coarse_p):

        def row(density: float = density) -> dict[str, Any]:
            entries = [Features(n, density, [1.0] * (n - 1) + [extra]) for extra in coarse_I]
            run = lab.train(
                f"p={density:.4f}", entries, m,
                models=models, steps=steps, batch=512, learning_rate=1e-2, schedule="cosine",
            )  # fmt: skip
            losses = run.expected_loss().reshape(cells, models)
            best = np.arange(cells) * models + np.nanargmin(losses, axis=1)
            return {"W": run.W[best], "loss": losses}

        found = lab.keep(f"row p={density:.4f}", row)
        W[i], loss[i] = found["W"], found["loss"]
    prediction = paper_prediction(n, m, coarse_p, coarse_I)
    return {
        "p": p, "importance": importance, "coarse_p": coarse_p, "coarse_importance": coarse_I, "fine": np.array(fine),
        "W": W, "loss": loss, "optimum_W": exact["W"], "optimum": exact["loss"],
        "predicted_share": prediction.dimensionality, "predicted_loss": prediction.loss,
    }  # fmt: skip


def draw(data: Data) -> Any:
    """Draw the extra feature's share of a dimension: best trained models, exact optimum, the paper's candidates."""
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("share", SHADES)
    n, m = data["W"].shape[2:]
    figure, axes = panels(1, 3, size=(3.8, 3.6), title=f"{n} features in {m} dimensions: share of the extra feature")
    coarse, fine = (data["coarse_p"], data["coarse_importance"]), (data["p"], data["importance"])
    shown = [
        ("best trained model", coarse, _shares(data["W"])[..., -1]),
        ("exact optimum", fine, _shares(data["optimum_W"])[..., -1]),
        ("paper's candidates", coarse, data["predicted_share"]),
    ]
    for ax, (title, (p, importance), share) in zip(axes[0], shown, strict=True):
        image = ax.pcolormesh(p, importance, share.T, cmap=colours, vmin=0, vmax=1, shading="nearest", rasterized=True)
        ax.set(xscale="log", yscale="log", xlabel="density p (sparser →)", title=title)
        ax.set_xlim(p[-1], p[0])
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter("{x:g}")
    wrong = _far(data) & ~_agreeing(data)
    i, j = np.nonzero(wrong)
    axes[0, 0].scatter(data["coarse_p"][i], data["coarse_importance"][j], marker="x", color="black", s=20)
    axes[0, 0].set_ylabel("importance of the extra feature")
    figure.colorbar(image, ax=axes[0].tolist(), label="D of the extra feature")
    return figure


def judge(data: Data) -> Verdict:
    """Hold if trained models and exact optima agree in nine in ten cells away from borders, and borders are sharp.

    The optima must show all three kinds of regions, and D of the extra feature must jump by more than 1/4 across their
    borders (median). With other numbers if three in four of these cells agree.
    """
    far, agree = _far(data), _agreeing(data)
    share = float(agree[far].mean())
    optimum = data["optimum"][:: int(data["fine"]), :: int(data["fine"])]
    excess = data["loss"].min(axis=2) / optimum - 1
    predicted = _band(data["predicted_share"])
    paper = float((predicted == label(_coarse(data)) % 3)[far].mean())
    present = np.unique(label(data["optimum_W"]) % 3)
    all_three = len(present) == 3
    jumps = _jumps(_shares(data["optimum_W"])[..., -1])
    jump = float(np.median(jumps)) if len(jumps) else 0.0
    return Verdict(
        decide(share >= NEARLY_ALL and all_three and jump > SHARP, share >= PARTLY),
        f"The best trained models have the exact optimum's phase in {100 * share:.1f} % of {far.sum()} cells away from "
        f"borders. The optimum has {len(present)} of three kinds of regions, and D jumps by {jump:.2f} across their "
        "borders (median).",
        {
            "agreeing cells, trained and exact": share,
            "cells counted": int(far.sum()),
            "agreeing cells, paper's candidates and exact": paper,
            "kinds of regions": len(present),
            "jump of D across borders, median": jump,
            "jump of D across borders, 10th percentile": np.quantile(jumps, 0.1) if len(jumps) else 0.0,
            "jump of D across borders, least": float(jumps.min(initial=1.0)),
            "median excess of the best trained": float(np.median(excess)),
            "largest excess of the best trained": float(excess.max()),
        },
        ("best of the trained models", "exact optimum in every cell"),
    )


def _shares(W: np.ndarray) -> np.ndarray:
    """Return D of every feature; 0 for rows that are noise."""
    return np.where(np.linalg.norm(W, axis=-1) > NOISE, dimensionality(W), 0.0)


def _jumps(share: np.ndarray) -> np.ndarray:
    """Return the differences of D between neighbouring cells of different kinds."""
    pairs = [(share[1:], share[:-1]), (share[:, 1:], share[:, :-1])]
    return np.concatenate([np.abs(a - b)[_band(a) != _band(b)] for a, b in pairs])


def _band(share: np.ndarray) -> np.ndarray:
    return (share > ABSENT).astype(int) + (share > ALONE)


def _coarse(data: Data) -> np.ndarray:
    return data["optimum_W"][:: int(data["fine"]), :: int(data["fine"])]


def _agreeing(data: Data) -> np.ndarray:
    return label(data["W"]) == label(_coarse(data))


def _far(data: Data) -> np.ndarray:
    """Return the coarse cells all of whose surroundings within the margin have one label."""
    labels, fine = label(data["optimum_W"]), int(data["fine"])
    x, y = np.log10(data["p"]), np.log10(data["importance"])
    far = np.empty((len(data["coarse_p"]), len(data["coarse_importance"])), bool)
    for i, j in np.ndindex(*far.shape):
        near = np.hypot.outer(x - x[i * fine], y - y[j * fine]) <= MARGIN + 1e-9
        far[i, j] = len(np.unique(labels[near])) == 1
    return far
