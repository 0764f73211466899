"""A44: does an L1 penalty give sparse rows of low interference, with many features in many dimensions?"""

from typing import Any

import numpy as np

from geomsup.experiments.adam import adam, falling
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import colour_bar, draw_signed, panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.model import ToyModel
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "descend", "draw", "judge", "loss_and_gradient", "measure", "neurons_of_a_row", "tell"]

EXPERIMENT = Experiment(
    id="A44",
    title="Sparse rows by an L1 penalty",
    claim="With many features in many dimensions, a preferred basis (an L1 penalty) gives sparse rows of low "
    "interference.",
    source="A reader's comment on n ≫ d ≫ 1",
    quick={"dimensions": (20, 40), "steps": 4000},
    paper={"dimensions": (20, 40, 80), "steps": 30_000},
)

RATIO, P = 5, 0.02  # features per dimension; their density
KINDS = {  # what is penalised: factors of E Σ |h|, or of Σ |w|
    "activations": (0.0, 0.01, 0.03, 0.1, 0.2),
    "weights": (0.0, 1e-4, 3e-4, 1e-3, 2e-3),
}
RATE, BATCH = 5e-3, 256  # of Adam, as of `Lab.train` here
RTOL = 1e-3  # of the exact losses
ZERO = 0.02  # cosine up to which two rows count as orthogonal, within 1.2°: so are 7 % of random pairs in 20 dimensions
SPARSE = Threshold(
    0.25,
    "neurons of a row, as a part of all, up to which it is sparse: a row in a random direction has about one third",
)
MANY = Threshold(2, "features stored per dimension for a penalty to have left many: two for each, as digons have")
LOW = Threshold(
    1.05,
    "root mean square cosine over the least possible (Welch) up to which interference is low: random rows have 1.12",
)
DEAR = Threshold(2, "loss over that without penalty up to which a model still counts: a round number")


def measure(lab: Lab, dimensions: Any, steps: int) -> Data:
    """Train with each penalty, and tell sparsity, interference and exact loss of what is stored; also of W turned."""
    parts = [
        lab.keep(f"{kind} {factor:g}, {d} dimensions", lambda a=(kind, factor, d): _one(lab, *a, steps))
        for d in dimensions
        for kind in KINDS
        for factor in KINDS[kind]
    ]
    count = len(KINDS["weights"])
    names = [name for name in parts[0] if name != "W"]
    data = {name: np.array([part[name] for part in parts]).reshape(len(dimensions), 2, count) for name in names}
    shown = {f"{kind} {k}": parts[count * j + k]["W"] for j, kind in enumerate(KINDS) for k in (0, count - 2)}
    return data | shown | {"d": np.array(dimensions)}


def _one(lab: Lab, kind: str, factor: float, d: int, steps: int) -> dict[str, Any]:
    features = Features(RATIO * d, P)
    if kind == "activations":
        recipe = {"steps": steps, "learning_rate": RATE, "schedule": "cosine", "batch": BATCH}
        model = lab.train(f"{d} dimensions, penalty {factor:g}", features, d, hidden_l1=factor, **recipe).model(0)
        W, b = model.W, model.b
    else:
        W, b = descend(features, d, factor, steps, np.random.default_rng(d))
    turn, _ = np.linalg.qr(np.random.default_rng(44).normal(size=(d, d)))
    loss = float(expected_loss(ToyModel(W, b), features, rtol=RTOL))
    return tell(W) | {"turned": tell(W @ turn)["neurons"], "loss": loss, "W": W}


