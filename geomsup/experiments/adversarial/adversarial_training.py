"""E22: superposition of models trained under attack, by the length of the attacks."""

from typing import Any

import numpy as np

from geomsup.experiments.adversarial.attacks import stored_without
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import GONE, MOST
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="E22",
    title="Adversarial training against superposition",
    claim="Training under the analytic attack on random features reduces superposition; removing all of it needs "
    "attacks of 80 % of the inputs' L2 norm.",
    source="Elhage et al. 2022, The relationship between superposition and adversarial vulnerability",
    quick={
        "n": 20, "m": 6, "p": [0.3, 0.1, 0.03], "attacks": [0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.6], "models": 3,
        "steps": 4000,
    },
    paper={
        "n": 100, "m": 20, "p": [0.3, 0.1, 0.03, 0.01], "models": 5, "steps": 10_000,
        "attacks": [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.6],
    },
)  # fmt: skip

CLAIMED = 0.8  # length of attacks that the paper says removes superposition, relative to the inputs' mean
NEAR = Threshold(
    0.1, "distance from 0.8 of the attack that removes superposition: a step of the lengths tried at the paper's size"
)


def measure(lab: Lab, n: int, m: int, p: list[float], attacks: list[float], models: int, steps: int) -> Data:
    """Train under attacks of each length at each density; return features stored and the superposition left."""
    features = [Features(n, density) for density in p]
    recipe = {"models": models, "steps": steps, "learning_rate": 5e-3, "schedule": "cosine", "batch": 512}
    runs = [lab.train(f"attack {attack:g}", features, m, attack=attack, **recipe) for attack in attacks]
    W = np.stack([run.W for run in runs]).astype(float)
    loss = np.stack([run.expected_loss() for run in runs])
    stored, shared = stored_without(W)
    shape = (len(attacks), len(p), models)
    return {
        "p": np.array(p), "attack": np.array(attacks), "m": np.array(m),
        "stored": stored.reshape(shape), "shared": shared.reshape(shape),
        "loss": loss.reshape(shape),
    }  # fmt: skip


def draw(data: Data) -> Any:
    """Draw features stored and the superposition left against the length of attacks, a line per density."""
    figure, axes = panels(1, 2, size=(4.6, 3.6))
    for k, p in enumerate(data["p"]):
        axes[0, 0].plot(data["attack"], data["stored"][:, k].mean(axis=1), "o-", color=PALETTE[k], label=f"p = {p:g}")
        axes[0, 1].plot(data["attack"], data["shared"][:, k].mean(axis=1), "o-", color=PALETTE[k])
    axes[0, 0].axhline(float(data["m"]), color="grey", linewidth=0.7)
    axes[0, 1].axhline(GONE, color="grey", linewidth=0.7)
    axes[0, 0].set_title("features stored (line: dimensions)", fontsize=10)
    axes[0, 1].set_title("largest superposition of a stored feature", fontsize=10)
    for ax in axes[0]:
        ax.axvline(CLAIMED, color="grey", linestyle=":")
        ax.set_xlabel("length of attacks / mean length of inputs")
        ax.set_ylim(0, None)
    axes[0, 0].legend(frameon=False)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if features stored fall as attacks grow, and at every density superposition ends within 0.1 of 80 %.

    At every density the mean number stored must be lower under the strongest attack than without one. From one length
    of attacks to the next it may rise, but by less than one feature.
    Superposition ends at the weakest attack under which most models store features, none of them in superposition. With
    other numbers if features stored fall.
    """
    attack, stored = data["attack"], data["stored"].mean(axis=2)
    clear = ((data["shared"] < GONE) & (data["stored"] > 0)).mean(axis=2) > MOST
    # The weakest attack under which superposition is gone; infinity where none was enough.
    removed = np.where(clear.any(axis=0), attack[clear.argmax(axis=0)], np.inf)
    falls = bool((stored[-1] < stored[0]).all() and (np.diff(stored, axis=0) < 1).all())
    numbers = {f"attack that removes superposition, p = {p:g}": a for p, a in zip(data["p"], removed, strict=True)}
    for k, p in enumerate(data["p"]):
        numbers |= {f"stored without attacks, p = {p:g}": stored[0, k]}
        numbers |= {f"stored under the strongest, p = {p:g}": stored[-1, k]}
        numbers |= {f"stored at {CLAIMED:g}, p = {p:g}": stored[np.abs(attack - CLAIMED).argmin(), k]}
        numbers |= {f"loss under the strongest / without, p = {p:g}": _ratio(data["loss"][:, k])}
    return Verdict(
        decide(falls and bool((np.abs(removed - CLAIMED) <= NEAR + 1e-9).all()), falls),
        f"The largest number stored at any density is {stored[0].max():.3g} without attacks, {stored[-1].max():.3g} "
        f"under the strongest. By density, superposition ends at attacks of {removed.min():g} to {removed.max():g} of "
        "the inputs' mean length (inf: at no length tried).",
        numbers,
        ("rows stored", "superposition of the rows stored"),
    )


def _ratio(loss: np.ndarray) -> float:
    return float(loss[-1].mean() / loss[0].mean())
