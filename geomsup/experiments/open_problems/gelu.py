"""A2: GELU outputs instead of ReLU."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.open_problems.names import brief_name, plain_name
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.model import ToyModel
from geomsup.plot.palette import PALETTE
from geomsup.recognition import classify

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="A2",
    title="GELU outputs instead of ReLU",
    claim="GELU outputs give the geometry and about the loss of ReLU outputs; no toy is known where they differ much.",
    source="Open problems 4.10 and 4.11 (N. Nanda's list)",
    quick={"models": 6, "steps": 3000},
    paper={"models": 20, "steps": 20_000},
)

PROBABILITIES = (1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02)
SHAPES = ((5, 2), (6, 3))
OUTPUTS = ("relu", "gelu")
RTOL = 1e-6  # of the exact losses
SIGNIFICANT = Threshold(
    1.5, "ratio of losses from which they differ much: a round number between 1, no difference, and the 8 measured"
)
SPARSE = Threshold(0.1, "largest density that is sparse: the paper's pentagon is found at 0.1")


def measure(lab: Lab, models: int, steps: int) -> Data:
    """Train with both outputs at each size and density; descend each exact loss from the best models of both."""
    names, losses = [], []
    for n, m in SHAPES:
        features = [Features(n, p) for p in PROBABILITIES]
        recipe = {"models": models, "steps": steps, "learning_rate": 1e-2, "schedule": "cosine", "batch": 512}
        runs = [lab.train(f"{n} in {m}, {f}", features, m, activation=f, **recipe) for f in OUTPUTS]
        starts = [[run.best(k) for run in runs] for k in range(len(features))]
        kept = lab.keep(f"settled, {n} in {m}", lambda starts=starts, features=features: _settle_all(starts, features))
        losses.append(kept["loss"])
        names.append(kept["name"])
    return {"loss": np.array(losses), "name": np.array(names), "longer": np.array(_longer(lab, models, steps))}


def _longer(lab: Lab, models: int, steps: int) -> list[float]:
    """Return GELU's loss over ReLU's at the sparsest, after four times as many steps, on fresh samples."""
    features, ratios = [Features(n, PROBABILITIES[-1]) for n, _ in SHAPES], []
    for f, (n, m) in zip(features, SHAPES, strict=True):
        recipe = {"models": models, "steps": 4 * steps, "learning_rate": 1e-2, "schedule": "cosine", "batch": 512}
        best = [lab.train(f"{n} in {m}, {a}, longer", f, m, activation=a, **recipe).best() for a in OUTPUTS]
        relu, gelu = (float(expected_loss(model, f, method="sampled", samples=400_000, rng=1)) for model in best)
        ratios.append(gelu / relu)
    return ratios


def _settle_all(starts: list[list[ToyModel]], features: list[Features]) -> Data:
    """Return the lowest losses that descents reach with each output, and names, ``(outputs, densities)``."""
    found = [[_settle(row, f, activation) for row, f in zip(starts, features, strict=True)] for activation in OUTPUTS]
    return {name: np.array([[end[name] for end in row] for row in found]) for name in ("loss", "name")}


def _settle(starts: list[ToyModel], features: Features, activation: str) -> dict[str, Any]:
    """Return the lowest exact loss reached by descents (L-BFGS) from some models, with this output, and its name."""
    from scipy.optimize import minimize

    n, m = starts[0].W.shape

    def function(z: np.ndarray) -> tuple[float, np.ndarray]:
        found: Any = expected_loss(_model(z, n, m, activation), features, rtol=RTOL, gradient=True)
        return found.value, np.concatenate([found.grad_W.ravel(), found.grad_b])

    tries = [np.concatenate([start.W.ravel(), start.b]) for start in starts]
    end = min((minimize(function, z, jac=True, method="L-BFGS-B") for z in tries), key=lambda found: found.fun)
    return {"loss": end.fun, "name": classify(_model(end.x, n, m, activation).W, orientation="rows").name}


def _model(z: np.ndarray, n: int, m: int, activation: str) -> ToyModel:
    return ToyModel(z[: n * m].reshape(n, m), z[n * m :], activation=activation)


def draw(data: Data) -> Any:
    """Draw both losses, relative to storing nothing, with the names beside the points."""
    figure, axes = panels(len(SHAPES), 1, size=(8.0, 3.3), title="outputs by ReLU and by GELU")
    p = np.array(PROBABILITIES)
    for ax, (n, m), losses, names in zip(axes[:, 0], SHAPES, data["loss"], data["name"], strict=True):
        nothing = n * (p / 3 - p**2 / 4)
        for k, (label, colour) in enumerate(zip(("ReLU", "GELU"), PALETTE, strict=False)):
            ax.plot(range(len(p)), losses[k] / nothing, "o-", color=colour, label=label)
        labels = [f"{q:g}\n{a}\n{b}" for q, a, b in zip(p, *np.vectorize(brief_name)(names), strict=True)]
        ax.set(ylim=(0, None), xticks=range(len(p)), ylabel="loss / loss of storing nothing")
        ax.set_xticklabels(labels, fontsize=8)
        ax.set_xlabel("density; shape with ReLU, with GELU", fontsize=8)
        ax.set_title(f"{n} features in {m} dimensions", fontsize=10)
        ax.legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if shapes are the same at every p below 1, and GELU's loss is less than 1.5 times ReLU's.

    With other numbers if shapes are the same where p <= 0.1.
    """
    relu, gelu = (np.vectorize(plain_name)(data["name"][:, k]) for k in range(len(OUTPUTS)))
    same = relu == gelu
    ratio = data["loss"][:, 1] / np.maximum(data["loss"][:, 0], 1e-9)
    sparse = np.array(PROBABILITIES) <= SPARSE
    proper = np.array(PROBABILITIES) < 1
    worst = np.unravel_index(np.where(proper, ratio, 0).argmax(), ratio.shape)
    numbers = {
        f"loss of GELU over ReLU's, {n} in {m}, p = {p:g}": ratio[s, k]
        for s, (n, m) in enumerate(SHAPES)
        for k, p in enumerate(PROBABILITIES)
        if p < 1
    }
    numbers |= {
        f"the same, trained longer and sampled, {n} in {m}": r for (n, m), r in zip(SHAPES, data["longer"], strict=True)
    }
    numbers |= {"share of same names": same[:, proper].mean(), "share of same names, p <= 0.1": same[:, sparse].mean()}
    n, m = SHAPES[worst[0]]
    return Verdict(
        decide(bool(same[:, proper].all() and ratio[:, proper].max() < SIGNIFICANT), bool(same[:, sparse].all())),
        f"Shapes are the same in {same[:, proper].sum()} of {same[:, proper].size} cases. GELU's loss is "
        f"{ratio[:, proper].min():.2f} to {ratio[:, proper].max():.2f} times ReLU's, most for {n} features in {m} "
        f"dimensions at p = {PROBABILITIES[worst[1]]:g}; of longer trainings "
        f"{min(data['longer']):.2f} to {max(data['longer']):.2f} times.",
        numbers,
        (
            "exact losses (quadrature for GELU), descended from the best models of either",
            "sampled losses of longer trainings",
        ),
    )
