"""A10: many features in many dimensions, compared with random unit vectors."""

from typing import Any

import numpy as np

from geomsup.dimensions import dimensionality
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
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
    id="A10",
    title="n ≫ d ≫ 1: random packing",
    claim="With many features in many dimensions the rows of W are like random unit vectors: cosines are distributed "
    "as N(0, 1/d), the loss is that of random vectors, D = d/n, and there are no small components.",
    source="A reader's comment on n ≫ d ≫ 1",
    quick={"dimensions": (10, 30, 100), "p": 0.01, "steps": 2500},
    paper={"dimensions": (10, 30, 100, 200), "p": 0.01, "steps": 20_000},
)

RATIO = 10  # features per dimension
RTOL = 1e-3  # of the exact losses
BINS = np.linspace(-6, 6, 61)  # of cosines, in units of 1/√d
NEAR = Threshold(
    0.03,
    "Kolmogorov-Smirnov distance below which cosines are distributed as those of random rows: two random sets "
    "differ by 0.002, trained rows by 0.08",
)
PACKED = Threshold(
    0.05,
    "relative difference from the loss of random rows that counts as none: losses are exact to 0.001, and 0.3 is "
    "measured",
)
NEARLY = Threshold(
    0.2,
    "relative difference from the loss of random rows for the claim to hold with other numbers: a round number "
    "below the 0.3 measured",
)
EVEN = Threshold(0.1, "relative difference of D from d/n that counts as none: random rows differ by 0.09")


def measure(lab: Lab, dimensions: Any, p: float, steps: int) -> Data:
    """Train 10 d features in each of several dimensions d; compare the largest with random unit vectors."""
    data: dict[str, Any] = {"d": np.array(dimensions), "distance": [], "coherence": [], "D": [], "spread": []}
    data |= {"components": [], "welch": [], "random_coherence": [], "random_D": []}
    W, b = np.zeros((0, 0)), np.zeros(0)
    for d in dimensions:
        features = Features(RATIO * d, p)
        recipe = {"steps": steps, "learning_rate": 5e-3, "schedule": "cosine", "batch": 512}
        W, b = (part[0] for part in _weights(lab.train(f"{RATIO * d} in {d}", features, d, **recipe)))
        W_random = _random(RATIO * d, d)
        told, chance = (_cosines(V) for V in (W, W_random))
        data["distance"].append(_distance(told * np.sqrt(d), chance * np.sqrt(d)))
        data["coherence"].append(np.abs(told).max())
        data["random_coherence"].append(np.abs(chance).max())
        data["welch"].append(np.sqrt((RATIO * d - d) / (d * (RATIO * d - 1))))
        D = dimensionality(W, orientation="rows")
        data["D"].append(D.mean())
        data["spread"].append(D.std())
        data["random_D"].append(dimensionality(W_random, orientation="rows").mean())
        data["components"].append(len(classify(W, orientation="rows").components))
    features = Features(len(W), p)
    cosines = _cosines(W) * np.sqrt(W.shape[1])
    return {name: np.array(value) for name, value in data.items()} | {
        "W": W,
        "b": b,
        "histogram": np.histogram(cosines, BINS, density=True)[0],
        "rms": np.array(np.sqrt((cosines**2).mean())),
        "mean": np.array(cosines.mean()),
        "kurtosis": np.array([_kurtosis(W), _kurtosis(_random(*W.shape))]),
        **_losses(lab, W, b, features),
    }


def _weights(run: Any) -> tuple[np.ndarray, np.ndarray]:
    return run.W.astype(float), run.b.astype(float)


def _random(n: int, d: int) -> np.ndarray:
    W = np.random.default_rng(0).normal(size=(n, d))
    return W / np.linalg.norm(W, axis=1, keepdims=True)


def _cosines(W: np.ndarray) -> np.ndarray:
    """Return the cosines of all pairs of rows."""
    unit = W / np.linalg.norm(W, axis=1, keepdims=True)
    return (unit @ unit.T)[np.triu_indices(len(W), 1)]


def _kurtosis(W: np.ndarray) -> float:
    """Return the excess kurtosis of the entries of unit rows: −6/(d + 2) on average if no axis is preferred."""
    entries = W / np.linalg.norm(W, axis=1, keepdims=True)
    return float((entries**4).mean() / (entries**2).mean() ** 2 - 3)


def _distance(values: np.ndarray, others: np.ndarray) -> float:
    """Return the Kolmogorov-Smirnov distance of two samples."""
    from scipy.stats import ks_2samp

    found: Any = ks_2samp(values, others, method="asymp")
    return float(found.statistic)


def _losses(lab: Lab, W: np.ndarray, b: np.ndarray, features: Features) -> Data:
    """Return losses: trained, of random directions with the same norms and biases, and with their best ones."""
    n, d = W.shape
    directions = _random(n, d)
    norms = np.linalg.norm(W, axis=1, keepdims=True)
    own = lab.keep("own scale", lambda: {"scale": _own_scale(directions, features)})["scale"]
    models = {
        "trained": ToyModel(W, b),
        "random": ToyModel(norms * directions, b),
        "random, own scale": ToyModel(own[0] * directions, np.full(n, own[1])),
    }
    exact = {
        f"loss_{name.replace(', own scale', '_own')}": lab.keep(
            f"loss, {name}", lambda model=model: {"loss": np.array(float(expected_loss(model, features, rtol=RTOL)))}
        )["loss"]
        for name, model in models.items()
    }
    x = features.sample(20_000, 3)
    return exact | {
        "scale": own,
        "norm": np.array(norms.mean()),
        "bias": np.array(b.mean()),
        "nothing": np.array(features.variance.sum()),
        "sampled": np.array(float(((x - models["trained"](x)) ** 2).sum(axis=1).mean())),
        "sampled_random": np.array(float(((x - models["random, own scale"](x)) ** 2).sum(axis=1).mean())),
    }


