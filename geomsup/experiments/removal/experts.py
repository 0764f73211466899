"""A45: mixtures of experts with hard routing: less superposition in each expert?"""

from typing import Any

import numpy as np

from geomsup.experiments.adam import adam, falling
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import interference, stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.plot.palette import PALETTE

__all__ = [
    "EXPERIMENT",
    "descend",
    "draw",
    "judge",
    "loss_and_gradient",
    "measure",
    "random_start",
    "route",
    "tell",
    "world",
]

EXPERIMENT = Experiment(
    id="A45",
    title="Mixture of experts",
    claim="With more experts and hard routing each expert has less superposition, fewer features per dimension, at a "
    "comparable loss.",
    source="Chaudhari, Nuer, Thorstenson 2025, Sparsity and superposition in mixture of experts",
    quick={"starts": 12, "first": 250, "kept": 3, "steps": 1500},
    paper={"starts": 200, "first": 1000, "kept": 10, "steps": 10_000},
)

N = 12
WORLDS = ("independent, p = 0.1", "independent, p = 0.05", "4 groups of 3, one at a time")
GROUPS = 4
PART = 0.5  # probability of each feature of the group that is there
# Experts and dimensions of each: one expert is the dense model.
SIZES = {"active": ((1, 3), (2, 3), (4, 3), (8, 3)), "total": ((1, 6), (2, 3), (3, 2), (6, 1))}
KEPT = 1e-9  # probability from which a state counts for what is told
SEEN = (
    1e-6  # probability from which a descent sees it: the others have 5e-4 in all at p = 0.1, and take most of the time
)
RATE, SMALL, SPREAD = 0.02, 1e-10, 0.4  # of Adam, whose slopes get small at exact losses; of the weights' starts
ROUTER = 2.0  # of the router's starts: with 0.4, choices are so unsure that losses end up to twice as high
BALANCE = 0.01  # factor of the usual penalty on uneven routing, E Σ f P: small against losses of order 1
LESS = Threshold(
    0.9, "features per dimension over those of the dense model up to which there is less superposition: a tenth less"
)
COMPARABLE = Threshold(1.1, "loss over that of the dense model up to which it is comparable: a tenth more")

Model = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # W (E, n, m), b (E, n), router (E, n) and (E,)


def measure(lab: Lab, starts: int, first: int, kept: int, steps: int) -> Data:
    """Descend the exact losses of dense models and of mixtures, with equal active and with equal total dimensions.

    Inputs are binary, so that losses are sums over all states. Of many starts the best after the
    first steps are trained on, and the best of these is kept.
    """
    every = sorted({size for sizes in SIZES.values() for size in sizes})
    found = {
        (name, *size): lab.keep(
            f"{name}, {size[0]} experts of {size[1]}",
            lambda name=name, size=size: _best(name, *size, starts, first, kept, steps),
        )
        for name in WORLDS
        for size in every
    }
    data = {
        f"{kind} {key}": np.array([[found[name, *size][key] for size in SIZES[kind]] for name in WORLDS])
        for kind in SIZES
        for key in found[WORLDS[0], 1, 3]
        if key != "rows"
    }
    return data | {"rows": found[WORLDS[2], 4, 3]["rows"], "dense": found[WORLDS[2], 1, 3]["rows"]}


