"""A9: dropout on the hidden layer: does it make a privileged basis?"""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import colour_bar, draw_signed, panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "alignment", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="A9",
    title="Dropout on the hidden layer",
    claim="Dropout on the hidden layer makes its basis privileged: features come to lie along its axes.",
    source="Open problem 4.1 (N. Nanda's list)",
    quick={"models": 4, "steps": 5000, "samples": 20_000},
    paper={"models": 20, "steps": 30_000, "samples": 200_000},
)

RATES = (0.0, 0.1, 0.3, 0.5)
N, M, P = 20, 6, 0.1
TURNS = 200  # random turns that W is compared with
SIGMAS = Threshold(
    4,
    "distance from turned copies, in their standard deviations, that chance does not explain: less than once in "
    "10,000 times",
)
SAME = Threshold(1e-6, "relative difference of losses without dropout, of a model and a turned copy, that is rounding")
COSTS = Threshold(
    0.01,
    "relative excess of turned copies' loss above which turning costs: a round number above the noise of the samples",
)


def measure(lab: Lab, models: int, steps: int, samples: int) -> Data:
    """Train at each rate; compare alignment and loss under dropout of W with those of turned copies of W.

    Without dropout a copy W Q with orthogonal Q computes the same as W; with dropout it does not.
    """
    features = Features(N, P)
    recipe = {"models": models, "steps": steps, "learning_rate": 5e-3, "schedule": "cosine", "batch": 512}
    runs = [lab.train(f"dropout {rate:g}", features, M, dropout=rate, **recipe) for rate in RATES]
    x = features.sample(samples, 0)
    data: dict[str, Any] = {"W": [], "alignment": [], "turned": [], "loss": [], "turned_loss": []}
    for run, rate in zip(runs, RATES, strict=True):
        best = run.model(int(run.loss[:, -max(1, run.loss.shape[1] // 10) :].mean(axis=1).argmin()))
        turns = _turns(np.random.default_rng(1))
        data["W"].append(best.W)
        data["alignment"].append(alignment(best.W))
        data["turned"].append([alignment(best.W @ Q) for Q in turns])
        data["loss"].append(_dropped_loss(best.W, best.b, x, rate))
        data["turned_loss"].append([_dropped_loss(best.W @ Q, best.b, x, rate) for Q in turns[:20]])
    return {key: np.array(value) for key, value in data.items()}


def alignment(W: np.ndarray) -> float:
    """Return m Σ_ik w_ik⁴ / Σ_i ‖w_i‖⁴: m for rows along axes, 1 for equal entries, 3m/(m + 2) for random turns."""
    return float(W.shape[1] * (W**4).sum() / ((W**2).sum(axis=1) ** 2).sum())


def _turns(rng: np.random.Generator) -> np.ndarray:
    """Return random orthogonal matrices: Q of the QR decompositions of normal matrices, R's diagonal positive."""
    Q, R = np.linalg.qr(rng.normal(size=(TURNS, M, M)))
    return Q * np.sign(np.diagonal(R, axis1=1, axis2=2))[:, None, :]


def _dropped_loss(W: np.ndarray, b: np.ndarray, x: np.ndarray, rate: float) -> float:
    """Return the mean loss with hidden units dropped, by the same masks at every call."""
    kept = np.random.default_rng(2).random((len(x), M)) >= rate
    outputs = np.maximum((x @ W * kept / (1 - rate)) @ W.T + b, 0)
    return float(((x - outputs) ** 2).sum(axis=1).mean())


def draw(data: Data) -> Any:
    """Draw W and W Wᵀ at each rate; compare alignment and loss with those of turned copies."""
    figure, axes = panels(2, len(RATES) + 1, size=(1.65, 2.3), title=f"{N} features in {M} dimensions, hidden dropout")
    for k, (rate, W) in enumerate(zip(RATES, data["W"], strict=True)):
        order = np.lexsort((np.abs(W).argmax(axis=1),))
        weights = draw_signed(axes[0, k], W[order], f"dropout {rate:g}: W", 1.2)
        gram = draw_signed(axes[1, k], W[order] @ W[order].T, "W Wᵀ", square=True)
    colour_bar(weights, axes[0, :-1])
    colour_bar(gram, axes[1, :-1])
    ax = axes[0, -1]
    ax.errorbar(RATES, data["turned"].mean(axis=1), 2 * data["turned"].std(axis=1), color="grey", label="turned, 2σ")
    ax.plot(RATES, data["alignment"], "o-", color=PALETTE[1], label="trained")
    ax.set_title("alignment\nwith the axes", fontsize=9)
    ax.set(xlabel="dropout", ylim=(None, 1.25 * data["alignment"].max()))
    ax.legend(frameon=False, fontsize=8, loc="upper left")
    ax = axes[1, -1]
    ax.plot(RATES, data["turned_loss"].mean(axis=1) / data["loss"], "o-", color=PALETTE[0])
    ax.axhline(1, color="grey", linewidth=0.7)
    ax.set_title("loss of turned\ncopies / own", fontsize=9)
    ax.set(xlabel="dropout")
    return figure


def judge(data: Data) -> Verdict:
    """Hold if with dropout W lies along the axes at all rates and turning it costs, and without neither is so.

    Along: 4 standard deviations of turned copies more than these. Costs: at some rate the loss of turned copies is 1 %
    larger. With other numbers if at some rate W is 4 standard deviations off, in either direction, or turning costs.
    """
    z = (data["alignment"] - data["turned"].mean(axis=1)) / data["turned"].std(axis=1)
    worse = data["turned_loss"].mean(axis=1) / data["loss"] - 1
    kept = stored(data["W"]).sum(axis=1)
    free = abs(z[0]) < SIGMAS and abs(worse[0]) < SAME
    along, away = bool((z[1:] > SIGMAS).all()), bool((np.abs(z[1:]) > SIGMAS).any())
    lower = bool((worse[1:] > COSTS).any())
    numbers: dict[str, float] = {}
    for k, rate in enumerate(RATES):
        numbers[f"alignment with axes, dropout {rate:g}"] = data["alignment"][k]
        numbers[f"its distance from turned copies, σ, dropout {rate:g}"] = z[k]
        numbers[f"excess loss of turned copies, dropout {rate:g}"] = worse[k]
        numbers[f"features stored, dropout {rate:g}"] = kept[k]
    return Verdict(
        decide(free and along and lower, free and (away or lower)),
        f"W is aligned with the axes {z[1:].min():+.1f} to {z[1:].max():+.1f} standard deviations more than turned "
        f"copies with dropout, and {z[0]:+.1f} without. Turning it raises the loss under dropout by "
        f"{100 * worse[1:].min():.1f} to {100 * worse[1:].max():.1f} %.",
        numbers,
        ("fourth moments of W against random turns", "loss under dropout of turned copies"),
    )
