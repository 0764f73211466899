"""A12: features recovered from hidden activations by a small dictionary learner."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import NEARLY_ALL, stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "learn_dictionary", "matched_cosines", "measure"]

EXPERIMENT = Experiment(
    id="A12",
    title="Features recovered from hidden activations",
    claim="Where features are sparse, a sparse dictionary of the hidden activations recovers their directions in W.",
    source="Elhage et al. 2022, Approaches to superposition (sparse recovery after the fact)",
    quick={"models": 2, "steps": 4000, "samples": 2000, "sweeps": 60, "starts": 6},
    paper={"models": 10, "steps": 20_000, "samples": 20_000, "sweeps": 300, "starts": 10},
)

N, M = 20, 5
PROBABILITIES = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
PENALTY = 0.03  # λ of the sum of codes, for activations of rms 1
FOUND = Threshold(
    0.95, "cosine above which a feature is recovered: within 18°; random atoms have 0.7 or less on average"
)
SPARSE = Threshold(0.05, "largest density that is sparse: on average one of the 20 features is present")
LARGELY = Threshold(
    0.75, "fraction recovered at the sparsest for the claim to hold with other numbers: half way from 1/2 to 1"
)


def measure(lab: Lab, models: int, steps: int, samples: int, sweeps: int, starts: int) -> Data:
    """Train at each density, learn a dictionary of its hidden activations, and match it to the rows of W."""
    features = [Features(N, p) for p in PROBABILITIES]
    recipe = {"models": models, "steps": steps, "learning_rate": 5e-3, "schedule": "cosine", "batch": 512}
    run = lab.train("models", features, M, **recipe)
    parts = []
    for k, entry in enumerate(features):
        W = run.model(k * models + int(run.loss[k * models : (k + 1) * models, -10:].mean(axis=1).argmin())).W
        parts.append(
            lab.keep(
                f"dictionary, p = {entry.probability[0]:g}",
                lambda W=W, f=entry: _recover(W, f, samples, sweeps, starts),
            )
        )
    return {name: np.stack([part[name] for part in parts]) for name in parts[0]}


def _recover(W: np.ndarray, features: Features, samples: int, sweeps: int, starts: int) -> Data:
    """Return the cosines of stored rows with their atoms (NaN for other rows), and objectives of atoms and rows."""
    kept = stored(W)
    rows = W[kept] / np.linalg.norm(W[kept], axis=1, keepdims=True)
    h = _activations(W, features, samples)
    atoms, objective = learn_dictionary(h, len(rows), sweeps=sweeps, starts=starts)
    chance = np.random.default_rng(5).normal(size=rows.shape)
    chance /= np.linalg.norm(chance, axis=1, keepdims=True)
    cosines = np.full(N, np.nan)
    cosines[kept] = matched_cosines(rows, atoms)
    return {
        "cosines": cosines,
        "chance": np.array(matched_cosines(rows, chance).mean()),
        "objective": np.array(objective),
        "truth": np.array(_objective(h, rows, _encode(h, rows, np.zeros((len(h), len(rows))), 500))),
    }


def _activations(W: np.ndarray, features: Features, samples: int) -> np.ndarray:
    """Return hidden activations h = Wᵀx of samples with a feature in them, of rms length 1."""
    rng, kept = np.random.default_rng(4), np.zeros((0, features.n))
    while len(kept) < samples:
        x = features.sample(4 * samples, rng)
        kept = np.concatenate([kept, x[x.any(axis=1)]])
    h = kept[:samples] @ W
    return h / np.sqrt((h**2).sum(axis=1).mean())


def learn_dictionary(h: np.ndarray, size: int, *, sweeps: int, starts: int, seed: int = 0) -> tuple[np.ndarray, float]:
    """Return unit atoms ``(size, m)`` with h ≈ codes @ atoms, codes sparse and not negative, and their objective.

    Codes and atoms are improved in turns: codes by projected gradient steps on ½‖h − c A‖² + λ Σ c (FISTA), atoms by
    least squares (MOD). Atoms begin as samples. An atom that no sample uses is replaced by the sample with the largest
    error. The best of several starts is returned.

    Examples
    --------
    >>> codes = np.random.default_rng(0).exponential(size=(60, 1)) * np.eye(3)[np.arange(60) % 3]
    >>> atoms, _ = learn_dictionary(codes, 3, sweeps=10, starts=1)
    >>> bool((matched_cosines(np.eye(3), atoms) > 0.999).all())
    True
    """
    rng = np.random.default_rng(seed)
    tries = [_learn(h, size, sweeps, rng) for _ in range(starts)]
    return min(tries, key=lambda found: found[1])


def _learn(h: np.ndarray, size: int, sweeps: int, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    atoms = _unit(_spread(h, size, rng))
    codes = np.zeros((len(h), size))
    for _ in range(sweeps):
        codes = _encode(h, atoms, codes, 25)
        used = codes.sum(axis=0) > 0
        gram = codes.T @ codes + 1e-6 * np.eye(size)
        fresh = np.linalg.solve(gram, codes.T @ h)
        residual = ((h - codes @ atoms) ** 2).sum(axis=1)
        fresh[~used] = h[np.argsort(residual)[::-1][: (~used).sum()]]
        atoms = _unit(fresh)
    codes = _encode(h, atoms, codes, 500)
    return atoms, _objective(h, atoms, codes)


def _spread(h: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return samples in different directions: each is, of 200 drawn at random, the farthest from those before it."""
    chosen = [h[rng.integers(len(h))]]
    for _ in range(size - 1):
        some = h[rng.integers(len(h), size=200)]
        chosen.append(some[(_unit(some) @ _unit(np.array(chosen)).T).max(axis=1).argmin()])
    return np.array(chosen)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def _encode(h: np.ndarray, atoms: np.ndarray, codes: np.ndarray, steps: int) -> np.ndarray:
    """Return the codes after some steps of accelerated descent (FISTA) from those given."""
    gram, aim = atoms @ atoms.T, h @ atoms.T - PENALTY
    rate = 1 / np.linalg.eigvalsh(gram)[-1]
    ahead, t = codes, 1.0
    for _ in range(steps):
        new = np.maximum(ahead + rate * (aim - ahead @ gram), 0)
        t_new = (1 + np.sqrt(1 + 4 * t * t)) / 2
        ahead, codes, t = new + (t - 1) / t_new * (new - codes), new, t_new
    return codes


