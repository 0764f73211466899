"""A21: one of N tokens through d dimensions: how many can be told apart by a margin?"""

from typing import Any

import numpy as np

from geomsup.energy import best_known, minimize_energy
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import SMALL, panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.one_hot import one_hot_features
from geomsup.optima import optimum
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "capacities", "draw", "judge", "largest_margin", "margin", "measure", "of_code", "soft"]

EXPERIMENT = Experiment(
    id="A21",
    title="One of N tokens in d dimensions",
    claim="d dimensions tell n(d, γ) tokens apart with margin γ, as many as points of a sphere have cosines up to "
    "1 − γ: a simplex beyond γ = 1, 2d at γ = 1, a kissing number at 1/2. A decoder and biases of their own add none.",
    source="The threads on one of N tokens; spherical codes: Rankin 1955; margins of classes: Jiang et al. 2023",
    quick={"starts": 16, "tokens": [5, 10, 14, 26]},
    paper={"starts": 100, "tokens": [6, 16, 20, 30]},
)

# Largest sizes of spherical codes of cosine 1 − γ in 1 to 4 dimensions, all proved: a simplex (Rankin), an orthoplex
# (Rankin), kissing numbers (Schütte and van der Waerden 1953, Musin 2008).
PROVED = {1.2: (2, 3, 4, 5), 1.0: (2, 4, 6, 8), 0.5: (2, 6, 12, 24)}
DIMENSIONS = (1, 2, 3, 4)
# Sharpness of the soft minimum of all leads, from smooth to exact: the last leaves ln(n²)/1e5 < 1e-4 of the margin.
SHARPNESS = (1e1, 1e2, 1e3, 1e4, 1e5)
STEPS = 500  # of L-BFGS at each sharpness
CODES = 20  # starts of the search for a spherical code, which the 24-cell needs
NEAR = 0.01  # by how much the decoder's coordinates are off the encoder's at first
SQUARED = ((8, 2), (12, 2), (14, 3))  # tokens and dimensions of models of the squared loss beside these
SAME = Threshold(
    1e-3, "difference of margins that is none: ten times what the soft minimum leaves; biases add 0.04 and more"
)


def measure(lab: Lab, starts: int, tokens: list[int]) -> Data:
    """Find the largest margins of 2 to so many tokens in d dimensions, without and with biases, and those of codes."""
    data: dict[str, Any] = {}
    for d, most in zip(DIMENSIONS, tokens, strict=True):
        counts = np.arange(2, most + 1)
        found = lab.keep(f"{d} dimensions", lambda d=d, counts=counts: _margins(d, counts, starts))
        data |= {f"{key} {d}": value for key, value in found.items()} | {f"n {d}": counts}
    return data | {"kept": [_kept(n, d) for n, d in SQUARED]}


def _margins(d: int, counts: np.ndarray, starts: int) -> dict[str, Any]:
    kinds = {"none": False, "biases": True}
    found = {name: [largest_margin(int(n), d, kind, starts) for n in counts] for name, kind in kinds.items()}
    return found | {"code": [of_code(int(n), d) for n in counts]}


def of_code(n: int, d: int) -> float:
    """Return 1 − the largest cosine of the best known n points on a sphere in d dimensions; nan if none is listed.

    Examples
    --------
    >>> of_code(3, 1), round(of_code(6, 2), 12), of_code(6, 3)
    (0.0, 0.5, 1.0)
    """
    if d == 1:  # a sphere of two points
        return 2.0 if n == 2 else 0.0
    if d + 1 < n <= 2 * d:  # Rankin 1955
        return 1.0
    record = best_known(n, d, "tammes")
    return np.nan if record is None else 1 - record.value


def margin(W: np.ndarray, V: np.ndarray, b: np.ndarray) -> float:
    """Return the smallest lead of a token's own logit, min_{i≠j} w_i · (v_i − v_j) + b_i − b_j.

    Examples
    --------
    >>> margin(np.eye(3), np.eye(3), np.zeros(3))
    1.0
    """
    return float(_leads(W, V, b).min())


def _leads(W: np.ndarray, V: np.ndarray, b: np.ndarray) -> np.ndarray:
    logits = W @ V.T + b
    leads = np.diagonal(logits)[:, None] - logits
    np.fill_diagonal(leads, np.inf)
    return leads


