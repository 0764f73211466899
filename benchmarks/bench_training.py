"""Time of a training step: geomsup against the original notebook's trainer in PyTorch, and NumPy, one thread each.

Run as ``python benchmarks/bench_training.py [times | full]``; PyTorch takes part where it is installed. Trainers take
turns, so that a change in the load of the machine meets all of them; reported are the best CPU times of the repeats,
setting up included. Then each trains once from the same starts on as many samples, and the exact expected losses that
they reach are compared (not with ``times``): after few steps, or with ``full`` after long trainings of the three large
settings.

The PyTorch side follows the published description of the notebook: instances in one tensor, a value and a mask drawn
for every feature, AdamW at 1e-3 with its library's decay, batch 1024, mean over batch and features.
"""

import os

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")

import importlib.util
import sys
import time
from collections.abc import Callable

import numpy as np

import geomsup as gs

# (n, m, runs, steps in a repeat, steps to the loss): the notebook's introduction, demonstration, geometry figure.
SETTINGS = [
    (5, 2, 10, 2000, 10_000),
    (20, 5, 7, 1500, 5000),
    (80, 20, 10, 50, 600),
    (200, 20, 20, 30, 100),
    (400, 30, 20, 15, 40),
]
FULL = {(80, 20): 10_000, (200, 20): 1500, (400, 30): 400}  # steps to the loss
REPEATS = 7
BATCH, RATE, DECAY, BETA_1, BETA_2, EPSILON = 1024, 1e-3, 0.01, 0.9, 0.999, 1e-8

Weights = tuple[np.ndarray, np.ndarray]
Trainer = Callable[[list[gs.Features], int, int], Weights]


def settings_features(n: int, runs: int) -> list[gs.Features]:
    """Return features from dense to sparse (p from 1 to 1/20), of falling importance in the two small settings."""
    importance = 0.9 ** np.arange(n) if n < 80 else 1.0
    return [gs.Features(n, p, importance) for p in 20.0 ** -np.linspace(0, 1, runs)]


def start(features: list[gs.Features], m: int) -> np.ndarray:
    n = features[0].n
    return np.random.default_rng(0).normal(0, np.sqrt(2 / (n + m)), (len(features), n, m)).astype(np.float32)


def train_geomsup(features: list[gs.Features], m: int, steps: int) -> Weights:
    run = gs.train(features, m, steps=steps, preset="anthropic-2022", threads=1)
    return run.W, run.b


def train_geomsup_from_start(features: list[gs.Features], m: int, steps: int) -> Weights:
    options = {"steps": steps, "preset": "anthropic-2022", "threads": 1}
    runs = [
        gs.train(entry, m, model=gs.ToyModel(W), seed=seed, **options)
        for seed, (entry, W) in enumerate(zip(features, start(features, m), strict=True))
    ]
    return np.concatenate([run.W for run in runs]), np.concatenate([run.b for run in runs])


def train_numpy(features: list[gs.Features], m: int, steps: int) -> Weights:
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
            value *= 1 - RATE * DECAY
            value -= rate * first / (np.sqrt(second / (1 - BETA_2**step)) + EPSILON)
    return W, b[:, 0]


def train_torch(features: list[gs.Features], m: int, steps: int) -> Weights:
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
        loss = (importance * (x.abs() - out) ** 2).mean(dim=(0, 2)).sum()
        loss.backward()
        optimizer.step()
    return W.detach().transpose(1, 2).numpy(), b.detach().numpy()


def mean_loss(features: list[gs.Features], W: np.ndarray, b: np.ndarray) -> float:
    """Return the mean over the runs of the exact expected loss."""
    losses = [
        float(gs.expected_loss(gs.ToyModel(*weights), entry, rtol=1e-4))
        for entry, *weights in zip(features, W, b, strict=True)
    ]
    return float(np.mean(losses))


def trainers() -> dict[str, Trainer]:
    chosen: dict[str, Trainer] = {"geomsup": train_geomsup, "NumPy": train_numpy}
    if importlib.util.find_spec("torch"):
        chosen["PyTorch"] = train_torch
    else:
        print("PyTorch is missing here: its side is left out.")
    return chosen


def peak() -> float:
    """Return the GFLOP/s of single-precision products of large squares."""
    a, times = np.ones((1000, 1000), np.float32), []
    for _ in range(7):
        begin = time.process_time()
        a @ a
        times.append(time.process_time() - begin)
    return 2.0 / min(times)


def main() -> None:
    chosen = trainers()
    print(f"BLAS reaches {peak():.0f} GFLOP/s here on one thread; load {os.getloadavg()[0]:.1f}")
    print("   n   m runs  trainer   ms/step   ratio  GFLOP/s  exact loss after steps")
    full = "full" in sys.argv
    for n, m, runs, steps, all_steps in SETTINGS:
        if full and (n, m) not in FULL:
            continue
        all_steps = FULL[n, m] if full else all_steps
        features = settings_features(n, runs)
        times: dict[str, float] = {}
        for trainer in chosen.values():
            trainer(features, m, 2)  # compilation and first touch
        for _ in range(REPEATS):
            for name, trainer in chosen.items():
                begin = time.process_time()
                trainer(features, m, steps)
                times[name] = min(times.get(name, np.inf), (time.process_time() - begin) / steps * 1e3)
        for name, milliseconds in times.items():
            speed = 10 * BATCH * runs * n * m / milliseconds / 1e6  # five products, as if all were done in full
            reached, trainer = "", train_geomsup_from_start if name == "geomsup" else chosen[name]
            if name != "NumPy" and "times" not in sys.argv:
                reached = f"{mean_loss(features, *trainer(features, m, all_steps)):.5f} after {all_steps}"
            print(
                f"{n:4} {m:3} {runs:4}  {name:<8} {milliseconds:8.3f} {milliseconds / times['geomsup']:6.1f}x "
                f"{speed:7.1f}  {reached}"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
