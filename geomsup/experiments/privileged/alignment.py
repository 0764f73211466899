"""E23: whether features lie along neurons, with linear and with ReLU hidden layers."""

from typing import Any

import numpy as np
from scipy.stats import kurtosis, ortho_group

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import MOST, NEARLY_ALL
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import colour_bar, draw_signed, panels
from geomsup.experiments.privileged.neurons import dedicated, falling, feature_shares
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="E23",
    title="Hidden ReLUs make a privileged basis",
    claim="With a ReLU on the hidden layer W can be read directly: features lie along neurons, and many neurons hold "
    "one feature. With a linear hidden layer the basis means nothing.",
    source="Elhage et al. 2022, Superposition in a privileged basis",
    quick={"n": 20, "m": 10, "ratio": 0.85, "p": [0.5, 0.2, 0.05], "models": 5, "steps": 3000, "rotations": 100},
    paper={"n": 20, "m": 10, "ratio": 0.85, "p": [0.5, 0.2, 0.05], "models": 50, "steps": 10_000, "rotations": 500},
)

KINDS = ("linear", "relu")
RANDOM = Threshold(
    1,
    "standard deviations of random rotations within which a mean over models is as of random ones: a mean over 15 "
    "spreads by 1/4",
)
OUTLIER = Threshold(
    5, "standard deviations that no single model with a linear hidden layer may exceed: one in a million by chance"
)
ALIGNED = Threshold(3, "standard deviations above which a model lies along neurons: one in a thousand by chance")


def measure(lab: Lab, n: int, m: int, ratio: float, p: list[float], models: int, steps: int, rotations: int) -> Data:
    """Train both kinds; return the alignment of their W with neurons, and of W rotated at random."""
    recipe = {"models": models, "steps": steps, "learning_rate": 1e-2, "schedule": "cosine", "batch": 256}
    features = falling(n, p, ratio)
    runs = [lab.train(kind, features, m, hidden_activation=kind, **recipe) for kind in KINDS]
    W = np.stack([run.W for run in runs]).astype(float).reshape(len(KINDS), len(p), models, n, m)
    turns = ortho_group.rvs(m, size=rotations, random_state=np.random.default_rng(23))
    rotated = W[..., None, :, :] @ turns
    return {
        "p": np.array(p), "share": _alignment(W), "rotated": _alignment(rotated), "kurtosis": _kurtosis(W),
        "rotated_kurtosis": _kurtosis(rotated), "monosemantic": dedicated(W).mean(axis=-1), "W": W[:, :, 0],
    }  # fmt: skip


def _alignment(W: np.ndarray) -> np.ndarray:
    """Return the fraction of a feature's squared weights on one neuron, the mean over stored features."""
    return np.nanmean(feature_shares(W), axis=-1)


def _kurtosis(W: np.ndarray) -> np.ndarray:
    """Return the kurtosis of all entries; 3 for a normal distribution."""
    return kurtosis(W.reshape(*W.shape[:-2], -1), axis=-1, fisher=False)


def draw(data: Data) -> Any:
    """Draw W of one model of each kind and density."""
    figure, axes = panels(
        len(KINDS), len(data["p"]), size=(7.8 / len(data["p"]), 3.4), title="W: features down, neurons across"
    )
    for i, kind in enumerate(KINDS):
        for j, p in enumerate(data["p"]):
            told = f"{kind} hidden, p = {p:g}\non one neuron: {100 * data['share'][i, j].mean():.0f} %"
            image = draw_signed(axes[i, j], data["W"][i, j], told, 1.2)
    colour_bar(image, axes)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if nearly all ReLU models have features along neurons, and linear models have no more than by chance.

    What counts is the fraction of a feature's square on one neuron, against the same W rotated at random: nearly all
    ReLU models must have 3 standard deviations more; linear models may differ by 1 on average, and none by 5. At some
    density most neurons of ReLU models must hold one feature. With other numbers if most ReLU models lie along neurons,
    and more so than linear ones on average.
    """
    spread = data["rotated"].std(axis=-1)
    z = (data["share"] - data["rotated"].mean(axis=-1)) / spread
    kurtosis_z = (data["kurtosis"] - data["rotated_kurtosis"].mean(axis=-1)) / data["rotated_kurtosis"].std(axis=-1)
    linear, relu = data["share"].mean(axis=(1, 2))
    single = data["monosemantic"][1].mean(axis=1)
    random_like = abs(float(z[0].mean())) < RANDOM and float(np.abs(z[0]).max()) < OUTLIER
    aligned = float((z[1] > ALIGNED).mean())
    by_density = zip(data["p"], data["share"][1].mean(axis=1), z[1].mean(axis=1), single, strict=True)
    numbers: dict[str, float] = {}
    for p, share, deviations, fraction in by_density:
        numbers |= {
            f"share on one neuron, relu, p = {p:g}": share,
            f"deviations from rotated, relu, p = {p:g}": deviations,
            f"share of monosemantic neurons, p = {p:g}": fraction,
        }
    return Verdict(
        decide(random_like and aligned > NEARLY_ALL and single.max() > MOST, aligned > MOST and relu > linear),
        f"A stored feature has {100 * relu:.0f} % of its square on one neuron with hidden ReLUs, {100 * linear:.0f} % "
        f"with linear hidden layers and {100 * data['rotated'].mean():.0f} % rotated at random: {z[1].mean():.1f} and "
        f"{z[0].mean():.2f} standard deviations of random rotations.",
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
        }
        | numbers,
        ("largest share of a row against random rotations", "kurtosis against random rotations"),
    )
