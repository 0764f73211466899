"""E15: three correlated pairs in two dimensions. Do the members of a pair lie side by side on a hexagon?"""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.nonuniform.sets import draw_sets, make_sets
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.optima import optimum
from geomsup.recognition import classify

__all__ = ["EXPERIMENT", "angles_within", "draw", "judge", "measure", "neighbours"]

EXPERIMENT = Experiment(
    id="E15",
    title="Three correlated pairs: side by side",
    claim="Three correlated pairs in two dimensions, which cannot all be orthogonal, form a hexagon with the members "
    "of a pair side by side; independent features do not give this hexagon; collapsed pairs are failures of "
    "optimisation.",
    source="Elhage et al. 2022, Non-uniform superposition (correlated and anticorrelated features)",
    quick={"models": 12, "steps": 4000, "starts": 32},
    paper={"models": 40, "steps": 20_000, "starts": 128},
)

DENSITIES = (0.01, 0.03, 0.05)
KINDS = ("correlated", "independent")
COLLAPSED = Threshold(
    15, "degrees between members below which a pair has collapsed: a quarter of the 60° between neighbours on a hexagon"
)
ABOVE = Threshold(
    0.01,
    "relative excess over the optimum's loss above which a model is worse: many times what noise of training leaves",
)


def measure(lab: Lab, models: int, steps: int, starts: int) -> Data:
    """Train three pairs, and six independent features; find the exact optima of both."""
    data: dict[str, Any] = {}
    for kind in KINDS:
        features = [make_sets(3, 2, p, kind) for p in DENSITIES]
        run = lab.train(kind, features, 2, models=models, steps=steps, learning_rate=1e-2, schedule="cosine")
        names = [one.name for one in classify(run)]

        def exact(features: list = features) -> dict[str, Any]:
            found = [optimum(entry, 2, starts=starts) for entry in features]
            return {
                "W": np.stack([one.model.W for one in found]), "loss": np.array([one.loss for one in found]),
                "name": np.array([one.geometry.name for one in found]),
            }  # fmt: skip

        best = lab.keep(f"optima {kind}", exact)
        data |= {
            f"{kind} W": run.W.reshape(len(DENSITIES), models, 6, 2).astype(float),
            f"{kind} loss": run.expected_loss().reshape(len(DENSITIES), models),
            f"{kind} name": np.array(names).reshape(len(DENSITIES), models),
            **{f"{kind} optimum {key}": value for key, value in best.items()},
        }
    return data


def neighbours(W: np.ndarray) -> Any:
    """Return whether the members of every pair of rows are neighbours on the circle, ``(...)``.

    Examples
    --------
    >>> turns = np.pi / 3 * np.arange(6)
    >>> rows = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    >>> bool(neighbours(rows)), bool(neighbours(rows[[0, 3, 1, 4, 2, 5]]))
    (True, False)
    """
    places = np.argsort(np.argsort(np.arctan2(W[..., 1], W[..., 0]), axis=-1), axis=-1)
    apart = np.abs(places[..., 0::2] - places[..., 1::2])
    return np.isin(apart, (1, W.shape[-2] - 1)).all(axis=-1)


def angles_within(W: np.ndarray) -> np.ndarray:
    """Return the angles between the members of each pair, in degrees, ``(..., 3)``."""
    turns = np.degrees(np.arctan2(W[..., 1], W[..., 0]))
    apart = np.abs(turns[..., 0::2] - turns[..., 1::2])
    return np.minimum(apart, 360 - apart)


def draw(data: Data) -> Any:
    """Draw the best trained model of pairs and of independent features at each density."""
    figure, axes = panels(2, len(DENSITIES), size=(2.9, 3.0), title="6 features in 2 dimensions: 3 pairs; independent")
    for row, kind in enumerate(KINDS):
        for k, p in enumerate(DENSITIES):
            best = int(data[f"{kind} loss"][k].argmin())
            name, optimal = data[f"{kind} name"][k, best], data[f"{kind} optimum name"][k]
            size = 2 if kind == "correlated" else 1
            title = f"{kind}, p = {p:g}\n{name}\noptimum: {optimal}"
            draw_sets(axes[row, k], data[f"{kind} W"][k, best], title, size)
    for ax in axes.ravel():
        ax.title.set_fontsize(8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if pairs form hexagons with members side by side, independent features do not, and collapse costs loss.

    Pairs: the best trained model and the exact optimum at every density. Independent features: no trained model and no
    exact optimum may be a hexagon. Collapse: every trained model with a collapsed pair must lose 1 % more than the
    optimum. With other numbers if only the members' places are as claimed.
    """
    W, loss = data["correlated W"], data["correlated loss"]
    best = W[np.arange(len(W)), loss.argmin(axis=1)]
    trained, exact = neighbours(best), neighbours(data["correlated optimum W"])
    names = [data["correlated name"][k, loss[k].argmin()] for k in range(len(W))]
    hexagons = np.array([name == "hexagon" for name in (*names, *data["correlated optimum name"])])
    angles = angles_within(W)
    collapsed = (angles < COLLAPSED).any(axis=2)
    above = loss > data["correlated optimum loss"][:, None] * (1 + ABOVE)
    alone = float((data["independent name"] == "hexagon").mean())
    alone_best = [str(name) for name in data["independent optimum name"]]
    excess = (
        np.where(
            data["independent name"] == "hexagon",
            np.inf,
            data["independent loss"] / data["independent optimum loss"][:, None],
        ).min(axis=1)
        - 1
    )
    other = alone == 0 and "hexagon" not in alone_best
    optimal = angles_within(data["correlated optimum W"]).mean(axis=1)
    numbers = {f"share of neighbours, p = {p:g}": s for p, s in zip(DENSITIES, neighbours(W).mean(axis=1), strict=True)}
    numbers |= {f"share collapsed, p = {p:g}": s for p, s in zip(DENSITIES, collapsed.mean(axis=1), strict=True)}
    numbers |= {f"angle within pairs, optimum, p = {p:g}": a for p, a in zip(DENSITIES, optimal, strict=True)}
    numbers["share of independent models that are hexagons"] = alone
    failed = above[collapsed].mean() if collapsed.any() else 1.0
    numbers["share of collapsed models above the optimum by 1 %"] = failed
    numbers |= {
        f"excess of independent models, no hexagons, p = {p:g}": e for p, e in zip(DENSITIES, excess, strict=True)
    }
    numbers["hexagons among best models and optima of pairs"] = int(hexagons.sum())
    numbers["best models and optima of pairs"] = len(hexagons)
    numbers["optima of independent features that are hexagons"] = alone_best.count("hexagon")
    sides = bool(trained.all() and exact.all())
    return Verdict(
        decide(sides and bool(hexagons.all()) and other and failed == 1, sides),
        f"Members of pairs lie side by side in {trained.sum()} of {len(trained)} best trained models and "
        f"{exact.sum()} of {len(exact)} optima. {100 * collapsed.mean():.0f} % of the models collapse a pair, "
        f"{100 * failed:.0f} % of which lose more. Independent features become hexagons in {100 * alone:.0f} %.",
        numbers,
        ("names and order of the trained models", "exact optima of pairs and of independent features"),
    )
