"""Which metrics of polysemanticity can be trusted?

python -m benchmarks.reliability_polysemanticity --plot docs/reliability_polysemanticity.png

Toy models with binary features, so that every expectation is a finite sum over all sets of present features. There are
four kinds: planted (each neuron gets features, some noise, a ReLU and a bias; the decoder is fitted), trained with ReLU
neurons, with tied weights and untied, and trained with a linear hidden layer. Truths for each neuron, from removing
things and not from weights:

- heard: the features whose removal from the input changes the neuron's activation, by at least a tenth of the mean
  square that the feature that changes it most does;
- served: the features whose loss rises by at least a tenth of E x² when the neuron is removed;
- effective numbers of both, (Σ change)²/Σ change², which need no threshold.

The table has the rank correlation of every metric with these numbers: over all neurons, and over the means of models,
each with its standard error over drawn models. The sign is that of the metric's direction: 1 is a perfect metric.
"Heard" is compared with metrics of weights in, "served" with metrics of weights in and out.
"""

import argparse
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

import geomsup as gs

KINDS = ("planted", "ReLU, tied", "ReLU, untied", "linear, tied")
SIGNED = "ReLU, negative weights counted"  # the first three without `rectified`
PART = 0.1  # of the largest change, or of E x², from which on a feature counts
USED = 1e-6  # a neuron that changes by less, relative to the one that changes most, is off
RESAMPLES = 100
SAMPLES = 2000  # of activations
# Metrics that fall as features share a neuron.
FALLING = {"largest_share", "kurtosis", "hoyer", "activation_kurtosis", "activity_ratio"}
SHOWN = (
    "largest_share", "participation", "kurtosis", "capacity", "entropy", "features", "equivocation", "hoyer",
    "activation_kurtosis", "activity_ratio",
)  # fmt: skip
COLUMNS = (
    ("heard", "in", False), ("heard", "in", True), ("heard, effective", "in", False),
    ("served", "both", False), ("served", "both", True), ("served, effective", "both", False),
)  # the truth, of which weights the metrics are, and whether means of models are compared  # fmt: skip


def states(n, p):
    """All sets of present features, and their probabilities."""
    X = ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(float)
    return X, np.prod(np.where(X > 0, p, 1 - p), axis=1)


def planted(n, m, p, rng):
    """Each neuron hears some features, by unequal weights, and all others a little; the decoder is the best linear."""
    W = np.zeros((n, m))
    for a in range(m):
        own = rng.permutation(n)[: rng.integers(1, n + 1)]
        W[own, a] = rng.uniform(0.3, 1.3, len(own)) * rng.choice([1.0, 1.0, 1.0, -1.0], len(own))
    W += rng.choice([0.0, 0.02, 0.05, 0.1]) * rng.normal(size=W.shape)
    bias = -rng.uniform(0, 0.2, m) * np.abs(W).max(axis=0)
    X, weight = states(n, p)
    root, H = np.sqrt(weight)[:, None], np.maximum(X @ W + bias, 0)
    fit = np.linalg.lstsq(root * np.column_stack([H, np.ones(len(X))]), root * X, rcond=None)[0]
    return gs.ToyModel(W, fit[-1], hidden_activation="relu", b_hidden=bias, W_out=fit[:-1].T)


def drawn(kind, rng):
    """A model and the probability of its features."""
    n, m, p = int(rng.integers(4, 11)), int(rng.integers(2, 7)), float(10 ** rng.uniform(-1.7, -0.3))
    if kind == "planted":
        return planted(n, m, p, rng), p
    features = gs.Features(n, p, rng.choice([1.0, 0.8]) ** np.arange(n), values=gs.Discrete((1,)))
    run = gs.train(
        features, m, models=1, steps=3000, batch=256, learning_rate=1e-2, schedule="cosine", device="cpu",
        seed=int(rng.integers(2**31)), tied="untied" not in kind,
        hidden_activation="linear" if "linear" in kind else "relu",
    )  # fmt: skip
    return run.best(), p