def descend(
    features: Features, d: int, factor: float, steps: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return W and b after steps of Adam on samples, with a penalty of factor times the sum of |w|."""
    start = rng.normal(size=(features.n, d)) * np.sqrt(2 / (features.n + d)), np.zeros(features.n)

    def slopes(parts: list[np.ndarray]) -> tuple[np.ndarray, ...]:
        return loss_and_gradient(parts[0], parts[1], features.sample(BATCH, rng), factor)[1:]

    W, b = adam(start, slopes, steps, lambda step: falling(step, steps, RATE))
    return W, b


def loss_and_gradient(
    W: np.ndarray, b: np.ndarray, x: np.ndarray, factor: float
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the mean loss of samples with the penalty, and its gradient by W and b."""
    h = x @ W
    u = h @ W.T + b
    error = np.maximum(u, 0) - x
    pull = 2 * error * (u > 0) / len(x)
    loss = float((error**2).sum() / len(x) + factor * np.abs(W).sum())
    return loss, x.T @ (pull @ W) + pull.T @ h + factor * np.sign(W), pull.sum(axis=0)


def neurons_of_a_row(W: np.ndarray) -> np.ndarray:
    """Return (Σ w²)²/Σ w⁴ of each row, ``(n,)``: k if it has k equal weights, about d/3 in a random direction.

    Examples
    --------
    >>> neurons_of_a_row(np.array([[0.0, 2.0, 0.0], [1.0, -1.0, 1.0]]))
    array([1., 3.])
    """
    squares = W**2
    return squares.sum(axis=1) ** 2 / np.maximum((squares**2).sum(axis=1), 1e-300)


def tell(W: np.ndarray) -> dict[str, float]:
    """Return how many features are stored, their mean number of neurons, and what their cosines are.

    `over` is the root mean square cosine over the least that so many rows can have, √((n − d)/(d (n − 1))).
    """
    rows = W[stored(W)]
    n, d = rows.shape
    if n <= d:
        return {"stored": float(n), "neurons": float(neurons_of_a_row(rows).mean()) if n else np.nan} | dict.fromkeys(
            ("over", "zero"), np.nan
        )
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = (unit @ unit.T)[~np.eye(n, dtype=bool)]
    least = np.sqrt((n - d) / (d * (n - 1)))
    return {
        "stored": float(n), "neurons": float(neurons_of_a_row(rows).mean()),
        "over": float(np.sqrt((cosines**2).mean()) / least), "zero": float((np.abs(cosines) < ZERO).mean()),
    }  # fmt: skip


def draw(data: Data) -> Any:
    """Draw neurons of a row, cosines and losses over penalties, and rows of W with and without."""
    figure, axes = panels(2, 4, size=(3.1, 2.9), title=f"{RATIO} features per dimension, p = {P:g}")
    for j, (kind, factors) in enumerate(KINDS.items()):
        for k, d in enumerate(data["d"]):
            style = {"color": PALETTE[j], "linestyle": ("-", "--", ":")[k], "marker": "o", "markersize": 4}
            label = f"{kind}, d = {d}"
            at = np.array(factors) / factors[1]
            axes[0, 0].plot(at, data["neurons"][k, j] / d, label=label, **style)
            axes[0, 1].plot(at, data["over"][k, j], **style)
            axes[0, 2].plot(at, data["zero"][k, j], **style)
            axes[0, 3].plot(at, data["loss"][k, j] / data["loss"][k, j, 0], **style)
    axes[0, 0].axhline(SPARSE, color="grey", linewidth=0.7)
    axes[0, 1].axhline(LOW, color="grey", linewidth=0.7)
    axes[0, 3].axhline(DEAR, color="grey", linewidth=0.7)
    titles = ("neurons of a row / d", "rms cosine / least possible", "orthogonal pairs", "loss / without penalty")
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_xscale("symlog", linthresh=1)
        ax.set(xlabel="penalty, over the least", xlim=(-0.1, 30), ylim=(0, None))
        ax.set_title(title, fontsize=9)
    axes[0, 0].legend(frameon=False, fontsize=8)
    shown = [(kind, k) for kind, factors in KINDS.items() for k in (0, len(factors) - 2)]
    for ax, (kind, k) in zip(axes[1], shown, strict=True):
        W, factor = data[f"{kind} {k}"], KINDS[kind][k]
        order = np.abs(W).argmax(axis=1).argsort(kind="stable")
        image = draw_signed(ax, W[order], f"W, {kind}: {factor:g}", 1.0)
    colour_bar(image, axes[1])
    return figure


def judge(data: Data) -> Verdict:
    """Hold if each penalty, at some factor and in all dimensions, gives sparse rows of low interference.

    Sparse: a row has a quarter of the neurons at most, on average. Low: the root mean square cosine is at most 1.05
    times the least possible. Two features per dimension must be stored, at twice the loss at most. With other numbers
    if one of the two penalties does.
    """
    d = data["d"][:, None, None]
    sparse = data["neurons"] <= SPARSE * d
    good = (
        sparse & (data["over"] <= LOW) & (data["stored"] >= MANY * d) & (data["loss"] <= DEAR * data["loss"][..., :1])
    )
    good[..., 0] = False  # without penalty
    found = good.all(axis=0).any(axis=1)
    numbers: dict[str, float] = {}
    for k, size in enumerate(data["d"]):
        for j, (kind, factors) in enumerate(KINDS.items()):
            for i, factor in enumerate(factors):
                where, at = f"{kind}, {factor:g}, d = {size}", (k, j, i)
                numbers |= {
                    f"neurons of a row, {where}": data["neurons"][at],
                    f"the same, W turned, {where}": data["turned"][at],
                    f"rms cosine over the least possible, {where}": data["over"][at],
                    f"orthogonal pairs, {where}": data["zero"][at],
                    f"features stored, {where}": data["stored"][at],
                    f"loss over that without penalty, {where}": data["loss"][at] / data["loss"][k, j, 0],
                }
    numbers["loss of our descent over the trainer's, no penalty, largest"] = (
        data["loss"][:, 1, 0] / data["loss"][:, 0, 0]
    ).max()
    return Verdict(
        decide(bool(found.all()), bool(found.any())), _summary(data, good), numbers,
        ("neurons of a row, of W and of W turned", "cosines against Welch's bound", "exact losses"),
    )  # fmt: skip


def _summary(data: Data, good: np.ndarray) -> str:
    """Say what the least penalty does that gives sparse rows of low interference, or the largest one."""
    told = []
    for j, kind in enumerate(KINDS):
        both = np.flatnonzero(good[:, j].all(axis=0))
        k = int(both[0]) if len(both) else -1
        part = (data["neurons"][:, j, k] / data["d"]).mean()
        cost = (data["loss"][:, j, k] / data["loss"][:, j, 0]).mean()
        told.append(f"{100 * part:.0f} % on {kind} (loss × {cost:.2f})")
    before = (data["neurons"][..., 0] / data["d"][:, None]).mean()
    largest = np.nanmax(data["over"])
    return (
        f"Without penalty a row has {100 * before:.0f} % of the neurons; with one, {', '.join(told)}. Mean square "
        f"cosines are within {100 * (largest**2 - 1):.0f} % of the least possible."
    )