def _own_scale(directions: np.ndarray, features: Features) -> np.ndarray:
    """Return the common norm and the common bias of lowest loss for random directions, on samples."""
    from scipy.optimize import minimize

    x = features.sample(1500, 1)
    sums = x @ directions @ directions.T

    def loss(scale: np.ndarray) -> float:
        return float(((x - np.maximum(scale[0] ** 2 * sums + scale[1], 0)) ** 2).sum(axis=1).mean())

    return minimize(loss, [1.0, -0.1], method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-4}).x


def draw(data: Data) -> Any:
    """Draw the histogram of cosines, its distance from random rows', and the largest cosine over dimensions."""
    d = data["d"]
    figure, axes = panels(1, 3, size=(3.8, 3.2), title=f"{RATIO} features per dimension")
    centres = (BINS[1:] + BINS[:-1]) / 2
    axes[0, 0].stairs(data["histogram"], BINS, fill=True, color=PALETTE[5], label="trained")
    axes[0, 0].plot(centres, np.exp(-(centres**2) / 2) / np.sqrt(2 * np.pi), color="black", label="N(0, 1/d)")
    axes[0, 0].set(xlabel="cosine × √d", ylabel="density")
    axes[0, 0].set_title(f"{RATIO * d[-1]} features in {d[-1]} dimensions", fontsize=9)
    axes[0, 0].legend(frameon=False, fontsize=8)
    axes[0, 1].plot(d, data["distance"], "o-", color=PALETTE[0])
    axes[0, 1].axhline(NEAR, color="grey", linewidth=0.7)
    axes[0, 1].set(xscale="log", xlabel="dimensions d", ylim=(0, None))
    axes[0, 1].set_title("distance of cosines from random rows'", fontsize=9)
    for k, (key, label) in enumerate((("coherence", "trained"), ("random_coherence", "random"), ("welch", "Welch"))):
        axes[0, 2].plot(d, data[key], "o-", color=PALETTE[k], label=label)
    axes[0, 2].set(xscale="log", xlabel="dimensions d", ylim=(0, 1.05))
    axes[0, 2].set_title("largest |cosine|", fontsize=9)
    axes[0, 2].legend(frameon=False, fontsize=8)
    for ax in axes[0, 1:]:
        ax.set_xticks(d, [str(k) for k in d])
        ax.minorticks_off()
    return figure


def judge(data: Data) -> Verdict:
    """Hold if at the largest d cosines, loss and D are those of random rows, and all features are one component.

    With other numbers if D and the component are, the distance of cosines from random rows' is less than half of that
    at the smallest d, and the loss differs by less than 20 %.
    """
    d = int(data["d"][-1])
    n, level = RATIO * d, 1 / RATIO
    loss, random, own = (float(data[key]) for key in ("loss_trained", "loss_random", "loss_random_own"))
    D = float(data["D"][-1])
    one = int(data["components"][-1]) == 1
    cosines = float(data["distance"][-1]) < NEAR
    packed = abs(loss / own - 1) < PACKED
    even = abs(D / level - 1) < EVEN
    closer = bool(data["distance"][-1] < data["distance"][0] / 2)
    numbers = {
        "distance of cosines from random rows'": data["distance"][-1],
        "rms cosine × √d": data["rms"],
        "mean cosine × √d": data["mean"],
        "coherence": data["coherence"][-1],
        "coherence of random rows": data["random_coherence"][-1],
        "Welch bound": data["welch"][-1],
        "exact loss over that of storing nothing": loss / data["nothing"],
        "exact loss over random rows', same norms and biases": loss / random,
        "exact loss over random rows', their own norm and bias": loss / own,
        "sampled loss over random rows', their own norm and bias": data["sampled"] / data["sampled_random"],
        "D over d/n": D / level,
        "D over d/n, random rows": data["random_D"][-1] / level,
        "excess kurtosis of the entries of W": data["kurtosis"][0],
        "excess kurtosis of the entries of random rows": data["kurtosis"][1],
        "spread of D over its mean": data["spread"][-1] / D,
        "components": data["components"][-1],
    }
    numbers |= {f"distance of cosines, d = {k}": v for k, v in zip(data["d"], data["distance"], strict=True)}
    return Verdict(
        decide(cosines and packed and even and one, one and even and closer and abs(loss / own - 1) < NEARLY),
        f"{n} features in {d} dimensions: {data['components'][-1]} component(s), D = {D / level:.3f} d/n. The "
        f"distribution of cosines is {data['distance'][-1]:.3f} from random rows', and the exact loss is "
        f"{loss / own:.3f} times that of random unit vectors with their best norm and bias.",
        numbers,
        ("the distribution of cosines", "exact losses", "sampled losses"),
    )
