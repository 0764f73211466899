"""How far above the best loss known is a search for the optimum, after so many CPU seconds?

``python -m benchmarks.quality_optimum --plot quality.png`` runs three ways on problems of 5 to 100 features, in one
thread: `optimum`; scipy's L-BFGS from random starts, on fixed samples and then on the exact loss; and, where PyTorch is
installed, trainings with Adam as in the notebook of Elhage et al. 2022. The clock stands still while the exact losses
of what a way has found so far are worked out. The reference is the best of all.
"""

import argparse
import sys
import time
from importlib.util import find_spec

import numpy as np
from scipy.optimize import minimize

import geomsup as gs
from geomsup.loss.objective import pack, relu_objective, unpack
from geomsup.optima.multistart import finished
from geomsup.optima.searching.chains import chains, effort_for
from geomsup.optima.searching.improvers import _Descents, make_improver
from geomsup.optima.starts import random_start

# (n, m), p, decay of importances, seeds, and CPU seconds for the ways that do not end by themselves.
PROBLEMS = (
    (5, 2, 0.1, 1.0, 5, 5), (8, 3, 0.05, 1.0, 5, 10), (12, 4, 0.1, 0.9, 3, 30), (20, 5, 0.05, 0.9, 3, 60),
    (50, 10, 0.05, 0.95, 1, 120), (100, 20, 0.05, 0.97, 1, 120),
)  # fmt: skip
SAMPLES, SAMPLE_STEPS, EXACT_STEPS = 4096, 500, 100
FLOOR = 1e-7  # lowest excess that is drawn: losses are compared to a relative 1e-6


class Watch:
    """CPU seconds, and the lowest loss found so far at each moment that something is found."""

    def __init__(self, features, seconds=np.inf):
        self.features, self.seconds, self.spent, self.found = features, seconds, 0.0, []
        self.begin = time.process_time()

    def note(self, W, b):
        self.spent += time.process_time() - self.begin
        loss = float(gs.expected_loss(gs.ToyModel(W, b), self.features, rtol=1e-7))
        self.found.append((self.spent, min([loss, *(before for _, before in self.found[-1:])])))
        self.begin = time.process_time()

    def passed(self):
        return self.spent + time.process_time() - self.begin > self.seconds


class Watched:
    """An improver whose best ends a watch notes; starts that are descended each by itself are noted one by one."""

    def __init__(self, improver, watch):
        self.improver, self.watch, self.quick = improver, watch, improver.quick

    def losses(self, starts):
        return self.improver.losses(starts)

    def last(self, end):
        best = self.improver.last(end)
        self.watch.note(best.W, best.b)
        return best

    def __getattr__(self, name):
        def call(starts, *arguments):
            alone = len(starts) if isinstance(self.improver, _Descents) else 1
            ends = []
            for some in np.array_split(np.arange(len(starts)), alone) if starts else []:
                ends += getattr(self.improver, name)([starts[k] for k in some], *arguments)
                if ends:
                    best = min(ends, key=lambda end: end.loss)
                    self.watch.note(best.W, best.b)
            return sorted(ends, key=lambda end: end.loss)

        return call


def ours(features, m, seconds, seed):
    """The search that `optimum` does."""
    watch = Watch(features)
    improver = Watched(make_improver(features), watch)
    effort = effort_for(features.n, improver.quick)
    ends = chains(features, m, improver, effort, np.random.default_rng(seed))
    best = finished(features, ends)
    watch.note(best.W, best.b)
    return watch.found


def on_samples(X, importance, m):
    """The loss of fixed samples and its gradient, in plain NumPy."""
    n = X.shape[1]

    def objective(vector):
        W, b = unpack(vector, n)
        hidden = X @ W
        z = hidden @ W.T + b
        error = np.maximum(z, 0) - X
        slope = 2 * importance * error * (z > 0) / len(X)
        return float((importance * error**2).sum() / len(X)), pack(slope.T @ hidden + X.T @ (slope @ W), slope.sum(0))

    return objective


def by_scipy(features, m, seconds, seed):
    """L-BFGS from random starts: on samples, then on the exact loss."""
    rng, watch = np.random.default_rng(seed), Watch(features, seconds)
    exact = relu_objective(features)

    def enough(_):
        if watch.passed():
            raise StopIteration

    while not watch.passed():
        start = pack(rng.normal(size=(features.n, m)) / np.sqrt(m), np.zeros(features.n))
        on_fixed = on_samples(features.sample(SAMPLES, rng), features.importance, m)
        for objective, steps in ((on_fixed, SAMPLE_STEPS), (exact, EXACT_STEPS)):
            start = minimize(
                objective, start, jac=True, method="L-BFGS-B", callback=enough, options={"maxiter": steps}
            ).x
            watch.note(*unpack(start, features.n))
    return watch.found


