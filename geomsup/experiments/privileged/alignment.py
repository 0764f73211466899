"""E23: whether features lie along neurons, with linear and with ReLU hidden layers."""

from typing import Any

import numpy as np
from scipy.stats import kurtosis, ortho_group

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.privileged.neurons import falling, feature_shares, monosemantic
from geomsup.experiments.verdict import Verdict, decide

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

KINDS = ("linear", "relu")


def measure(lab: Lab, n: int, m: int, ratio: float, p: list[float], models: int, steps: int, rotations: int) -> Data:
    """Train both kinds; measure alignment of their W, and of W rotated at random."""
    recipe = {"models": models, "steps": steps, "learning_rate": 1e-2, "schedule": "cosine", "batch": 256}
    features = falling(n, p, ratio)
    runs = [lab.train(kind, features, m, hidden_activation=kind, **recipe) for kind in KINDS]
    W = np.stack([run.W for run in runs]).astype(float).reshape(len(KINDS), len(p), models, n, m)
    turns = ortho_group.rvs(m, size=rotations, random_state=np.random.default_rng(23))
    rotated = W[..., None, :, :] @ turns
    return {
        "p": np.array(p), "share": _alignment(W), "rotated": _alignment(rotated), "kurtosis": _kurtosis(W),
        "rotated_kurtosis": _kurtosis(rotated), "monosemantic": monosemantic(W) / m, "W": W[:, :, 0],
    }  # fmt: skip


def _alignment(W: np.ndarray) -> np.ndarray:
    """Return the mean over stored features of the part of their square on one neuron."""
    return np.nanmean(feature_shares(W), axis=-1)


def _kurtosis(W: np.ndarray) -> np.ndarray:
    """Return the kurtosis of all entries, 3 for a normal law."""
    return kurtosis(W.reshape(*W.shape[:-2], -1), axis=-1, fisher=False)


def draw(data: Data) -> Any:
    """Draw W of one model of each kind and density."""
    figure, axes = panels(len(KINDS), len(data["p"]), size=(2.4, 3.4), title="W: features down, neurons across")
    for i, kind in enumerate(KINDS):
        for j, p in enumerate(data["p"]):
            ax = axes[i, j]
            ax.imshow(data["W"][i, j], cmap="RdBu", vmin=-1.2, vmax=1.2, aspect="auto")
            ax.set(xticks=[], yticks=[])
            ax.set_title(
                f"{kind} hidden, p = {p:g}\non one neuron: {100 * data['share'][i, j].mean():.0f} %", fontsize=9
            )
    return figure


def judge(data: Data) -> Verdict:
    """Hold if features of ReLU models lie along neurons, and those of linear ones no more than rotated ones."""
    spread = data["rotated"].std(axis=-1)
    z = (data["share"] - data["rotated"].mean(axis=-1)) / spread
    kurtosis_z = (data["kurtosis"] - data["rotated_kurtosis"].mean(axis=-1)) / data["rotated_kurtosis"].std(axis=-1)
    linear, relu = data["share"].mean(axis=(1, 2))
    single = data["monosemantic"][1].mean(axis=1)
    random_like = abs(float(z[0].mean())) < 1 and float(np.abs(z[0]).max()) < 5
    aligned = float((z[1] > 3).mean())
    return Verdict(
        decide(random_like and aligned > 0.9 and single.max() > 0.5, aligned > 0.5 and relu > linear),
        f"With hidden ReLUs a stored feature has {100 * relu:.0f} % of its square on one neuron, with linear hidden "
        f"layers {100 * linear:.0f} %, rotated at random {100 * data['rotated'].mean():.0f} %: that is "
        f"{z[1].mean():.1f} and {z[0].mean():.2f} standard deviations of random rotations (by kurtosis "
        f"{kurtosis_z[1].mean():.1f} and {kurtosis_z[0].mean():.2f}). By density, p = {_list(data['p'])}: "
        f"{_list(100 * data['share'][1].mean(axis=1))} % on one neuron, {_list(z[1].mean(axis=1))} deviations, "
        f"{_list(100 * single)} % of the neurons hold one feature.",
        {
            "share on one neuron, linear": float(linear),
            "share on one neuron, relu": float(relu),
            "share on one neuron, rotated": float(data["rotated"].mean()),
            "deviations from rotated, linear": float(z[0].mean()),
            "deviations from rotated, relu": float(z[1].mean()),
            "deviations by kurtosis, linear": float(kurtosis_z[0].mean()),
            "deviations by kurtosis, relu": float(kurtosis_z[1].mean()),
            "ReLU models more than 3 deviations off": aligned,
            "largest share of monosemantic neurons": float(single.max()),
        },
        ("largest share of a row against random rotations", "kurtosis against random rotations"),
    )


def _list(values: np.ndarray) -> str:
    return ", ".join(f"{value:.3g}" for value in values)


EXPERIMENT = Experiment(
    id="E23",
    title="Hidden ReLUs make a privileged basis",
    claim="With a ReLU on the hidden layer W can be read directly: features lie along neurons, and many neurons hold "
    "one feature. With a linear hidden layer the basis means nothing.",
    source="Elhage et al. 2022, Superposition in a privileged basis",
    measure=measure,
    draw=draw,
    judge=judge,
    quick={"n": 20, "m": 10, "ratio": 0.85, "p": [0.5, 0.2, 0.05], "models": 5, "steps": 3000, "rotations": 100},
    paper={"n": 20, "m": 10, "ratio": 0.85, "p": [0.5, 0.2, 0.05], "models": 50, "steps": 10_000, "rotations": 500},
)
