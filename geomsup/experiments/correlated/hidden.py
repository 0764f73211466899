"""C2: features given by a hidden place, with two weight decays; the published claims beside exact losses."""

from typing import Any

import numpy as np

from geomsup.experiments.correlated.worlds import STRUCTURES, constructive, make_hidden
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import draw_gram
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="C2",
    title="Features on a circle, a figure of eight and a sphere",
    claim="With correlated features interference is constructive, more so with more weight decay, and W Wᵀ is like "
    "that of principal components; with independent features it is neither.",
    source="Prieto et al. 2026, 12 features, weight decay 1 and 6",
    quick={"hidden": (2, 4, 6, 8), "models": 2, "steps": 3000},
    paper={"hidden": (2, 3, 4, 5, 6, 7, 8, 9, 10, 11), "models": 5, "steps": 6400},
)

N = 12
DECAYS = (1.0, 6.0)  # of the published code
# The published recipe clips the gradient of the mean over outputs at 1; ours is that of the sum.
RECIPE = {"batch": 256, "learning_rate": 1e-2, "schedule": "cosine", "clip": float(N)}
HALF = Threshold(0.5, "constructive share of as much help as harm")
MARGIN = Threshold(
    0.05, "by which a share or a likeness must differ to count: models of two seeds differ by 0.02 on average"
)


def measure(lab: Lab, hidden: Any, models: int, steps: int) -> Data:
    """Train at both decays for every structure and number of dimensions; return the best models, and exact losses.

    Losses are relative to the best linear model's, which are those of principal components.
    """
    W = np.zeros((len(STRUCTURES), len(DECAYS), len(hidden), N, max(hidden)))
    loss = np.zeros(W.shape[:3])
    linear = np.zeros((len(STRUCTURES), len(hidden)))
    for s, structure in enumerate(STRUCTURES):
        features = make_hidden(structure, N)
        for k, m in enumerate(hidden):
            linear[s, k] = _principal_loss(features, m)
            for d, decay in enumerate(DECAYS):
                run = lab.train(f"{structure}, {m}, decay {decay:g}", features, m, models=models, steps=steps,
                                weight_decay=decay, **RECIPE)  # fmt: skip
                best = run.best(0)
                W[s, d, k, :, :m], loss[s, d, k] = best.W, float(expected_loss(best, features))
    return {"m": np.array(hidden), "W": W, "loss": loss, "linear": linear}


def _principal_loss(features: Features, m: int) -> float:
    """Return the least loss of a linear model, the sum of the eigenvalues of the covariance beyond the first m."""
    return float(np.linalg.eigvalsh(features.covariance)[: N - m].sum())


def _projector(features: Features, m: int) -> np.ndarray:
    """Return W Wᵀ of principal components, the projector on the first m."""
    axes = np.linalg.eigh(features.covariance)[1][:, N - m :]
    return axes @ axes.T


def _likeness(G: np.ndarray, H: np.ndarray) -> float:
    """Return the correlation of the entries off the diagonals of two matrices; 0 if one has none."""
    off = ~np.eye(len(G), dtype=bool)
    g, h = G[off] - G[off].mean(), H[off] - H[off].mean()
    size = float(np.sqrt((g @ g) * (h @ h)))
    return float(g @ h) / size if size > 1e-12 else 0.0


def _table(data: Data, what: str) -> np.ndarray:
    """Return shares, or likenesses with principal components, ``(structures, decays, dimensions)``."""
    result = np.zeros(data["loss"].shape)
    for s, structure in enumerate(STRUCTURES):
        features = make_hidden(structure, N)
        for d in range(len(DECAYS)):
            for k, m in enumerate(data["m"]):
                G = data["W"][s, d, k] @ data["W"][s, d, k].T
                result[s, d, k] = (
                    float(constructive(G, features)) if what == "share" else _likeness(G, _projector(features, int(m)))
                )
    return result


def draw(data: Data) -> Any:
    """Draw W Wᵀ in the fewest dimensions at both decays, and shares and losses over the dimensions."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 10.5), layout="constrained")
    figure.suptitle(f"{N} binary features given by a hidden place: the best trained models")
    axes = figure.subplots(len(STRUCTURES), 5)
    share, like = _table(data, "share"), _table(data, "likeness")
    for s, structure in enumerate(STRUCTURES):
        m = int(data["m"][0])
        pictures = [(f"decay {decay:g}", data["W"][s, d, 0]) for d, decay in enumerate(DECAYS)]
        values, columns = np.linalg.eigh(_projector(make_hidden(structure, N), m))
        pictures.append(("principal components", columns[:, values > HALF]))
        for ax, (title, W) in zip(axes[s], pictures, strict=False):
            draw_gram(
                ax, W, f"{structure}, {title}" if s else f"{title}\n{structure}", limit=float(np.abs(W @ W.T).max())
            )
        for d, decay in enumerate(DECAYS):
            axes[s, 3].plot(
                data["m"], share[s, d], "o-", color=PALETTE[d], label=f"constructive share, decay {decay:g}"
            )
            axes[s, 3].plot(data["m"], like[s, d], "s--", color=PALETTE[d], label=f"like components, decay {decay:g}",
                            markerfacecolor="white")  # fmt: skip
            axes[s, 4].plot(data["m"], data["loss"][s, d], "o-", color=PALETTE[d], label=f"decay {decay:g}")
        axes[s, 4].plot(data["m"], data["linear"][s], "k_", markersize=12, label="best linear model")
        axes[s, 3].set(ylim=(-1.05, 1.05), xlabel="dimensions")
        axes[s, 4].set(xlabel="dimensions", title="exact expected loss")
        axes[s, 4].set_ylim(bottom=0)
    axes[0, 3].legend(frameon=False, fontsize=7)
    axes[0, 4].legend(frameon=False, fontsize=7)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if all correlated structures gain from decay, in share and likeness, and independent features have neither.

    Means over the dimensions count. The share of every correlated structure must be above 1/2 at decay 6, and grow from
    decay 1 to 6 by more than 0.05; so must the likeness with principal components. The share of independent features
    must be at most 1/2. With other numbers if shares are above 1/2 for correlated structures only.
    """
    share, like = (_table(data, what).mean(axis=2) for what in ("share", "likeness"))
    correlated = np.array([structure != "independent" for structure in STRUCTURES])
    apart = bool((share[correlated, 1] > HALF).all() and (share[~correlated] <= HALF).all())
    grows = bool((np.diff(share[correlated]) > MARGIN).all() and (np.diff(like[correlated]) > MARGIN).all())
    numbers = {
        f"{what}, {structure}, decay {decay:g}": table[s, d]
        for what, table in (
            ("constructive share", share),
            ("likeness with components", like),
            ("loss over that of the best linear model", (data["loss"] / data["linear"][:, None]).mean(axis=2)),
        )
        for s, structure in enumerate(STRUCTURES)
        for d, decay in enumerate(DECAYS)
    }
    change = np.diff(share[correlated])[:, 0]
    return Verdict(
        decide(apart and grows, apart),
        f"Constructive shares are {share[correlated].min():.2f} to {share[correlated].max():.2f} for correlated "
        f"features and {share[~correlated].max():.2f} for independent ones; decay 6 changes them by "
        f"{change.min():+.2f} to {change.max():+.2f}.",
        numbers,
        ("best of the trained models", "principal components of the exact covariance"),
    )