def largest_margin(n: int, d: int, biases: bool, starts: int) -> float:
    """Return the largest margin found of n embeddings W and decoders V of norm 1 at most, with or without biases."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(0)
    best = -np.inf
    for rows, angles, sharpness in [*_codes(n, d, biases), *_random(n, d, starts, rng)]:
        # The decoder starts near the encoder.
        z = np.concatenate([rows.ravel(), rows.ravel() + rng.normal(0, NEAR, n * d), np.tile(angles, 2), np.zeros(n)])
        for beta in sharpness:
            z = minimize(soft, z, (n, d, beta, biases), "L-BFGS-B", jac=True, options={"maxiter": STEPS}).x
            best = max(best, margin(*_split(z, n, d, biases)[:3]))
    return best


def _random(n: int, d: int, starts: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray, Any]]:
    """Return rows in random directions, with angles whose sines, the norms, are from a third to 1."""
    return [(rng.normal(size=(n, d)), rng.uniform(0.3, 1.5, n), SHARPNESS) for _ in range(starts)]


def _codes(n: int, d: int, biases: bool) -> list[tuple[np.ndarray, np.ndarray, Any]]:
    """Return a spherical code, and with biases also the code of one less and a centre, to sharpen at once."""
    if d == 1 or n == 2:
        return []
    code, smaller = (minimize_energy(k, d, "tammes", starts=CODES).points for k in (n, n - 1))
    full, small = 1.5, 0.05  # angles of norms of nearly 1, and of the centre
    whole = [(code, np.full(n, full), SHARPNESS[-2:])]
    centre = (np.vstack([smaller, np.ones(d)]), np.append(np.full(n - 1, full), small), SHARPNESS[-2:])
    return [*whole, centre] if biases else whole


def _split(z: np.ndarray, n: int, d: int, biases: bool) -> tuple[np.ndarray, ...]:
    """Return W and V with rows of norm |sin(angle)|, so at most 1, the biases, unit rows, their norms, and angles."""
    rows = z[: 2 * n * d].reshape(2, n, d)
    norms = np.maximum(np.linalg.norm(rows, axis=2, keepdims=True), 1e-300)
    angles = z[2 * n * d : 2 * n * (d + 1)].reshape(2, n, 1)
    W, V = np.sin(angles) * rows / norms
    return W, V, biases * z[2 * n * (d + 1) :], rows / norms, norms, angles


def soft(z: np.ndarray, n: int, d: int, beta: float, biases: bool) -> tuple[float, np.ndarray]:
    """Return minus the soft minimum −ln Σ_{i≠j} exp(−β lead_ij) / β of all leads, and its slopes."""
    W, V, b, unit, norms, angles = _split(z, n, d, biases)
    leads = _leads(W, V, b)
    least = leads.min()
    shares = np.exp(-beta * (leads - least))
    total = shares.sum()
    shares /= total
    by_logits = shares - np.diag(shares.sum(axis=1))
    slopes = np.stack([by_logits @ V, by_logits.T @ W])
    along = (slopes * unit).sum(axis=2, keepdims=True)
    by_rows = np.sin(angles) * (slopes - along * unit) / norms
    parts = (by_rows, np.cos(angles) * along, biases * by_logits.sum(axis=0))
    return float(np.log(total) / beta - least), np.concatenate([part.ravel() for part in parts])


def capacities(counts: np.ndarray, margins: np.ndarray, asked: float) -> int:
    """Return the largest of the numbers of tokens whose margin is what is asked for."""
    return int(counts[margins > asked - SAME].max())


def _kept(n: int, d: int) -> int:
    """Return how many of n tokens have a direction in the optimum of the squared loss x' = relu(W Wᵀ x + b)."""
    return int(stored(optimum(one_hot_features(n), d, starts=8).model.W).sum())


def draw(data: Data) -> Any:
    """Draw the margins over the number of tokens, and those of spherical codes."""
    figure, axes = panels(1, 3, size=(4.0, 3.3), title="largest margin of N tokens, norms up to 1")
    for ax, d in zip(axes[0], DIMENSIONS[1:], strict=True):
        n = data[f"n {d}"]
        ax.plot(n, data[f"code {d}"], "_", color="black", markersize=12, label="spherical code, best known")
        ax.plot(n, data[f"none {d}"], "o", color=PALETTE[0], markersize=5, label="found, no biases")
        ax.plot(n, data[f"biases {d}"], "o", color=PALETTE[1], markersize=9, fillstyle="none", label="found, biases")
        for asked in PROVED:
            ax.axhline(asked, color="grey", linewidth=0.6, linestyle=":")
        ax.set(xlabel="tokens N", ylim=(0, 2.05))
        ax.set_title(f"{d} dimensions", fontsize=10)
    axes[0, 0].set_ylabel("margin γ")
    axes[0, 0].legend(frameon=False, fontsize=SMALL)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if all margins, and n(d, γ) at γ = 1.2, 1 and 1/2, are those of spherical codes, with biases and without.

    With other numbers if they are without biases.
    """
    numbers: dict[str, float] = {}
    right: dict[str, bool] = {}
    for name, label in (("none", "no biases"), ("biases", "biases")):
        off = {d: np.abs(data[f"{name} {d}"] - data[f"code {d}"]) for d in DIMENSIONS}
        table = {
            (asked, d): capacities(data[f"n {d}"], data[f"{name} {d}"], asked) for asked in PROVED for d in DIMENSIONS
        }
        right[name] = all(not (gap > SAME).any() for gap in off.values()) and all(
            table[asked, d] == proved
            for asked, row in PROVED.items()
            for d, proved in zip(DIMENSIONS, row, strict=True)
        )
        numbers |= {f"n({d}, {asked:g}), {label}": count for (asked, d), count in table.items()}
        numbers |= {f"largest difference from a code's margin, d = {d}, {label}": np.nanmax(off[d]) for d in DIMENSIONS}
    numbers |= {
        f"proved n({d}, {asked:g}) of a sphere": n
        for asked, row in PROVED.items()
        for d, n in zip(DIMENSIONS, row, strict=True)
    }
    numbers |= {
        f"{n} tokens in {d}: kept by the squared loss": k for (n, d), k in zip(SQUARED, data["kept"], strict=True)
    }
    worst = max(numbers[f"largest difference from a code's margin, d = {d}, no biases"] for d in DIMENSIONS)
    half = [numbers[f"n({d}, 0.5), {label}"] for label in ("no biases", "biases") for d in DIMENSIONS]
    spelled = [", ".join(f"{n:.0f}" for n in part) for part in (half[:4], half[4:])]
    return Verdict(
        decide(right["none"] and right["biases"], right["none"]),
        f"At margin 1/2, 1 to 4 dimensions tell {spelled[0]} tokens apart without biases, and {spelled[1]} with. "
        f"Without, margins are those of spherical codes within {worst:.1g}.",
        numbers,
        ("best known and proved codes", "largest margins found by ascent"),
    )
