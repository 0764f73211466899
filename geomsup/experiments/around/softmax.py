"""A8: classes told apart by softmax and cross-entropy, through few dimensions."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Discrete, Features
from geomsup.plot import plot_geometry
from geomsup.recognition import classify

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

SIMPLICES = {(3, 2): "triangle", (4, 3): "tetrahedron", (5, 4): "5-cell"}
POLYGONS = {(4, 2): "square", (5, 2): "pentagon", (6, 2): "hexagon", (7, 2): "heptagon"}
OTHERS = {(6, 3): "octahedron", (8, 3): "square antiprism"}
SHAPES = SIMPLICES | POLYGONS | OTHERS
DECAY = 0.03  # without it separable classes drive the norms to infinity, ever more slowly
CLOSE = 0.02  # spread of cosines, and 1 - cosine between encoder and decoder, from which "equal" is refused


def measure(lab: Lab, models: int, steps: int) -> Data:
    """Train an encoder and a decoder for one of n classes at a time; return the cosines and names of the best."""
    recipe = {"activation": "linear", "criterion": "cross-entropy", "tied": False, "weight_decay": DECAY}
    recipe |= {"models": models, "steps": steps, "learning_rate": 1e-2, "schedule": "linear", "batch": 512}
    names, decoders, spread, off, twin, losses, W = [], [], [], [], [], [], {}
    for n, m in SHAPES:
        classes = Features(n, 1 / n, values=Discrete([1.0]), anticorrelated=[list(range(n))])
        run = lab.train(f"{n} classes in {m}", classes, m, **recipe)
        best = run.best()
        centred = [V - V.mean(axis=0) for V in (best.W, best.decoder)]
        unit = [V / np.linalg.norm(V, axis=1, keepdims=True) for V in centred]
        cosines = (unit[0] @ unit[0].T)[~np.eye(n, dtype=bool)]
        names.append(classify(centred[0], orientation="rows").name)
        decoders.append(classify(centred[1], orientation="rows").name)
        spread.append(cosines.std())
        off.append(abs(cosines.mean() + 1 / (n - 1)))
        twin.append((unit[0] * unit[1]).sum(axis=1).min())
        losses.append(run.expected_loss().min())
        W[f"W_{n}_{m}"] = best.W
    return {
        "name": np.array(names),
        "decoder": np.array(decoders),
        "spread": np.array(spread),
        "off": np.array(off),
        "twin": np.array(twin),
        "loss": np.array(losses),
        **W,
    }


def draw(data: Data) -> Any:
    """Draw the classes' directions."""
    figure, axes = panels(2, 5, size=(2.7, 2.8), title="directions of classes under softmax and cross-entropy")
    for k, (n, m) in enumerate(SHAPES):
        ax = axes.flat[k]
        W = data[f"W_{n}_{m}"]
        if m == 2:
            plot_geometry(classify(W, orientation="rows"), ax=ax, title=False)
        else:
            unit = W / np.linalg.norm(W, axis=1, keepdims=True)
            ax.imshow(unit @ unit.T, cmap="RdBu", vmin=-1, vmax=1)
            ax.set(xticks=[], yticks=[])
        ax.set_title(f"{n} in {m}: {data['name'][k].split(',')[0].split(' (')[0]}", fontsize=9)
    axes.flat[-1].set_axis_off()
    axes.flat[-1].text(0.5, 0.5, "beyond the plane:\ncosines of the rows,\nblue 1, red −1", ha="center", va="center")
    return figure


def judge(data: Data) -> Verdict:
    """Hold if n <= m + 1 classes are equiangular simplices, encoder like decoder, and more are the regular shapes."""
    matches = np.array([str(name).startswith(shape) for name, shape in zip(data["name"], SHAPES.values(), strict=True)])
    k = len(SIMPLICES)
    flat = slice(k, k + len(POLYGONS))
    simplex = bool((data["spread"][:k] < CLOSE).all() and (data["off"][:k] < CLOSE).all())
    named = bool(matches[:k].all())
    dual = bool((1 - data["twin"][:k] < CLOSE).all())
    numbers: dict[str, float] = {}
    for j, (n, m) in enumerate(SHAPES):
        numbers[f"spread of cosines, {n} in {m}"] = data["spread"][j]
        numbers[f"least cosine of encoder and decoder, {n} in {m}"] = data["twin"][j]
        numbers[f"cross-entropy, {n} in {m}"] = data["loss"][j]
        numbers[f"named as expected, {n} in {m}"] = matches[j]
    listed = ", ".join(
        f"{n} in {m}: {str(name).split(',')[0]}" for (n, m), name in zip(SHAPES, data["name"], strict=True)
    )
    return Verdict(
        decide(simplex and named and dual and bool(matches[flat].all()), simplex and named),
        f"{listed}. Up to n = m + 1 cosines are −1/(n − 1) with a spread of at most {data['spread'][:k].max():.1g}; "
        f"encoder and decoder agree to a cosine of {data['twin'][:k].min():.4f} there and of {data['twin'].min():.4f} "
        "everywhere.",
        numbers,
        ("names of the best models", "cosines against −1/(n − 1)"),
    )


EXPERIMENT = Experiment(
    id="A8",
    title="Classification by softmax",
    claim="Classes form a regular simplex where n <= m + 1 (as in neural collapse), encoder and decoder alike, and "
    "regular polygons where more share a plane.",
    source="Open problem 4.12 (N. Nanda's list); neural collapse: Papyan et al. 2020",
    measure=measure,
    draw=draw,
    judge=judge,
    quick={"models": 4, "steps": 4000},
    paper={"models": 10, "steps": 30_000},
)
