"""A1: other distributions of a feature's value: always 1, {1, 2, 3}, U[0.5, 1]."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.open_problems.names import brief_name, plain_name
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Discrete, Features, Uniform
from geomsup.loss import expected_loss
from geomsup.model import ToyModel
from geomsup.optima import optimum
from geomsup.plot.palette import FAINT, PALETTE
from geomsup.recognition import classify

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="A1",
    title="Other values than U[0, 1]",
    claim="Features whose value, when present, is always 1, one of {1, 2, 3}, or from U[0.5, 1] have the geometry of "
    "features with values from U[0, 1].",
    source="Open problems 4.7 to 4.9 (N. Nanda's list); the expectation is a reader's",
    quick={"models": 4, "steps": 3000, "starts": 40, "slow": False},
    paper={"models": 10, "steps": 20_000, "starts": 40, "slow": True},
)

LAWS = {
    "U[0, 1]": Uniform(0, 1),
    "U[0.5, 1]": Uniform(0.5, 1),
    "always 1": Discrete((1.0,)),
    "{1, 2, 3}": Discrete((1, 2, 3)),
}
SLOW = "{1, 2, 3}"  # its exact losses sum over 4ⁿ cases: minutes where the others take seconds
PROBABILITIES = (0.6, 0.4, 0.3, 0.2, 0.1, 0.05)
SHAPES = ((5, 2), (6, 3))
BRACKET, WIDTH = (0.05, 0.3), 1e-4  # densities between which the pentagon gives way, and where halving stops
STARTS = 24  # of each such search: where values are 1, irregular pentagons are better than the regular one
SPARSE = Threshold(0.1, "largest density that is sparse: the paper's pentagon is found at 0.1")


def measure(lab: Lab, models: int, steps: int, starts: int, slow: bool) -> Data:
    """Train at each distribution, size and density, search the exact optima, and find where pentagons give way.

    Without `slow`, {1, 2, 3} is only trained.
    """
    trained, exact, excess = [], [], []
    for n, m in SHAPES:
        features = [Features(n, p, values=law) for law in LAWS.values() for p in PROBABILITIES]
        recipe = {"models": models, "steps": steps, "learning_rate": 1e-2, "schedule": "cosine", "batch": 512}
        run = lab.train(f"{n} in {m}", features, m, **recipe)
        best = [run.best(k) for k in range(len(features))]
        trained.append([classify(model.W, orientation="rows").name for model in best])
        searched = [_is_searched(law, slow) for law in LAWS for _ in PROBABILITIES]
        found = [
            _optimum(lab, f"optimum {n} in {m}, {k}", f, model, starts) if wanted else ("", np.nan)
            for k, (f, model, wanted) in enumerate(zip(features, best, searched, strict=True))
        ]
        exact.append([name for name, _ in found])
        excess.append([loss for _, loss in found])
    shape = (len(SHAPES), len(LAWS), len(PROBABILITIES))
    return {
        "trained": np.array(trained).reshape(shape),
        "optimal": np.array(exact).reshape(shape),
        "excess": np.array(excess).reshape(shape),
        "end": np.array([_end_of_pentagon(lab, name) if _is_searched(name, slow) else np.nan for name in LAWS]),
    }


def _is_searched(law: str, slow: bool) -> bool:
    return slow or law != SLOW


def _optimum(lab: Lab, name: str, features: Features, model: ToyModel, starts: int) -> tuple[str, float]:
    """Return the optimum's name, and how far the trained model is above it."""

    def search() -> Data:
        best = optimum(features, model.n_hidden, starts=starts, guesses=[model])
        excess = float(expected_loss(model, features)) / best.loss - 1
        return {"name": np.array(best.geometry.name), "excess": np.array(excess)}

    kept = lab.keep(name, search)
    return str(kept["name"]), float(kept["excess"])


