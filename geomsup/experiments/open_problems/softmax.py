"""A8: classification by softmax and cross-entropy, through few dimensions."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.open_problems.names import plain_name
from geomsup.experiments.pictures import SMALL, colour_bar, draw_signed, panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Discrete, Features
from geomsup.model import ToyModel
from geomsup.plot import plot_geometry
from geomsup.recognition import classify
from geomsup.shapes import polytope

__all__ = ["EXPERIMENT", "draw", "judge", "margin", "measure", "settle"]

EXPERIMENT = Experiment(
    id="A8",
    title="Classification by softmax",
    claim="Classes form a regular simplex where n <= m + 1 (as in neural collapse), encoder and decoder alike, and "
    "regular polygons where more classes share a plane.",
    source="Open problem 4.12 (N. Nanda's list); neural collapse: Papyan et al. 2020",
    quick={"models": 3, "steps": 1500},
    paper={"models": 10, "steps": 30_000},
)

SIMPLICES = {(3, 2): "triangle", (4, 3): "tetrahedron", (5, 4): "5-cell"}
POLYGONS = {(4, 2): "square", (5, 2): "pentagon", (6, 2): "hexagon", (7, 2): "heptagon"}
OTHERS = {(6, 3): "octahedron", (8, 3): "square antiprism"}
SHAPES = SIMPLICES | POLYGONS | OTHERS
STAGES = ("trained", "settled")
DECAY = 0.3  # weight decay of training: without any, norms grow for ever
# λ of λ/2 (‖W‖² + ‖W_out‖²), with which trained models settle. Adam's decay is no such penalty: its strength differs
# between weights.
PENALTY = 2e-3
CLOSE = Threshold(
    0.02,
    "spread of cosines or norms, and 1 − cosine of encoder and decoder, up to which they are equal: settled models "
    "reach 1e-8, trained ones 0.05",
)
CENTRE = 0.05  # norm, relative to the longest row's, below which a class has no direction


def measure(lab: Lab, models: int, steps: int) -> Data:
    """Train encoders and decoders to say which of n classes is present; settle them; return their geometry."""
    rows: dict[str, list[Any]] = {key: [] for key in ("name", "spread", "off", "twin", "loss", "margin")}
    W: dict[str, np.ndarray] = {}
    for n, m in SHAPES:
        run = _train(lab, n, m, models, steps)
        settled = [settle(run.model(k)) for k in range(len(run))]
        for model in (run.best(), min(settled, key=lambda found: found[1])[0]):
            centred = [V - V.mean(axis=0) for V in (model.W, model.decoder)]
            unit = [V / np.maximum(np.linalg.norm(V, axis=1, keepdims=True), 1e-12) for V in centred]
            cosines = (unit[0] @ unit[0].T)[~np.eye(n, dtype=bool)]
            rows["name"].append(classify(model.W, orientation="rows").name)
            rows["spread"].append(cosines.std())
            rows["off"].append(abs(cosines.mean() + 1 / (n - 1)))
            rows["twin"].append(float(np.sum(centred[0] * centred[1]) / np.prod([np.linalg.norm(V) for V in centred])))
            rows["loss"].append(_penalised(model.W, model.decoder, model.b, 0.0)[0])
            rows["margin"].append(margin(model.W, model.decoder, model.b) / _regular(n, m))
            W[f"W_{n}_{m}"] = model.W
    return {key: np.array(value).reshape(-1, len(STAGES)).T for key, value in rows.items()} | W


def _train(lab: Lab, n: int, m: int, models: int, steps: int) -> Any:
    """Train models for n classes in m dimensions."""
    classes = Features(n, 1 / n, values=Discrete((1.0,)), anticorrelated=[list(range(n))])
    recipe = {"activation": "linear", "criterion": "cross-entropy", "tied": False, "weight_decay": DECAY}
    recipe |= {"models": models, "steps": steps, "learning_rate": 1e-2, "schedule": "linear", "batch": 256}
    return lab.train(f"{n} classes in {m}", classes, m, **recipe)


def settle(model: ToyModel) -> tuple[ToyModel, float]:
    """Return the minimum of cross-entropy plus penalty that L-BFGS reaches from a model, and its value."""
    from scipy.optimize import minimize

    n, m = model.W.shape

    def split(z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return z[: n * m].reshape(n, m), z[n * m : 2 * n * m].reshape(n, m), z[2 * n * m :]

    def function(z: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradients = _penalised(*split(z), PENALTY)
        return value, np.concatenate([part.ravel() for part in gradients])

    start = np.concatenate([part.ravel() for part in (model.W, model.decoder, model.b)])
    end = minimize(function, start, jac=True, method="L-BFGS-B", options={"maxiter": 5000, "ftol": 1e-15, "gtol": 1e-9})
    W, W_out, b = split(end.x)
    return ToyModel(W, b, activation="linear", W_out=W_out), float(end.fun)


def _penalised(W: np.ndarray, W_out: np.ndarray, b: np.ndarray, penalty: float) -> tuple[float, tuple[np.ndarray, ...]]:
    """Return the mean cross-entropy over classes plus the penalty, and its gradients by W, W_out and b."""
    n = len(W)
    logits = W @ W_out.T + b
    logits = logits - logits.max(axis=1, keepdims=True)
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    value = -np.mean(np.diagonal(logits) - np.log(np.exp(logits).sum(axis=1)))
    pull = (chances - np.eye(n)) / n
    gradients = pull @ W_out + penalty * W, pull.T @ W + penalty * W_out, pull.sum(axis=0)
    return float(value + penalty / 2 * ((W**2).sum() + (W_out**2).sum())), gradients


def margin(W: np.ndarray, W_out: np.ndarray, b: np.ndarray) -> float:
    """Return the smallest lead of a class's logit over any other, divided by the largest ‖w‖ ‖w_out‖.

    Examples
    --------
    >>> round(margin(np.eye(3), np.eye(3), np.zeros(3)), 12)
    1.0
    """
    logits = W @ W_out.T + b
    rivals = np.where(np.eye(len(W), dtype=bool), -np.inf, logits).max(axis=1)
    return float(
        (np.diagonal(logits) - rivals).min() / (np.linalg.norm(W, axis=1) * np.linalg.norm(W_out, axis=1)).max()
    )


def _regular(n: int, m: int) -> float:
    """Return the margin of the expected shape without biases: 1 minus the largest cosine of two vertices."""
    if n <= m + 1:
        return n / (n - 1)
    if m == 2:
        return 1 - np.cos(2 * np.pi / n)
    vertices = polytope(SHAPES[n, m]).vertices
    return float(1 - (vertices @ vertices.T - 2 * np.eye(n)).max())


def draw(data: Data) -> Any:
    """Draw the classes' directions."""
    figure, axes = panels(3, 3, size=(2.65, 2.7), title="directions of classes, settled")
    for k, (n, m) in enumerate(SHAPES):
        ax = axes.flat[k]
        W = data[f"W_{n}_{m}"]
        if m == 2:
            plot_geometry(classify(W, orientation="rows"), ax=ax, title=False)
        else:
            unit = W / np.linalg.norm(W, axis=1, keepdims=True)
            colour_bar(draw_signed(ax, unit @ unit.T, square=True), ax, "cosine of two rows")
        ax.set_title(f"{n} in {m}: {plain_name(data['name'][1, k])}{_rows(W)}", fontsize=SMALL)
    return figure


