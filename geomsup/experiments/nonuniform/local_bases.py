"""E16: two sets of ten correlated features in ten dimensions. Is each set an almost orthogonal basis?"""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import MOST, NEARLY_ALL, shared
from geomsup.experiments.lab import Lab
from geomsup.experiments.nonuniform.sets import make_sets
from geomsup.experiments.pictures import draw_gram, panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.model import ToyModel
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "blocks", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="E16",
    title="Local, almost orthogonal bases",
    claim="Two sets of ten correlated features in ten dimensions: each set gets an almost orthogonal basis (its block "
    "of W Wᵀ is nearly the identity), while all twenty features are in superposition.",
    source="Elhage et al. 2022, Non-uniform superposition (local almost-orthogonal bases)",
    quick={"models": 4, "steps": 3000},
    paper={"models": 20, "steps": 30_000},
)

SIZE = 10
DENSITY = 0.01
NEAR = Threshold(
    0.1,
    "rms entry off the diagonal, and deviation of the diagonal's mean from 1, up to which a block is nearly the "
    "identity: correlated sets have 0.003, independent features 0.21",
)
TWICE = Threshold(
    2,
    "times larger that the entries of independent features must be for correlation to be the cause: 1 if it has no "
    "effect, 70 as measured",
)


def measure(lab: Lab, models: int, steps: int) -> Data:
    """Train two sets of ten, and twenty independent features; compute losses of bases made by hand."""
    data: dict[str, Any] = {}
    for kind in ("correlated", "independent"):
        features = make_sets(2, SIZE, DENSITY, kind)
        run = lab.train(kind, features, SIZE, models=models, steps=steps, learning_rate=1e-2, schedule="cosine")
        data |= {f"{kind} W": run.W.astype(float), f"{kind} loss": run.expected_loss()}
    return data | lab.keep("by hand", lambda: _by_hand(make_sets(2, SIZE, DENSITY)))


def _by_hand(features: Features) -> dict[str, Any]:
    """Return exact losses of two orthonormal bases, opposite or turned at random; of digons in sets; of nothing."""
    eye = np.eye(SIZE)
    turned = [np.linalg.qr(np.random.default_rng(seed).normal(size=(SIZE, SIZE)))[0] for seed in range(4)]
    losses = [float(expected_loss(ToyModel(np.vstack([eye, other])), features)) for other in (-eye, *turned)]
    pairs = np.repeat(np.eye(SIZE), 2, axis=0) * np.tile([1.0, -1.0], SIZE)[:, None]
    within = float(expected_loss(ToyModel(pairs), features))
    return {
        "opposite": losses[0], "turned": np.array(losses[1:]), "within": within, "nothing": features.variance.sum(),
    }  # fmt: skip


def blocks(W: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rms entries of W Wᵀ within the two sets, off the diagonal, and between them; the diagonal's mean."""
    gram = W @ np.swapaxes(W, -1, -2)
    half = W.shape[-2] // 2
    own = np.stack([gram[..., :half, :half], gram[..., half:, half:]])
    off = own[..., ~np.eye(half, dtype=bool)]
    return (
        np.sqrt((off**2).mean(axis=(0, -1))),
        np.sqrt((gram[..., :half, half:] ** 2).mean(axis=(-2, -1))),
        np.diagonal(gram, axis1=-2, axis2=-1).mean(axis=-1),
    )


def draw(data: Data) -> Any:
    """Draw W Wᵀ of the best model of either kind, and the entries within sets and between them."""
    figure, axes = panels(1, 3, size=(3.4, 3.4), title=f"20 features in 10 dimensions, p = {DENSITY:g}")
    for ax, kind, title in zip(axes[0], ("correlated", "independent"), ("2 sets of 10", "independent"), strict=False):
        draw_gram(ax, data[f"{kind} W"][data[f"{kind} loss"].argmin()], title)
        ax.axhline(SIZE - 0.5, color="black", linewidth=0.6)
        ax.axvline(SIZE - 0.5, color="black", linewidth=0.6)
    ax = axes[0, 2]
    for j, kind in enumerate(("correlated", "independent")):
        within, between, _ = blocks(data[f"{kind} W"])
        ax.plot(within, between, "os"[j], color=PALETTE[j], label=kind)
    ax.set(xlabel="within sets, off the diagonal", ylabel="between sets", xlim=(-0.015, None), ylim=(0, 0.35))
    ax.set_title("rms of the entries of W Wᵀ", fontsize=9)
    ax.legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if both blocks are nearly the identity, nearly all features share, and correlation is the cause.

    All in the best model. Correlation is the cause if independent features have entries twice as large, and if two
    opposite bases have a lower exact loss than digons of members of one set. With other numbers if the blocks are
    nearly the identity and most features share.
    """
    best = {kind: data[f"{kind} W"][data[f"{kind} loss"].argmin()] for kind in ("correlated", "independent")}
    within, between, diagonal = (float(one) for one in blocks(best["correlated"]))
    control = float(blocks(best["independent"])[0])
    sharing = float(shared(best["correlated"]).mean())
    share = float((blocks(data["correlated W"])[0] < NEAR).mean())
    nothing = float(data["nothing"])
    loss, turned = float(data["correlated loss"].min()) / nothing, float(data["turned"].mean()) / nothing
    opposite, within_pairs = float(data["opposite"]) / nothing, float(data["within"]) / nothing
    identity = bool(within < NEAR and abs(diagonal - 1) < NEAR)
    theory = bool(opposite < within_pairs)
    return Verdict(
        decide(identity and sharing > NEARLY_ALL and control > TWICE * within and theory, identity and sharing > MOST),
        f"In the best model entries of W Wᵀ off the diagonal have an rms of {within:.3f} within sets and {between:.3f} "
        f"between them; {100 * sharing:.0f} % of the features share. With independent features the rms within blocks "
        f"is {control:.3f}.",
        {
            "rms within sets": within, "rms between sets": between, "mean diagonal": diagonal,
            "share in superposition": sharing, "share of models with nearly orthogonal sets": share,
            "rms within, independent": control, "loss, trained": loss, "loss, opposite bases": opposite,
            "loss, bases at random": turned, "loss, pairs within sets": within_pairs,
        },
        ("W Wᵀ of trained models, against independent features", "exact losses of bases put together by hand"),
    )  # fmt: skip
