"""A25: GELU outputs against ReLU outputs by the scale of the features: where does superposition vanish?"""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import shared
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features, Uniform
from geomsup.loss import expected_loss
from geomsup.model import ToyModel
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "best", "critical_scale", "draw", "first_order", "judge", "measure", "predicted_scale"]

EXPERIMENT = Experiment(
    id="A25",
    title="GELU outputs and small features",
    claim="GELU outputs differ from ReLU outputs where features are small: below a scale s_c(p) of the features "
    "nothing is in superposition. With ReLU outputs the scale changes nothing.",
    source="Open problem 4.11 (N. Nanda's list); A2 has features up to 1",
    quick={"starts": 4, "halvings": 10, "larger": [0.01, 0.03, 0.1, 0.3, 1.0, 3.0]},
    paper={"starts": 16, "halvings": 20, "larger": [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]},
)

PROBABILITIES = (0.03, 0.1, 0.3)
IMPORTANCES = (1.0, 0.9, 0.5)  # of the second of two features in one dimension
SCALES = (0.003, 30.0)  # between which s_c is sought: outputs are all but linear at one end, all but ReLUs at the other
LARGER = (5, 2, 0.1)  # features and dimensions of a larger model, and p: the paper's pentagon
FALLING = 0.9  # ratio of importances there, as in the paper
RTOL = 1e-8  # of the exact losses
RTOL_ALONE = 1e-5  # of those of one feature by itself, which are a hundredth of the other's variance or less
GAIN = 1e-5  # relative gain over the best dedicated model above which two features share: far above RTOL
CURVE = 1 / np.sqrt(2 * np.pi)  # of GELU(z) = z/2 + z²/√(2π) + …
NEAR = Threshold(
    0.2, "relative difference from the expansion in small s that confirms it: it leaves out terms of order s, up to 0.1"
)


def measure(lab: Lab, starts: int, halvings: int, larger: list[float]) -> Data:
    """Find s_c of two features in one dimension at each density and importance; count what five in two share."""

    def pairs() -> dict[str, Any]:
        grid = [[critical_scale(p, ratio, starts, halvings) for p in PROBABILITIES] for ratio in IMPORTANCES]
        relu = [[_shares(p, ratio, 1.0, starts, "relu") for p in PROBABILITIES] for ratio in IMPORTANCES]
        return {"critical": grid, "relu": relu}

    def slopes() -> dict[str, Any]:
        small = SCALES[0]
        found = [best(Features(2, p, values=Uniform(0, small)), 1, small, starts)[0] for p in PROBABILITIES]
        return {"slope": [(_variance(p) - value) / small for p, value in zip(PROBABILITIES, found, strict=True)]}

    n, m, p = LARGER
    importance = FALLING ** np.arange(n)

    def scan() -> dict[str, Any]:
        rows: list[dict[str, Any]] = []
        for s in larger:
            features = Features(n, p, values=Uniform(0, s), importance=importance)
            ends = {f: best(features, m, s, starts, f) for f in ("gelu", "relu")}
            rows.append({f"{f} shared": shared(end[1]).sum() for f, end in ends.items()})
            rows[-1] |= {f"{f} loss": end[0] for f, end in ends.items()}
        return {key: [row[key] for row in rows] for key in rows[0]}

    data = lab.keep("pairs", pairs) | lab.keep("slopes", slopes) | lab.keep("larger", scan)
    predicted = [[predicted_scale(p, ratio) for p in PROBABILITIES] for ratio in IMPORTANCES]
    return data | {"scales": larger, "predicted": predicted, "first order": [first_order(p) for p in PROBABILITIES]}


def best(features: Features, m: int, s: float, starts: int, activation: str = "gelu") -> tuple[float, np.ndarray]:
    """Return the lowest loss over s² that descents of the exact loss reach, and its W; biases move in units of s."""
    from scipy.optimize import minimize

    n = features.n
    rng = np.random.default_rng(0)

    def function(z: np.ndarray) -> tuple[float, np.ndarray]:
        model = ToyModel(z[: n * m].reshape(n, m), s * z[n * m :], activation=activation)
        found: Any = expected_loss(model, features, rtol=RTOL if n > 1 else RTOL_ALONE, gradient=True)
        return found.value / s**2, np.concatenate([found.grad_W.ravel(), s * found.grad_b]) / s**2

    tries = [np.concatenate([rng.normal(0, 0.8, n * m), np.full(n, 0.1)]) for _ in range(starts)]
    if (n, m) == (2, 1):  # one feature alone, and digons
        tries += [np.array([1.2, second, 0.1, 0.1]) for second in (0.0, -0.5, -1.2)]
    end = min((minimize(function, z, jac=True, method="L-BFGS-B") for z in tries), key=lambda found: found.fun)
    return float(end.fun), end.x[: n * m].reshape(n, m)


def _shares(p: float, ratio: float, s: float, starts: int, activation: str = "gelu") -> bool:
    """Return whether two features share the dimension: the optimum is better than what one alone can reach."""
    values = Uniform(0, s)
    alone = best(Features(1, p, values=values), 1, s, 1, activation)[0] + ratio * _variance(p)
    both = Features(2, p, values=values, importance=np.array([1.0, ratio]))
    return best(both, 1, s, starts, activation)[0] < alone * (1 - GAIN)


def critical_scale(p: float, ratio: float, starts: int, halvings: int) -> float:
    """Return the scale above which two features share; 0 if they do at all, and infinity if they do at none."""
    low, high = np.log(SCALES)
    if not _shares(p, ratio, SCALES[1], starts):
        return np.inf
    if _shares(p, ratio, SCALES[0], starts):
        return 0.0
    for _ in range(halvings):
        middle = (low + high) / 2
        low, high = (low, middle) if _shares(p, ratio, float(np.exp(middle)), starts) else (middle, high)
    return float(np.exp((low + high) / 2))


