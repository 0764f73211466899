"""How often does `superposition_test` see superposition, and how often where there is none?

python -m benchmarks.power_superposition --plot docs/power_superposition.png

False alarms: draws in which the hypothesis holds, in single precision: four kinds of A times four laws of the values,
each draw with its own number of sources, probabilities up to 0.95, and number of samples. Power: activations of random
W, and of models trained at each probability, of 1 to 8 features per dimension, at three numbers of samples.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from scipy.stats import binom

import geomsup as gs

LEVEL = 0.01
N_HIDDEN = 5
RATIOS = (1, 1.2, 2, 4, 8)
PROBABILITIES = (0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.003, 0.001)
SAMPLES = (1_000, 10_000, 100_000)

VALUES = {
    "binary": gs.Discrete((1,)),
    "1, 2 or 3": gs.Discrete((1, 2, 3)),
    "uniform from 0": gs.Uniform(0, 1),
    "uniform from 0.5": gs.Uniform(0.5, 1),
}


def columns(kind, rng):
    """Directions of independent sources, a row each."""
    m = int(rng.integers(2, 13))
    if kind == "orthogonal A":
        return np.linalg.qr(rng.normal(size=(m, m)))[0]
    if kind == "fewer sources than m":
        return rng.normal(size=(rng.integers(1, m), m))
    if kind == "nearly parallel columns":
        return np.ones((m, m)) + 0.03 * rng.normal(size=(m, m))
    return rng.normal(size=(m, m)) * 10 ** rng.uniform(-1, 1, (m, 1))


NULLS = ("random A", "fewer sources than m", "orthogonal A", "nearly parallel columns")


def probabilities(n, rng):
    """Half of the time equal ones, up to 0.8; else from 0.95 down to a hundredth of it."""
    if rng.random() < 0.5:
        return float(rng.choice([0.8, 0.5, 0.3, 0.1, 0.03]))
    return 0.95 * 10 ** rng.uniform(-2, 0, n)


def alarms(kind, law, draws, seed):
    """Number of p-values up to the level among draws of a hypothesis that holds; and the smallest."""
    found = []
    for draw in range(draws):
        rng = np.random.default_rng([seed, NULLS.index(kind), list(VALUES).index(law), draw])
        A = columns(kind, rng).astype(np.float32)
        X = gs.Features(len(A), probabilities(len(A), rng), values=VALUES[law])
        H = X.sample(int(10 ** rng.uniform(2, 4.7)), rng).astype(np.float32) @ A
        found.append(gs.superposition_test(H, level=LEVEL).p_value)
    return sum(p <= LEVEL for p in found), min(found)


def weights(n, p, trained, rng):
    if not trained:
        return rng.normal(size=(n, N_HIDDEN))
    run = gs.train(gs.Features(n, p), N_HIDDEN, models=1, steps=2000, batch=256, learning_rate=1e-2,
                   seed=int(rng.integers(2**31)), device="cpu")  # fmt: skip
    return run.best().W


def power(draws, seed, trained):
    """Share of draws in which superposition is shown, ``(samples, ratios, probabilities)``."""
    shares = np.zeros((len(SAMPLES), len(RATIOS), len(PROBABILITIES)))
    for i, ratio in enumerate(RATIOS):
        for j, p in enumerate(PROBABILITIES):
            rng = np.random.default_rng([seed, trained, i, j])
            n = round(ratio * N_HIDDEN)
            for _ in range(draws):
                W = weights(n, p, trained, rng)
                X = gs.Features(n, p).sample(SAMPLES[-1], rng)
                H = (X @ W).astype(np.float32)
                shares[:, i, j] += [gs.superposition_test(H[:size], level=LEVEL).shown for size in SAMPLES]
    return shares / draws


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=100, help="of each kind in which it is true")
    parser.add_argument("--power-draws", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    begin = time.perf_counter()
    print(f"false alarms at level {LEVEL} in {options.draws} draws; improbable (1 in 1000) from "
          f"{int(binom.isf(1e-3, options.draws, LEVEL)) + 1} on")  # fmt: skip
    for kind in NULLS:
        for law in VALUES:
            count, least = alarms(kind, law, options.draws, options.seed)
            print(f"{kind:>24} {law:>17} {count:>4}   smallest p {least:.2g}", flush=True)
    shares = {}
    for trained in (False, True):
        shares[trained] = power(options.power_draws, options.seed, trained)
        for k, size in enumerate(SAMPLES):
            print(f"\n{'trained' if trained else 'random'} W, {N_HIDDEN} dimensions, {size} samples: share shown\n"
                  f"{'n/m':>6}" + "".join(f"{'p ' + format(p, 'g'):>9}" for p in PROBABILITIES))  # fmt: skip
            for i, ratio in enumerate(RATIOS):
                print(f"{ratio:>6}" + "".join(f"{share:>9.2f}" for share in shares[trained][k, i]), flush=True)
    print(f"\n{time.perf_counter() - begin:.0f} seconds")
    if options.plot:
        draw(shares, options.plot)


def draw(shares, path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 5.6), layout="constrained")
    panels = figure.subplots(2, len(SAMPLES), sharex=True, sharey=True)
    colours = ("#888888", "#56b4e9", "#0072b2", "#009e73", "#d55e00")
    for row, (trained, share) in zip(panels, shares.items(), strict=True):
        for k, ax in enumerate(row):
            for i, (ratio, colour) in enumerate(zip(RATIOS, colours, strict=True)):
                ax.plot(PROBABILITIES, share[k, i], "o-", color=colour, markersize=4, label=f"{ratio:g}")
            ax.set(xscale="log", ylim=(-0.05, 1.05),
                   title=f"{'trained' if trained else 'random'} W, {SAMPLES[k]:,} samples")  # fmt: skip
    for ax in panels[-1]:
        ax.set_xlabel("probability p of a feature")
    for ax in panels[:, 0]:
        ax.set_ylabel("share of draws shown")
    panels[0, 0].legend(frameon=False, title="n/m", loc="lower left")
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