def by_torch(features, m, seconds, seed, models=8, steps=10_000, batch=1024):
    """Adam with steps of 1e-3, eight models at once, batches of 1,024, as in the notebook of the paper."""
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    watch, n = Watch(features, seconds), features.n
    importance = torch.tensor(features.importance, dtype=torch.float32)
    p = torch.tensor(features.probability, dtype=torch.float32)
    while not watch.passed():
        W = torch.empty(models, n, m)
        torch.nn.init.xavier_normal_(W)
        W, b = W.requires_grad_(), torch.zeros(models, 1, n, requires_grad=True)
        rule = torch.optim.AdamW([W, b], lr=1e-3)
        for step in range(1, steps + 1):
            x = torch.rand(models, batch, n) * (torch.rand(models, batch, n) < p)
            rule.zero_grad()
            loss = (importance * (torch.relu(x @ W @ W.mT + b) - x) ** 2).mean(dim=1).sum()
            loss.backward()
            rule.step()
            if step % (steps // 5) == 0:
                with torch.no_grad():
                    for k in range(models):
                        watch.note(W[k].double().numpy(), b[k, 0].double().numpy())
                if watch.passed():
                    break
    return watch.found


WAYS = {"optimum": ours, "scipy": by_scipy, "PyTorch": by_torch}


def compiled(features, m):
    """Call what both ways need compiled, or loaded, once: a user does not start a process for each problem."""
    start = random_start(features, m, 0, np.random.default_rng(0))
    improver = make_improver(features)
    for ends in (improver.first([start], 0), improver.polish([start], 1)):
        gs.expected_loss(gs.ToyModel(ends[0].W, ends[0].b), features, rtol=1e-7)


def measured(problem, ways):
    """Return, for each way and seed, CPU seconds and the relative excess over the best of all."""
    n, m, p, decay, seeds, seconds = problem
    features = gs.Features(n, p, decay ** np.arange(n))
    compiled(features, m)
    found = {name: [np.array(WAYS[name](features, m, seconds, seed)) for seed in range(seeds)] for name in ways}
    best = min(curve[:, 1].min() for curves in found.values() for curve in curves)
    return {name: [(curve[:, 0], curve[:, 1] / best - 1) for curve in curves] for name, curves in found.items()}


def median(curves, times):
    """Return the median over seeds of the excess at each time; inf before anything is found."""
    held = [np.append(np.inf, excess)[np.searchsorted(seconds, times, side="right")] for seconds, excess in curves]
    return np.median(held, axis=0)


def reached(curves, goal):
    """Return the median over seeds of the CPU seconds until the excess is at most `goal`; inf if it never is."""
    return np.median([seconds[np.argmax(excess <= goal)] if excess.min() <= goal else np.inf
                      for seconds, excess in curves])  # fmt: skip


def draw(results, path):
    """Draw the median excess against CPU seconds, a panel per problem."""
    from geomsup.experiments.pictures import panels
    from geomsup.plot.palette import PALETTE

    figure, axes = panels(2, 3, size=(3.3, 2.9), title="loss above the best known, after CPU seconds")
    for ax, ((n, m, p, decay, *_), found) in zip(axes.flat, results.items(), strict=False):
        for (name, curves), colour in zip(found.items(), PALETTE, strict=False):
            times = np.geomspace(1e-3, max(seconds[-1] for seconds, _ in curves), 400)
            excess = median(curves, times)
            shown = np.isfinite(excess)
            ax.plot(times[shown], np.maximum(excess[shown], FLOOR), label=name, color=colour)
        ax.set(xscale="log", yscale="log", xlabel="CPU seconds", ylim=(FLOOR / 2, 1))
        ax.set_title(f"({n}, {m}), p = {p:g}, importance {f'{decay:g}^i' if decay < 1 else 'equal'}", fontsize=9)
    for ax in axes.flat[len(results) :]:
        ax.set_visible(False)
    axes[0, 0].set_ylabel("relative excess")
    axes[0, 0].legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", type=int, nargs="*", default=range(len(PROBLEMS)))
    parser.add_argument("--plot", help="file of the figure")
    options = parser.parse_args()
    ways = [name for name in WAYS if name != "PyTorch" or find_spec("torch")]
    results = {}
    print("median CPU seconds until the loss is within 1e-2, 1e-4 and 1e-6 of the best known; excess at the end")
    for problem in [PROBLEMS[number] for number in options.problems]:
        results[problem] = measured(problem, ways)
        for name, curves in results[problem].items():
            near = "  ".join(f"{reached(curves, goal):8.3f}" for goal in (1e-2, 1e-4, 1e-6))
            last, spent = (np.median([curve[k][-1] for curve in curves]) for k in (1, 0))
            print(f"{problem[:4]!s:22} {name:8} {near}  {last:.1e} after {spent:.1f}", flush=True)
    if options.plot:
        draw(results, options.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