def _objective(h: np.ndarray, atoms: np.ndarray, codes: np.ndarray) -> float:
    return float((((h - codes @ atoms) ** 2).sum(axis=1) / 2 + PENALTY * codes.sum(axis=1)).mean())


def matched_cosines(rows: np.ndarray, atoms: np.ndarray) -> np.ndarray:
    """Return the cosine of every unit row with its atom, in the one-to-one assignment of the largest sum.

    Examples
    --------
    >>> matched_cosines(np.eye(2), np.array([[0.0, 1.0], [1.0, 0.0]]))
    array([1., 1.])
    """
    from scipy.optimize import linear_sum_assignment

    cosines = rows @ atoms.T
    first, second = linear_sum_assignment(-cosines)
    return cosines[first, second]


def draw(data: Data) -> Any:
    """Draw the cosines over density, and objectives of learned atoms and of W's rows."""
    figure, axes = panels(1, 2, size=(4.6, 3.4), title=f"features of {N} in {M} recovered from hidden activations")
    for p, row in zip(PROBABILITIES, data["cosines"], strict=True):
        axes[0, 0].plot(np.full(N, p), row, ".", color=PALETTE[5])
    axes[0, 0].plot(PROBABILITIES, np.nanmean(data["cosines"], axis=1), "o-", color=PALETTE[0], label="mean")
    axes[0, 0].plot(PROBABILITIES, data["chance"], "--", color="grey", label="random atoms")
    axes[0, 0].set(ylabel="cosine of a row of W with its atom", ylim=(-0.05, 1.05))
    axes[0, 1].plot(PROBABILITIES, data["objective"], "o-", color=PALETTE[0], label="learned atoms")
    axes[0, 1].plot(PROBABILITIES, data["truth"], "s--", color=PALETTE[1], label="rows of W")
    axes[0, 1].set(ylabel="objective of the learner")
    for ax in axes[0]:
        ax.set(xscale="log", xlabel="density p", xlim=(0.7, 0.007))
        ax.legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if at every p <= 0.05 nine in ten stored features are recovered.

    With other numbers if three in four are at the sparsest.
    """
    mean = np.nanmean(data["cosines"], axis=1)
    count = np.isfinite(data["cosines"]).sum(axis=1)
    found = (np.nan_to_num(data["cosines"], nan=-1) > FOUND).sum(axis=1) / count
    sparse = np.array(PROBABILITIES) <= SPARSE
    gap = data["objective"] / data["truth"]
    numbers: dict[str, float] = {}
    for k, p in enumerate(PROBABILITIES):
        numbers[f"mean cosine, p = {p:g}"] = mean[k]
        numbers[f"recovered, p = {p:g}"] = found[k]
        numbers[f"features stored, p = {p:g}"] = count[k]
        numbers[f"mean cosine of random atoms, p = {p:g}"] = data["chance"][k]
        numbers[f"objective over that of W's rows, p = {p:g}"] = gap[k]
    return Verdict(
        decide(bool((found[sparse] >= NEARLY_ALL).all()), bool(found[-1] >= LARGELY)),
        f"At p <= {SPARSE:g} at least {100 * found[sparse].min():.0f} % of the stored features are recovered to a "
        f"cosine of {FOUND:g}, and {100 * found[0]:.0f} % at p = {PROBABILITIES[0]:g}. Learned atoms have "
        f"{gap.min():.2f} to {gap.max():.2f} times the objective of W's own rows.",
        numbers,
        ("cosines of matched atoms", "the learner's objective against that of W's rows"),
    )
