"""E29: what a penalty on hidden activations does to superposition."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import GONE, NEARLY_ALL, interference, stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure", "threshold", "worth"]

EXPERIMENT = Experiment(
    id="E29",
    title="A penalty on hidden activations",
    claim="An L1 penalty on hidden activations removes superposition at a higher loss; features below a threshold of "
    "importance are dropped.",
    source="Elhage et al. 2022, Discussion: strategies that create models without superposition",
    quick={
        "n": 20, "m": 10, "ratio": 0.8, "p": 0.1, "models": 6, "steps": 3000,
        "penalties": [0.0, 0.003, 0.01, 0.03, 0.06, 0.1, 0.2, 0.4],
    },
    paper={
        "n": 20, "m": 10, "ratio": 0.8, "p": 0.1, "models": 10, "steps": 20_000,
        "penalties": [0.0, 0.001, 0.003, 0.006, 0.01, 0.02, 0.03, 0.045, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6],
    },
)  # fmt: skip

KINDS = ("linear", "relu")
SAMPLES = 2**14  # samples on which hidden activations are measured
FALLS = Threshold(0.02, "fraction by which the loss may fall from one penalty to the next: noise of training")
PAIR = Threshold(
    2, "features that must be stored for superposition to be possible: one alone has none to interfere with"
)


def threshold(penalty: float, p: float) -> float:
    """Return the importance from which a feature is worth a neuron of its own at a cost of λ E ``|h|``.

    With weight w in and out and the bias p (1 − w²)/2 it costs I (1 − w²)² v + λ p w/2, v = p/3 − p²/4 the variance of
    its values; dropped, it costs I v. The gain over the penalty paid is greatest at w² = 2/3.
    """
    w = np.sqrt(2 / 3)
    return float(penalty * w / 2 / ((1 - (1 - w**2) ** 2) * (1 / 3 - p / 4)))


def worth(data: Data) -> np.ndarray:
    """Return which features are worth a neuron under each penalty; the most important m if there are more."""
    ranks = np.argsort(np.argsort(-data["importance"]))
    return (data["importance"] > data["threshold"][:, None]) & (ranks < data["m"])


def measure(lab: Lab, n: int, m: int, ratio: float, p: float, penalties: list[float], models: int, steps: int) -> Data:
    """Train linear and ReLU hidden layers under each penalty; return what the best models store, and their losses."""
    features = Features(n, p, ratio ** np.arange(n))
    recipe = {"models": models, "steps": steps, "learning_rate": 5e-3, "schedule": "cosine", "batch": 512}
    data: dict[str, Any] = {"penalty": penalties, "importance": features.importance, "m": m}
    data["threshold"] = np.array([threshold(penalty, p) for penalty in penalties])
    for kind in KINDS:
        runs = [
            lab.train(f"{kind} {penalty:g}", features, m, hidden_activation=kind, hidden_l1=penalty, **recipe)
            for penalty in penalties
        ]
        loss = np.stack([run.expected_loss() for run in runs])
        W = np.stack([run.W for run in runs]).astype(float)
        paid = loss + np.array(penalties)[:, None] * _activity(W, kind, features)
        best = paid.argmin(axis=1)
        if kind == "relu":  # negative weights only shut units: what is stored is in the positive ones
            W = np.maximum(W, 0)
        kept = stored(W)
        shared = np.where(kept, interference(W), 0.0).sum(axis=-1) / np.maximum(kept.sum(axis=-1), 1)
        at = np.arange(len(penalties)), best
        data |= {
            f"{kind} loss": loss[at], f"{kind} stored": kept[at], f"{kind} shared": shared[at],
            f"{kind} all shared": shared,
        }  # fmt: skip
    return data


def _activity(W: np.ndarray, kind: str, features: Features) -> np.ndarray:
    """Return E Σ ``|h|`` of each model, ``(penalties, models)``."""
    x = features.sample(SAMPLES, np.random.default_rng(29))
    totals = [
        np.abs(np.maximum(h, 0) if kind == "relu" else h).sum()
        for h in (x @ one for one in W.reshape(-1, *W.shape[2:]))
    ]
    return np.array(totals).reshape(W.shape[:2]) / SAMPLES


def draw(data: Data) -> Any:
    """Draw features stored, their superposition and the loss against the penalty."""
    figure, axes = panels(1, 3, size=(3.9, 3.3))
    for colour, kind in enumerate(KINDS):
        style = {"color": PALETTE[colour], "marker": "o", "label": f"{kind} hidden layer"}
        axes[0, 0].plot(data["penalty"], data[f"{kind} stored"].sum(axis=-1), **style)
        axes[0, 1].plot(data["penalty"], data[f"{kind} shared"], **style)
        axes[0, 2].plot(data["penalty"], data[f"{kind} loss"], **style)
    axes[0, 0].plot(data["penalty"], worth(data).sum(axis=1), "k:", label="worth a neuron of their own")
    for ax, title in zip(
        axes[0], ("features stored", "their mean superposition", "loss, without penalty"), strict=True
    ):
        ax.set_xscale("symlog", linthresh=1e-3)
        ax.set(xlabel="λ", ylim=(0, None))
        ax.set_title(title, fontsize=10)
    axes[0, 0].legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if for both hidden layers superposition ends while features are stored, and the loss rises with the penalty.

    Superposition has ended where the mean interference is below `GONE` with at least two features stored. There nearly
    all features must be stored or dropped as the threshold of importance says. The loss must not fall by more than 2 %
    from one penalty to the next, and must be higher at the last than at the first. With other numbers if superposition
    ends for one of the two layers, and both losses rise.
    """
    numbers: dict[str, float] = {}
    told, removed, killed, rises = [], [], [], []
    for kind in KINDS:
        kept, shared = data[f"{kind} stored"], data[f"{kind} shared"]
        loss = data[f"{kind} loss"]
        count = kept.sum(axis=-1)
        some = count >= PAIR
        gone = some & (shared < GONE)
        # Where nothing is shared, are those stored the ones that are worth a neuron each?
        agree = float((kept[gone] == worth(data)[gone]).mean()) if gone.any() else 0.0
        at = float(data["penalty"][gone.argmax()]) if gone.any() else np.inf
        removed.append(bool(gone.any()))
        killed.append(agree > NEARLY_ALL)
        rises.append(bool((np.diff(loss) > -FALLS * loss[:-1]).all() and loss[-1] > loss[0]))
        numbers |= {
            f"penalty that removes superposition, {kind}": at,
            f"mean superposition without penalty, {kind}": shared[0],
            f"least mean superposition with features stored, {kind}": float(shared[some].min()),
            f"the same over all models, {kind}": float(data[f"{kind} all shared"][some].mean(axis=-1).min()),
            f"stored without penalty, {kind}": count[0],
            f"features as the threshold says, {kind}": agree,
            f"loss with the penalty that removes it / without, {kind}": loss[gone.argmax()] / loss[0],
            f"loss with the largest penalty / without, {kind}": loss[-1] / loss[0],
        }
        told.append((at, loss[gone.argmax()] / loss[0], 100 * agree))
    (linear, linear_cost, linear_agree), (relu, relu_cost, relu_agree) = told
    return Verdict(
        decide(all(removed) and all(killed) and all(rises), any(removed) and all(rises)),
        f"No superposition is left from λ = {linear:g} (linear hidden layer) and {relu:g} (ReLU) on, at "
        f"{linear_cost:.2g} and {relu_cost:.2g} times the loss; {linear_agree:.0f} and {relu_agree:.0f} % of the "
        "features are then kept or dropped as the threshold says.",
        numbers,
        ("interference of the rows", "stored features against the exact threshold"),
    )