def _variance(p: float) -> float:
    """Return the variance of a feature that is present with probability p and then uniform on [0, 1]."""
    return p / 3 - p**2 / 4


def _skew(p: float) -> float:
    """Return its third central moment."""
    mean = p / 2
    return p / 4 - 3 * mean * p / 3 + 2 * mean**3


def first_order(p: float) -> float:
    """Return the slope by s of what a digon of two equally important features saves, at s = 0: 4 μ₃/√(2π) > 0.

    To first order outputs are linear, x' = E x + P (x − E x), P a projection onto a line, and lose what the other
    projection, Q, keeps. The curve of GELU lowers this by 8 s μ₃/√(2π) Σ_ij Q_ij P_ij² (theory: expand, and use that
    QP = 0): a half for the digon, 0 for one feature alone.
    """
    return 4 * CURVE * _skew(p)


def predicted_scale(p: float, ratio: float) -> float:
    """Return s_c to leading order in 1 − ratio: where the curve of GELU pays for turning the line off the first axis.

    A line at an angle θ loses σ² (ratio + (1 − ratio) sin²θ) − 8 s μ₃/√(2π) Σ_ij I_i Q_ij P_ij².
    """
    angle = np.linspace(1e-3, np.pi / 4, 2000)
    c, d = np.cos(angle), np.sin(angle)
    curve = d**2 * c**4 + (1 + ratio) * c**3 * d**3 + ratio * c**2 * d**4
    cost = (1 - ratio) * _variance(p) * d**2
    return float((cost / (8 * CURVE * _skew(p) * curve)).min())


def draw(data: Data) -> Any:
    """Draw s_c over p with what the expansion predicts, and losses of a larger model by scale."""
    figure, axes = panels(1, 2, size=(4.6, 3.4))
    ax = axes[0, 0]
    for k, ratio in enumerate(IMPORTANCES):
        found = data["critical"][k]
        if (found > 0).any():
            ax.loglog(PROBABILITIES, found, "o", color=PALETTE[k], label=f"importance {ratio:g}")
            ax.loglog(PROBABILITIES, data["predicted"][k], color=PALETTE[k], linewidth=0.8)
    ax.set(xlabel="density p", ylabel="scale s_c, line: expansion in s")
    ax.set_xticks(PROBABILITIES, [f"{p:g}" for p in PROBABILITIES])
    ax.set_yticks([0.03, 0.1, 0.3, 1.0], ["0.03", "0.1", "0.3", "1"])
    ax.minorticks_off()
    ax.set_title("two features in one dimension", fontsize=10)
    ax.legend(frameon=False, fontsize=8)
    ax = axes[0, 1]
    n, m, p = LARGER
    for k, f in enumerate(("gelu", "relu")):
        ax.semilogx(data["scales"], data[f"{f} loss"], "o-", color=PALETTE[k], label=f.upper().replace("RELU", "ReLU"))
        for s, value, count in zip(data["scales"], data[f"{f} loss"], data[f"{f} shared"], strict=True):
            ax.annotate(f"{count}", (s, value), (0, 5 - 17 * k), textcoords="offset points", fontsize=8, ha="center")
    ax.set(xlabel="scale s", ylabel="loss / s²", ylim=(0, 1.15 * data["gelu loss"].max()))
    ax.set_title(f"{n} in {m}, p = {p:g}, {FALLING:g}^i: features that share", fontsize=10)
    ax.legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if there is an s_c at every density and importance, equal ones too, at which ReLU outputs share.

    With other numbers if there is one wherever importances differ.
    """
    critical, relu = data["critical"], data["relu"].astype(bool)
    there = (critical > 0) & np.isfinite(critical)
    numbers: dict[str, float] = {}
    for i, ratio in enumerate(IMPORTANCES):
        for k, p in enumerate(PROBABILITIES):
            numbers[f"s_c, importance {ratio:g}, p = {p:g}"] = critical[i, k]
            numbers[f"by the expansion, importance {ratio:g}, p = {p:g}"] = data["predicted"][i][k]
    for k, p in enumerate(PROBABILITIES):
        numbers[f"slope of the saving at s = {SCALES[0]:g}, equal importance, p = {p:g}"] = data["slope"][k]
        numbers[f"by the expansion, p = {p:g}"] = data["first order"][k]
    n, m, _ = LARGER
    for f in ("gelu", "relu"):
        pairs = zip(data["scales"], data[f"{f} shared"], strict=True)
        numbers |= {f"features that share, {n} in {m}, {f}, s = {s:g}": count for s, count in pairs}
    gap = float(np.abs(np.asarray(data["slope"]) / np.asarray(data["first order"]) - 1).max())
    close = float(np.abs(critical[1] / np.asarray(data["predicted"])[1] - 1).max())
    numbers |= {"largest difference of s_c from the expansion, importance 0.9": close}
    numbers |= {"largest difference of the slope from the expansion": gap}
    confirmed = close < NEAR and gap < NEAR
    unequal = there[1:]
    equal = "at every scale" if not there[0].any() and (critical[0] == 0).all() else "above some scale"
    return Verdict(
        decide(bool(relu.all() and there.all()), bool(relu.all() and unequal.all() and confirmed)),
        f"Of two features in one dimension, importances 1 and 0.9, s_c is {critical[1].min():.2g} to "
        f"{critical[1].max():.2g}; with 1 and 0.5, {critical[2].min():.2g} to {critical[2].max():.2g}. Equally "
        f"important ones share {equal}.",
        numbers,
        ("exact losses by quadrature", "an expansion in small s"),
    )