def _end_of_pentagon(lab: Lab, law: str) -> float:
    """Return the density above which the best of many starts is no longer a pentagon, found by halving."""

    def find() -> Data:
        low, high = BRACKET
        guesses: list[ToyModel] = []
        while high - low > WIDTH:
            p = (low + high) / 2
            best = optimum(Features(5, p, values=LAWS[law]), 2, starts=STARTS, guesses=guesses)
            guesses.append(best.model)
            low, high = (p, high) if plain_name(best.geometry.name) == "pentagon" else (low, p)
        return {"p": np.array((low + high) / 2)}

    return float(lab.keep(f"end of the pentagon, {law}", find)["p"])


def draw(data: Data) -> Any:
    """Draw the table of names, coloured by shape; below each trained model's is the optimum's, if it is known."""
    figure, axes = panels(
        len(SHAPES), 1, size=(9.5, 3.2), title="shape of the best trained model, and the exact optimum"
    )
    names = sorted({*map(brief_name, data["trained"].ravel())} - {"unnamed"})
    colours = dict(zip(names, PALETTE * 9, strict=False)) | {"unnamed": FAINT}
    for ax, (n, m), trained, optimal in zip(axes[:, 0], SHAPES, data["trained"], data["optimal"], strict=True):
        for row in range(len(LAWS)):
            for column in range(len(PROBABILITIES)):
                name, best = brief_name(trained[row, column]), brief_name(optimal[row, column]) or "not searched"
                ax.add_patch(_cell(column, row, colours[name]))
                ax.text(column, row, f"{name}\n({best})", fontsize=6, ha="center", va="center")
        ax.set(xlim=(-0.5, len(PROBABILITIES) - 0.5), ylim=(len(LAWS) - 0.5, -0.5), xlabel="density p")
        ax.set_xticks(range(len(PROBABILITIES)), [f"{p:g}" for p in PROBABILITIES])
        ax.set_yticks(range(len(LAWS)), list(LAWS))
        ax.set_title(f"{n} features in {m} dimensions", fontsize=10)
    return figure


def _cell(column: int, row: int, colour: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((column - 0.48, row - 0.47), 0.96, 0.94, color=colour, alpha=0.35, linewidth=0)


def judge(data: Data) -> Verdict:
    """Hold if best models and optima of all distributions have the shapes of U[0, 1] at every density.

    With other numbers if they do where p <= 0.1. Optima that were not searched do not count.
    """
    trained, optimal = (np.vectorize(plain_name)(data[key]) for key in ("trained", "optimal"))
    same = trained == trained[:, :1]
    searched = optimal != ""
    alike = (optimal == optimal[:, :1])[:, 1:][searched[:, 1:]]
    sparse = np.array(PROBABILITIES) <= SPARSE
    sparse_same = bool(
        same[:, :, sparse].all() and (optimal == optimal[:, :1])[:, :, sparse][searched[:, :, sparse]].all()
    )
    ends = {name: value for name, value in zip(LAWS, data["end"], strict=True) if np.isfinite(value)}
    numbers = {f"pentagon gives way at p, {name}": value for name, value in ends.items()}
    numbers |= {
        f"share of U[0, 1]'s shapes, {name}": share for name, share in zip(LAWS, same.mean(axis=(0, 2)), strict=True)
    }
    numbers["share of U[0, 1]'s shapes among optima"] = alike.mean()
    numbers["largest excess of a trained model"] = float(np.nanmax(data["excess"]))
    numbers["share of U[0, 1]'s shapes, all other laws"] = same[:, 1:].mean()
    return Verdict(
        decide(bool(same.all() and alike.all()), sparse_same),
        f"Where p <= {SPARSE:g} shapes are {'' if sparse_same else 'not '}the same for all distributions. Over all "
        f"densities {100 * same[:, 1:].mean():.0f} % of trained shapes and {100 * alike.mean():.0f} % of optima of the "
        "other distributions are those of U[0, 1].",
        numbers,
        ("names of the best trained models", "names of the exact optima"),
    )