def truths(model, p):
    """Numbers of features heard and served by every neuron that does anything, and which neurons do."""
    n = model.n_features
    X, weight = states(n, p)
    H = model.hidden(X)
    changes = np.empty((n, H.shape[1]))
    for i in range(n):
        without = X.copy()
        without[:, i] = 0
        changes[i] = weight @ (H - model.hidden(without)) ** 2
    sums = H @ model.decoder.T + model.b
    whole = weight @ (np.maximum(sums, 0) - X) ** 2
    lost = np.empty(changes.shape)
    for a in range(H.shape[1]):
        lost[:, a] = weight @ (np.maximum(sums - H[:, [a]] * model.decoder[:, a], 0) - X) ** 2 - whole
    lost = np.maximum(lost, 0)
    found = {
        "heard": (changes >= PART * changes.max(axis=0)).sum(axis=0), "served": (lost >= PART * p).sum(axis=0),
        "heard, effective": effective(changes), "served, effective": effective(lost),
    }  # fmt: skip
    does = (changes.max(axis=0) > USED * changes.max()) & (found["served"] > 0)
    return {truth: numbers[does] for truth, numbers in found.items()}, does


def effective(changes):
    return changes.sum(axis=0) ** 2 / np.maximum((changes**2).sum(axis=0), np.finfo(float).tiny)


def measured(kind, seed, number):
    """Truths and metrics of the neurons of one model: of weights in and of both, rectified and signed."""
    rng = np.random.default_rng([seed, KINDS.index(kind), number])
    model, p = drawn(kind, rng)
    found, does = truths(model, p)
    H = model.hidden((rng.random((SAMPLES, model.n_features)) < p).astype(float))
    for which, W_out in (("in", None), ("both", model.decoder)):
        for signed in (False, True):
            rectified = not signed and "linear" not in kind
            metrics = gs.polysemanticity(model.W, W_out, H, rectified=rectified)
            found |= {(which, signed, name): getattr(metrics, name)[does] for name in SHOWN}
    return found


def correlation(models, truth, key, by_layer):
    """Rank correlation over neurons, or over means of models, in the direction of the metric; 0 if one is constant."""
    pairs = [(one[truth], one[key]) for one in models if len(one[truth])]
    if by_layer:
        x, y = np.array([(a.mean(), b.mean()) for a, b in pairs]).T
    else:
        x, y = (np.concatenate(part) for part in zip(*pairs, strict=True))
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    return float(spearmanr(x, y).statistic) * (-1 if key[-1] in FALLING else 1)


def with_error(models, truth, key, by_layer):
    rng = np.random.default_rng(0)
    again = [
        correlation([models[k] for k in rng.integers(0, len(models), len(models))], truth, key, by_layer)
        for _ in range(RESAMPLES)
    ]
    return correlation(models, truth, key, by_layer), float(np.std(again))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=200, help="of each of the four kinds")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    begin, table = time.perf_counter(), defaultdict(dict)
    every = {kind: [measured(kind, options.seed, k) for k in range(options.models)] for kind in KINDS}
    groups = {"all": [one for models in every.values() for one in models]} | every
    groups[SIGNED] = [one for kind in KINDS[:3] for one in every[kind]]
    for group, models in groups.items():
        print(f"\n{group}: {len(models)} models, {sum(len(one['heard']) for one in models)} neurons")
        for truth in ("heard", "served"):
            print(f"  neurons by features {truth}:", np.bincount(np.concatenate([one[truth] for one in models])))
        print(f"{'':>20}" + "".join(f"{truth + (', layer' if layer else ''):>19}" for truth, _, layer in COLUMNS))
        for name in SHOWN:
            key = (group == SIGNED, name)
            row = [with_error(models, truth, (which, *key), layer) for truth, which, layer in COLUMNS]
            table[group][name] = row
            print(f"{name:>20}" + "".join(f"{value:>11.3f} ± {error:.3f}" for value, error in row), flush=True)
    print(f"\n{time.perf_counter() - begin:.0f} seconds")
    if options.plot:
        draw(table, options.plot)


def draw(table, path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 5.2), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    places = np.arange(len(SHOWN))[::-1]
    colours = ("#000000", "#56b4e9", "#0072b2", "#009e73", "#d55e00", "#aaaaaa")
    titles = ("features that a neuron hears", "features that it serves")
    for ax, column, title in zip(panels, (0, 3), titles, strict=True):
        for k, (group, rows) in enumerate(table.items()):
            values, errors = np.array([rows[name][column] for name in SHOWN]).T
            place = places + 0.3 - 0.12 * k
            ax.errorbar(values, place, xerr=errors, fmt="o", markersize=4, color=colours[k], label=group)
        ax.axvline(0, color="#888888", linewidth=0.8)
        ax.set(title=title, xlabel="rank correlation, over neurons", xlim=(-0.8, 1.05))
    panels[0].set_yticks(places, [name.replace("_", " ") for name in SHOWN])
    figure.legend(*panels[1].get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=3)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