def world(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the states ``(states, n)`` of a world and their probabilities."""
    states = (np.arange(2**N)[:, None] >> np.arange(N) & 1).astype(float)
    if name == WORLDS[2]:
        size = N // GROUPS
        used = states.reshape(-1, GROUPS, size).any(axis=2).sum(axis=1)
        # With no feature present any group may be the one that is there.
        chance = np.where(used == 1, PART**size / GROUPS, np.where(used == 0, PART**size, 0.0))
    else:
        p, count = float(name.split("= ")[1]), states.sum(axis=1)
        chance = p**count * (1 - p) ** (N - count)
    return states[chance > KEPT], chance[chance > KEPT]


def route(model: Model, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the softmax of the router, ``(states, E)``, and the expert of each state: the most probable."""
    z = x @ model[2].T + model[3]
    weights = np.exp(z - z.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights, weights.argmax(axis=1)


def loss_and_gradient(model: Model, x: np.ndarray, chance: np.ndarray, balance: float) -> tuple[float, Model]:
    """Return the loss, and the gradient of loss and penalty: outputs are ReLU(g W Wᵀ x + b) of one expert.

    g is the probability that the router gives this expert; through it the router learns. The choice has no slope.
    """
    W, b = model[:2]
    weights, choice = route(model, x)
    by_W, by_b, by_weights, loss = np.zeros_like(W), np.zeros_like(b), np.zeros_like(weights), 0.0
    for k in range(len(W)):
        here = np.flatnonzero(choice == k)
        seen, gate = x[here], weights[here, k, None]
        h = seen @ W[k]
        decoded = h @ W[k].T
        u = gate * decoded + b[k]
        error = np.maximum(u, 0) - seen
        loss += float(chance[here] @ (error**2).sum(axis=1))
        pull = 2 * error * (u > 0) * chance[here, None]
        by_b[k] = pull.sum(axis=0)
        by_weights[here, k] = (pull * decoded).sum(axis=1)
        by_W[k] = seen.T @ (gate * pull @ W[k]) + (gate * pull).T @ h
    share = np.bincount(choice, chance, minlength=len(W))
    by_weights += balance * len(W) * share * chance[:, None]
    by_z = weights * (by_weights - (by_weights * weights).sum(axis=1, keepdims=True))
    return loss, (by_W, by_b, by_z.T @ x, by_z.sum(axis=0))


def random_start(experts: int, m: int, seed: int) -> Model:
    """Return weights and a router to start from, without biases."""
    rng = np.random.default_rng(seed)
    W, router = rng.normal(size=(experts, N, m)) * SPREAD, rng.normal(size=(experts, N)) * ROUTER
    return W, np.zeros((experts, N)), router, np.zeros(experts)


def descend(model: Model, x: np.ndarray, chance: np.ndarray, steps: int) -> tuple[float, Model]:
    """Return the loss and the model after steps of Adam, at a rate that falls to 0."""

    def slopes(parts: list[np.ndarray]) -> Model:
        return loss_and_gradient((parts[0], parts[1], parts[2], parts[3]), x, chance, BALANCE)[1]

    W, b, router, bias = adam(model, slopes, steps, lambda step: falling(step, steps, RATE), small=SMALL)
    end = W, b, router, bias
    return loss_and_gradient(end, x, chance, BALANCE)[0], end


def _best(name: str, experts: int, m: int, starts: int, first: int, kept: int, steps: int) -> dict[str, np.ndarray]:
    x, chance = world(name)
    seen = x[chance > SEEN], chance[chance > SEEN]
    tried = [descend(random_start(experts, m, seed), *seen, first) for seed in range(starts)]
    tried = [descend(model, *seen, steps) for _, model in sorted(tried, key=_first)[:kept]]
    ends = sorted(((loss_and_gradient(model, x, chance, 0.0)[0], model) for _, model in tried), key=_first)
    nothing = float(chance @ ((x - chance @ x) ** 2).sum(axis=1))
    losses = np.array([ends[0][0], ends[1][0] if len(ends) > 1 else np.nan]) / nothing
    return tell(ends[0][1], x, chance) | {"loss": losses[0], "second": losses[1]}


def _first(found: tuple[float, Model]) -> float:
    return found[0]


def tell(model: Model, x: np.ndarray, chance: np.ndarray) -> dict[str, np.ndarray]:
    """Return what the experts store, each weighted with the probability that it is used.

    Features per dimension and interference are those of √g W, g the expert's mean gate: so scaled, outputs are those
    of a dense model. An expert's features must also be present in some state that it is used for.
    """
    weights, choice = route(model, x)
    share = np.bincount(choice, chance, minlength=len(model[0]))
    rows, count, mixed = np.zeros(model[0].shape), np.zeros(len(share)), np.zeros(len(share))
    for k in np.flatnonzero(share > 0):
        here = np.flatnonzero(choice == k)
        gate = chance[here] @ weights[here, k] / share[k]
        rows[k] = np.sqrt(gate) * model[0][k] * x[here].max(axis=0)[:, None]
        kept = stored(rows[k])
        count[k] = kept.sum()
        mixed[k] = interference(rows[k])[kept].mean() if kept.any() else 0.0
    used = share / share.sum()
    return {
        "density": np.array(used @ count / model[0].shape[2]),
        "squares": np.array(used @ (rows**2).sum(axis=(1, 2)) / model[0].shape[2]),
        "mixed": np.array(used @ mixed),
        "experts": np.array(1 / (used**2).sum()),
        "rows": rows,
    }


def draw(data: Data) -> Any:
    """Draw features per dimension, interference and loss over the number of experts; rows of the experts of groups."""
    figure, axes = panels(2, 4, size=(3.1, 2.8), title=f"{N} binary features, one expert at a time")
    rows = (("density", "features per dimension"), ("mixed", "interference of a stored feature"), ("loss", "loss"))
    for row, kind in zip(axes, SIZES, strict=True):
        experts = [size[0] for size in SIZES[kind]]
        for ax, (key, title) in zip(row, rows, strict=False):
            for j, name in enumerate(WORLDS):
                ax.plot(experts, data[f"{kind} {key}"][j], "o-", color=PALETTE[j], label=name)
            ax.set_xscale("log", base=2)
            ax.set_xticks(experts, experts)
            ax.minorticks_off()
            ax.set(xlabel="experts", ylim=(0, None))
            ax.set_title(f"{title},\nequal {kind} dimensions", fontsize=9)
    axes[0, 2].legend(frameon=False, fontsize=8, loc="upper right", bbox_to_anchor=(1.0, 0.92))
    axes[0, 2].set_ylim(0, 1.15)
    for ax, name, blocks in zip(axes[:, 3], ("dense model", "4 experts"), (data["dense"], data["rows"]), strict=True):
        squares = (blocks**2).sum(axis=2).T
        image = ax.imshow(squares, cmap="Greys", vmin=0, vmax=1, aspect="auto")
        ax.set(xticks=[], yticks=[], xlabel="experts", ylabel="features")
        ax.set_title(f"{name}, groups:\nsquared norms of rows", fontsize=9)
    figure.colorbar(image, ax=list(axes[:, 3]), shrink=0.6, aspect=20, extend="max")
    return figure


def judge(data: Data) -> Verdict:
    """Hold if in all worlds, with equal active and equal total dimensions, most experts have fewer features each.

    That is a tenth less features per dimension than the dense model with the most experts tried, at a loss that is a
    tenth higher at most. With other numbers if so with equal active dimensions, in some world.
    """
    less = {kind: data[f"{kind} density"][:, -1] <= LESS * data[f"{kind} density"][:, 0] for kind in SIZES}
    cheap = {kind: data[f"{kind} loss"][:, -1] <= COMPARABLE * data[f"{kind} loss"][:, 0] for kind in SIZES}
    good = {kind: less[kind] & cheap[kind] for kind in SIZES}
    numbers: dict[str, float] = {}
    for kind, sizes in SIZES.items():
        for j, name in enumerate(WORLDS):
            for k, (experts, m) in enumerate(sizes):
                where = f"{name}, {experts} of {m}"
                numbers |= {
                    f"features per dimension, {where}": data[f"{kind} density"][j, k],
                    f"‖W‖² per dimension, {where}": data[f"{kind} squares"][j, k],
                    f"interference, {where}": data[f"{kind} mixed"][j, k],
                    f"loss over that of no model, {where}": data[f"{kind} loss"][j, k],
                    f"the same of the second best, {where}": data[f"{kind} second"][j, k],
                    f"experts in use, effectively, {where}": data[f"{kind} experts"][j, k],
                }
    density, cost = data["active density"], data["active loss"]
    ratio, total = cost[:, -1] / cost[:, 0], data["total density"][:, -1] / data["total density"][:, 0]
    return Verdict(
        decide(bool(good["active"].all() and good["total"].all()), bool(good["active"].any())),
        f"From 1 to 8 experts features per dimension go from {density[0, 0]:.1f} to {density[0, -1]:.1f}, "
        f"{density[1, 0]:.1f} to {density[1, -1]:.1f} (independent), {density[2, 0]:.1f} to {density[2, -1]:.1f} "
        f"(groups), at {ratio.min():.2f} to {ratio.max():.2f} times the loss. With equal total dimensions they are "
        f"{total.min():.1f} to {total.max():.1f} times as many.",
        numbers,
        ("features stored per dimension", "squared norms per dimension and interference", "exact losses"),
    )
