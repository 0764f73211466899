"""Time of a training step: geomsup against NumPy and (where it can be imported) PyTorch, one thread each.

Run as ``python benchmarks/bench_training.py``. The trainers take turns, so that a change in the load of the
machine meets all of them; reported are medians over the repeats, and the loss reached on common samples.
"""

import os

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")

import importlib.util
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

import geomsup as gs

# (n, m, runs, steps in a repeat): the settings of the introduction, the demo and the geometry figure.
SETTINGS = [(5, 2, 10, 1000), (20, 5, 7, 400), (80, 20, 10, 60), (200, 20, 20, 15)]
REPEATS = 5
BATCH, RATE, BETA_1, BETA_2, EPSILON = 1024, 1e-3, 0.9, 0.999, 1e-8
EVALUATION = 50_000

Trainer = Callable[[list[gs.Features], int, int], tuple[np.ndarray, np.ndarray]]


def settings_features(n: int, runs: int) -> list[gs.Features]:
    """Return features from dense to sparse (p from 1 to 1/20), of falling importance."""
    return [gs.Features(n, p, 0.9 ** np.arange(n)) for p in 20.0 ** -np.linspace(0, 1, runs)]


def start(features: list[gs.Features], m: int) -> np.ndarray:
    n = features[0].n
    return np.random.default_rng(0).normal(0, np.sqrt(2 / (n + m)), (len(features), n, m)).astype(np.float32)


def train_geomsup(features: list[gs.Features], m: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    run = gs.train(features, m, steps=steps, batch=BATCH, learning_rate=RATE, threads=1)
    return run.W, run.b


def train_numpy(features: list[gs.Features], m: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Train all runs at once, by batched matrix products and a gradient written by hand."""
    rng = np.random.default_rng(1)
    p, importance = (
        np.array([getattr(entry, name) for entry in features], np.float32)[:, None]
        for name in ("probability", "importance")
    )
    W = start(features, m)
    b = np.zeros((len(features), 1, features[0].n), np.float32)
    moments = [(np.zeros_like(value), np.zeros_like(value)) for value in (W, b)]
    for step in range(1, steps + 1):
        uniform = rng.random((len(features), BATCH, features[0].n), np.float32)
        x = np.where(uniform < p, uniform / p, np.float32(0))
        h = x @ W
        u = h @ W.swapaxes(1, 2) + b
        g = (2 / BATCH) * importance * (np.maximum(u, 0) - x) * (u > 0)
        grad_W = g.swapaxes(1, 2) @ h + x.swapaxes(1, 2) @ (g @ W)
        gradients = grad_W, g.sum(axis=1, keepdims=True)
        for value, slope, (first, second) in zip((W, b), gradients, moments, strict=True):
            first += (1 - BETA_1) * (slope - first)
            second += (1 - BETA_2) * (slope * slope - second)
            rate = RATE / (1 - BETA_1**step)
            value -= rate * first / (np.sqrt(second / (1 - BETA_2**step)) + EPSILON)
    return W, b[:, 0]


def train_torch(features: list[gs.Features], m: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Train all runs at once with an axis of instances, autograd and AdamW, as the paper's notebook does."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(1)
    runs, n = len(features), features[0].n
    p = torch.tensor(np.array([entry.probability for entry in features]), dtype=torch.float32)
    importance = torch.tensor(features[0].importance, dtype=torch.float32)
    W = torch.nn.Parameter(torch.tensor(start(features, m)).transpose(1, 2).contiguous())
    b = torch.nn.Parameter(torch.zeros(runs, n))
    optimizer = torch.optim.AdamW([W, b], lr=RATE)
    for _ in range(steps):
        optimizer.zero_grad(set_to_none=True)
        values, present = torch.rand(BATCH, runs, n), torch.rand(BATCH, runs, n) <= p
        x = torch.where(present, values, torch.zeros(()))
        hidden = torch.einsum("...if,ihf->...ih", x, W)
        out = torch.relu(torch.einsum("...ih,ihf->...if", hidden, W) + b)
        loss = (importance * (x.abs() - out) ** 2).mean(dim=0).sum()
        loss.backward()
        optimizer.step()
    return W.detach().transpose(1, 2).numpy(), b.detach().numpy()


def mean_loss(features: list[gs.Features], W: np.ndarray, b: np.ndarray) -> float:
    """Return the mean over the runs of the loss on samples that all trainers are judged by."""
    losses = []
    for entry, rows, bias in zip(features, W, b, strict=True):
        x = entry.sample(EVALUATION, rng=2)
        losses.append(((gs.ToyModel(rows, bias)(x) - x) ** 2 @ entry.importance).mean())
    return float(np.mean(losses))


def trainers() -> dict[str, Trainer]:
    chosen: dict[str, Trainer] = {"geomsup": train_geomsup, "NumPy": train_numpy}
    if importlib.util.find_spec("torch"):
        chosen["PyTorch"] = train_torch
    return chosen


def main() -> None:
    print("   n   m runs  trainer   ms/step      min      max  ratio  loss")
    for n, m, runs, steps in SETTINGS:
        features = settings_features(n, runs)
        times: dict[str, list[float]] = {name: [] for name in trainers()}
        losses = {}
        for trainer in trainers().values():
            trainer(features, m, 2)  # compilation and first touch
        for _ in range(REPEATS):
            for name, trainer in trainers().items():
                begin = time.perf_counter()
                weights = trainer(features, m, steps)
                times[name].append((time.perf_counter() - begin) / steps * 1e3)
                losses[name] = mean_loss(features, *weights)
        ours = statistics.median(times["geomsup"])
        for name, measured in times.items():
            middle = statistics.median(measured)
            print(
                f"{n:4} {m:3} {runs:4}  {name:<8} {middle:8.3f} {min(measured):8.3f} {max(measured):8.3f} "
                f"{middle / ours:5.1f}x  {losses[name]:.5f} after {steps} steps"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