def _rows(W: np.ndarray) -> str:
    """Return words on a class at the centre, which only its bias stands for, and on rows of unequal norms."""
    norms = np.linalg.norm(W, axis=1)
    directed = norms[norms > CENTRE * norms.max()]
    centre = "\nand centre" if len(directed) < len(W) else ""
    uneven = f",\nnorms 1 to {directed.max() / directed.min():.2f}" if np.ptp(directed) > CLOSE * directed.max() else ""
    return centre + uneven


def judge(data: Data) -> Verdict:
    """Hold if n <= m + 1 classes form regular simplices, encoder like decoder, and more in a plane regular polygons.

    Simplices need the name and equal cosines of −1/(n − 1), polygons the name and the margin of the regular one, both
    where the best model has settled: three rows a few degrees off a triangle are one by chance too often to have its
    name. With other numbers if the simplices are regular.
    """
    expected = list(SHAPES.values())
    matches = np.array([[str(a).startswith(b) for a, b in zip(row, expected, strict=True)] for row in data["name"]])
    k = len(SIMPLICES)
    flat = slice(k, k + len(POLYGONS))
    even = data["spread"][1, :k].max() < CLOSE and data["off"][1, :k].max() < CLOSE
    dual = 1 - data["twin"][1, :k].min() < CLOSE
    named = bool(matches[1, :k].all())
    # Names are of directions: a regular polygon has its margin too, which rows of unequal norms have not.
    polygons = bool(matches[1, flat].all() and (np.abs(data["margin"][1, flat] - 1) < CLOSE).all())
    numbers = {
        f"{what}, {n} in {m}, {stage}": data[key][i, j]
        for i, stage in enumerate(STAGES)
        for j, (n, m) in enumerate(SHAPES)
        for what, key in (
            ("spread of cosines", "spread"),
            ("cosine of encoder and decoder", "twin"),
            ("cross-entropy", "loss"),
            ("margin over the regular shape's", "margin"),
        )
    }
    regular = np.abs(data["margin"][1] - 1) < CLOSE
    return Verdict(
        decide(bool(even and dual and named and polygons), bool(even and named)),
        f"Up to n = m + 1 classes form simplices: cosines spread by {data['spread'][1, :k].max():.2g} at most, and "
        f"encoder and decoder agree to a cosine of {data['twin'][1, :k].min():.3f}. {regular[flat].sum()} of "
        f"{len(POLYGONS)} shapes in a plane are regular polygons.",
        numbers,
        ("names and cosines of the best models", "margins against those of regular shapes"),
    )
