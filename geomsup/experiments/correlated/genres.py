"""C4: features of genres, of which one at most is there at a time; is a genre a direction?"""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import draw_gram, panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features, Joint
from geomsup.optima import optimum
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "make_genres", "measure"]

EXPERIMENT = Experiment(
    id="C4",
    title="Is a genre a direction?",
    claim="Features that only come with their genre share a direction, by which the genre can be told, though no "
    "output asks for it.",
    source="Open problem 4.27 (N. Nanda's list)",
    quick={"hidden": (2, 3, 4, 5, 6, 8), "models": 4, "steps": 4000, "starts": 8},
    paper={"hidden": (2, 3, 4, 5, 6, 7, 8, 9, 10), "models": 12, "steps": 20_000, "starts": 48},
)

GENRES, EACH = 3, 4
GENRE, FEATURE = 0.2, 0.5  # P(a genre is there), of each; P(a feature is present, given its genre)
TOLD = Threshold(
    0.95, "part of the samples with a feature whose genre the nearest direction tells: by chance it would be 1/3"
)
ALONG = Threshold(0.55, "cosine of a row and its genre's direction: four rows that share nothing have 1/2")
SAMPLES = 20_000  # of which genres are told: shares are within 0.004


def make_genres() -> Features:
    """Return the features of three genres, four each.

    Examples
    --------
    >>> make_genres().probability.round(12).tolist() == [0.1] * 12
    True
    """
    n = GENRES * EACH
    states = np.zeros((GENRES + 1, n))
    for genre in range(GENRES):
        states[genre, genre * EACH : (genre + 1) * EACH] = FEATURE
    weights = [GENRE] * GENRES + [1 - GENRES * GENRE]
    return Features(n, joint=[Joint.mixture(range(n), states, weights=weights)])


def measure(lab: Lab, hidden: Any, models: int, steps: int, starts: int) -> Data:
    """Find the optimum in each number of dimensions, and train; return weights and losses over the optimum's."""
    features = make_genres()
    W = np.zeros((2, len(hidden), features.n, max(hidden)))
    excess, lost = np.empty(len(hidden)), np.empty(len(hidden))
    for k, m in enumerate(hidden):

        def exact(m: int = m) -> dict[str, Any]:
            best = optimum(features, m, starts=starts)
            return {"W": best.model.W, "loss": best.loss}

        least = lab.keep(f"optimum in {m}", exact)
        run = lab.train(
            f"trained in {m}", features, m, models=models, steps=steps, learning_rate=1e-2, schedule="cosine"
        )
        W[0, k, :, :m], W[1, k, :, :m] = least["W"], run.best().W
        # In many dimensions nothing is lost: the excess is then a part of what no model loses.
        nothing = float(features.variance.sum())
        lost[k] = float(least["loss"]) / nothing
        excess[k] = (float(run.expected_loss().min()) - float(least["loss"])) / nothing
    return {"m": np.array(hidden), "W": W, "lost": lost, "excess": excess}


def _directions(W: np.ndarray) -> np.ndarray:
    """Return the mean row of each genre, of length 1 where it is not 0, ``(genres, m)``."""
    mean = W.reshape(GENRES, EACH, -1).mean(axis=1)
    size = np.linalg.norm(mean, axis=1, keepdims=True)
    return np.divide(mean, size, out=np.zeros_like(mean), where=size > 1e-9)


def _alignment(W: np.ndarray) -> float:
    """Return the mean cosine of rows with their genre's direction; rows of norm 0 do not count."""
    norms = np.linalg.norm(W, axis=1)
    own = (W * np.repeat(_directions(W), EACH, axis=0)).sum(axis=1)
    return float((own[norms > 1e-3] / norms[norms > 1e-3]).mean())


def _told(W: np.ndarray, features: Features) -> float:
    """Return the part of samples with some feature whose genre is that of the largest h·direction, h = Wᵀx."""
    x = features.sample(SAMPLES, rng=0)
    x = x[x.any(axis=1)]
    genre = x.reshape(len(x), GENRES, EACH).sum(axis=2).argmax(axis=1)
    return float(((x @ W @ _directions(W).T).argmax(axis=1) == genre).mean())


def draw(data: Data) -> Any:
    """Draw how well genres are told and aligned over the dimensions, and W Wᵀ of four optima."""
    figure, axes = panels(2, 3, title=f"{GENRES} genres of {EACH} features")
    features = make_genres()
    for k, kind in enumerate(("optimum", "trained")):
        told, aligned = zip(*((_told(W, features), _alignment(W)) for W in data["W"][k]), strict=True)
        for ax, heights in zip(axes[0], (told, aligned), strict=False):  # small squares on large discs: both are seen
            ax.plot(data["m"], heights, "os"[k] + "-", markersize=(9, 4)[k], color=PALETTE[k], label=kind)
    axes[0, 0].set(title="genres told", xlabel="dimensions", ylim=(0, 1.05))
    axes[0, 1].set(title="cosine with the genre", xlabel="dimensions", ylim=(0, 1.05))
    axes[0, 0].legend(frameon=False, fontsize=8)
    for ax, k in zip(axes.flat[2:], range(len(data["m"])), strict=False):
        draw_gram(ax, data["W"][0, k], f"W Wᵀ, {data['m'][k]} dimensions")
    return figure


def judge(data: Data) -> Verdict:
    """Hold if in every number of dimensions rows share a direction with their genre, by which it is told.

    The mean cosine of rows with the mean of their genre must be above 0.55, and the largest of the projections on these
    means must be that of the genre in 95 % of the samples with a feature; in optima and in trained models. With other
    numbers if so in some numbers of dimensions.
    """
    features = make_genres()
    told = np.array([[_told(W, features) for W in row] for row in data["W"]])
    aligned = np.array([[_alignment(W) for W in row] for row in data["W"]])
    good = (told > TOLD) & (aligned > ALONG)
    both = good.all(axis=0)
    numbers = {
        f"{what}, {kind}, {m} dimensions": table[k, j]
        for what, table in (("genres told", told), ("cosine with the genre", aligned))
        for k, kind in enumerate(("optimum", "trained"))
        for j, m in enumerate(data["m"])
    }
    numbers |= {
        f"part of the variance lost, optimum, {m} dimensions": x for m, x in zip(data["m"], data["lost"], strict=True)
    }
    numbers |= {
        f"excess of trained, as such a part, {m} dimensions": x for m, x in zip(data["m"], data["excess"], strict=True)
    }
    where = ", ".join(str(m) for m in data["m"][both]) or "none"
    return Verdict(
        decide(both.all(), both.any()),
        f"Genres are directions in {where} of {data['m'][0]} to {data['m'][-1]} dimensions. In {data['m'][-1]} the "
        f"cosine of rows with their genre is {aligned[0, -1]:.2f} in the optimum, and {100 * told[0, -1]:.0f} % of the "
        "genres are told.",
        numbers,
        ("exact optima", "best of the trained models"),
    )
