"""A22: several sets of features for one task: minima that differ, two of them equally good."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.open_problems.names import brief_name, plain_name
from geomsup.experiments.pictures import SMALL, panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.model import ToyModel
from geomsup.optima.descent import FINE, descend
from geomsup.phases import crossing
from geomsup.plot import plot_geometry
from geomsup.plot.palette import PALETTE
from geomsup.recognition import classify
from geomsup.shapes import polytope

__all__ = ["EXPERIMENT", "draw", "is_alive", "is_minimum", "judge", "kinds", "measure"]

EXPERIMENT = Experiment(
    id="A22",
    title="Several sets of features",
    claim="A task can have several sets of features: for three features in two dimensions two unlike geometries are "
    "exactly equally good at one density, both are minima, and training finds either.",
    source="Open problem 4.20 (N. Nanda's list)",
    quick={"models": 256, "steps": 2000},
    paper={"models": 1000, "steps": 20_000},
)

BRACKET = (0.45, 0.53)  # densities: the pair wins at one, the triangle at the other
RIVALS = {
    "digon + dedicated dimension": np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]]),
    "triangle": polytope("triangle").vertices,
}
OTHERS = ((3, 2, 0.45), (5, 2, 0.1), (6, 2, 0.05), (6, 3, 0.1))  # features, dimensions, density of tasks beside the tie
EQUAL = Threshold(1e-9, "relative difference of losses that is none: they are exact to about 1e-12")
SAME = 1e-6  # relative difference of losses up to which two ends of descents are one minimum: descents leave 1e-9
KICK, KICKS = 0.02, 12  # length and number of random steps off a point, from which a minimum is found again
FOUND = Threshold(0.05, "share of trainings above which training finds a geometry: one in twenty")


def measure(lab: Lab, models: int, steps: int) -> Data:
    """Find the tie; train on samples there, and exactly there and at other tasks; count the minima that are reached."""
    first, second = (ToyModel(W) for W in RIVALS.values())
    tie = crossing(first, second, lambda p: Features(3, p), BRACKET)
    features = Features(3, tie.parameter)
    recipe = {"models": models, "steps": steps, "learning_rate": 1e-2, "schedule": "cosine", "batch": 512}
    run = lab.train("tie", features, 2, **recipe)
    settled = descend(features, [(run.W[k], run.b[k]) for k in range(models)], slope=FINE)
    data: dict[str, Any] = {
        "tie": tie.parameter,
        "losses": [float(expected_loss(model, features)) for model in tie.models],
        "minima": [is_minimum(model.W, model.b, features) for model in tie.models],
        "slopes": tie.slopes,
        "trained": [plain_name(classify(end.W, orientation="rows").name) for end in settled],
        "trained_loss": [end.loss for end in settled],
    }
    data |= {f"W {k}": model.W for k, model in enumerate(tie.models)}
    for k, (n, m, p) in enumerate([(3, 2, tie.parameter), *OTHERS]):
        found = lab.keep(f"minima {n} {m} {p:.3g}", lambda n=n, m=m, p=p: kinds(Features(n, p), m, models))
        data |= {f"{key} {k}": value for key, value in found.items()}
    return data


def kinds(features: Features, m: int, starts: int) -> dict[str, Any]:
    """Return the unlike ends of descents from random weights: names, losses, how many, if it is a minimum.

    Ends are alike if their losses are, and their shapes' names.
    """
    rng = np.random.default_rng(0)
    n = features.n
    scale = (2 / (n + m)) ** 0.5  # Xavier's, with which models are also trained
    ends = descend(features, [(scale * rng.normal(size=(n, m)), np.zeros(n)) for _ in range(starts)], slope=FINE)
    ends = sorted(ends, key=lambda end: end.loss)
    found: list[dict[str, Any]] = []
    for end in ends:
        name = plain_name(classify(end.W, orientation="rows").name)
        like = [one for one in found if one["name"] == name and end.loss < one["loss"] * (1 + SAME)]
        if like:
            like[0]["count"] += 1
        else:
            minimum = is_alive(end.W, end.b) and is_minimum(end.W, end.b, features)
            found.append({"name": name, "loss": end.loss, "count": 1, "minimum": minimum})
    return {key: np.array([one[key] for one in found]) for key in ("name", "loss", "count", "minimum")}


def is_minimum(W: np.ndarray, b: np.ndarray, features: Features) -> bool:
    """Return whether descents from small random steps off a model, in all weights and biases, end no lower.

    Second derivatives do not tell: where a feature is dropped, or a bias is 0, there are none or they are 0.
    """
    rng = np.random.default_rng(0)
    steps = [rng.normal(size=W.size + b.size) for _ in range(KICKS)]
    steps = [KICK * step / np.linalg.norm(step) for step in steps]
    starts = [(W + step[: W.size].reshape(W.shape), b + step[W.size :]) for step in steps]
    least = min(end.loss for end in descend(features, starts, slope=FINE))
    return bool(least > float(expected_loss(ToyModel(W, b), features)) * (1 - SAME))


def is_alive(W: np.ndarray, b: np.ndarray) -> bool:
    """Return whether every output is on for some inputs. One that never is has no slopes, and makes a flat minimum.

    Examples
    --------
    >>> is_alive(np.array([[1.0], [0.0]]), np.array([0.0, 0.1])), is_alive(np.array([[1.0], [0.0]]), np.zeros(2))
    (True, False)
    """
    return bool((np.maximum(W @ W.T, 0).sum(axis=1) + b > 0).all())


def draw(data: Data) -> Any:
    """Draw the two geometries of the tie with the share of trainings that end there, and the minima of all tasks."""
    figure, axes = panels(1, 3, size=(3.6, 3.4))
    for k, (ax, name) in enumerate(zip(axes[0], RIVALS, strict=False)):
        plot_geometry(classify(data[f"W {k}"], orientation="rows"), ax=ax, title=False)
        share = (data["trained"] == name).mean()
        ax.set_title(f"{brief_name(name)}\nloss {data['losses'][k]:.8f}, {100 * share:.0f} % of trainings", fontsize=9)
    ax = axes[0, 2]
    tasks = [(3, 2, data["tie"]), *OTHERS]
    for k in range(len(tasks)):
        losses, minimum = data[f"loss {k}"], data[f"minimum {k}"]
        for loss, is_low in zip(losses, minimum, strict=True):
            colour = PALETTE[0] if is_low else "grey"
            ax.plot(k, loss / losses[0], "o", color=colour, fillstyle="full" if is_low else "none")
    ax.set_xticks(range(len(tasks)), [f"{n} in {m}\np = {p:.3g}" for n, m, p in tasks], fontsize=SMALL)
    ax.set_ylabel("loss / lowest")
    ax.set_title("ends of descents: minima (full), others (empty)", fontsize=9)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if the two geometries have the same loss, both are minima, and training finds each in 5 % of all cases.

    With other numbers if training finds only one of them.
    """
    first, second = data["losses"]
    gap = float(abs(first / second - 1))
    tied = gap < EQUAL and bool(np.all(data["minima"]))
    shares = {name: float((np.asarray(data["trained"]) == name).mean()) for name in RIVALS}
    tasks = [(3, 2, float(data["tie"])), *OTHERS]
    numbers = {"density of the tie": float(data["tie"]), "loss of both there": float(first)}
    numbers |= {"relative difference of their losses": gap, "lowest trained and settled over it": 0.0}
    numbers["lowest trained and settled over it"] = float(np.min(data["trained_loss"]) / first - 1)
    numbers |= {f"share of trainings, {name}": share for name, share in shares.items()}
    for k, (n, m, p) in enumerate(tasks):
        low = data[f"minimum {k}"].astype(bool)
        counts = data[f"count {k}"]
        numbers[f"unlike minima found, {n} in {m}, p = {p:.3g}"] = low.sum()
        numbers[f"share of descents at the lowest, {n} in {m}, p = {p:.3g}"] = counts[0] / counts.sum()
    several = sum(numbers[f"unlike minima found, {n} in {m}, p = {p:.3g}"] > 1 for n, m, p in tasks)
    low = "both are" if np.all(data["minima"]) else f"{np.sum(data['minima'])} of 2 are"
    told = " and ".join(f"{100 * share:.0f} % the {brief_name(name)}" for name, share in shares.items())
    return Verdict(
        decide(tied and min(shares.values()) > FOUND, tied),
        f"At p = {float(data['tie']):.6f} both lose {float(first):.7f}, and {low} minima. Of trainings there {told}. "
        f"{several} of {len(tasks)} tasks have several unlike minima.",
        numbers,
        ("exact losses at the tie", "descents from steps off each", "trainings on samples, settled"),
    )
