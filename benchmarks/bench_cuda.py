"""Time of a training step on a GPU: geomsup's kernels against PyTorch on the same GPU, plain and as a CUDA graph.

Run as ``python -m benchmarks.bench_cuda`` where there is an NVIDIA GPU, with the extra ``cuda`` and, for its side,
PyTorch. ``rehearse`` runs the same few steps on the CPU, to see that the program works. All train for the same number
of steps; the exact expected losses that they reach are means over up to 200 models from dense to sparse. PyTorch starts
from other draws of the same distribution.
"""

import importlib.util
import itertools
import sys
import time
from collections.abc import Callable

import numpy as np

import geomsup as gs
from benchmarks.bench_training import BATCH, RATE, Weights, mean_loss, settings_features, start
from geomsup.training.cuda.available import obstacle

# (n, m, runs): sweeps over small models, the notebook's demonstration and its geometry figure.
SETTINGS = [(5, 2, 1000), (20, 5, 1000), (200, 20, 20), (400, 30, 20)]
STEPS = 10_000
REHEARSAL_RUNS, REHEARSAL_STEPS = 3, 4
JUDGED = 200  # models, from dense to sparse, whose exact loss is taken
WARM = 3  # steps before a graph is captured, as PyTorch's documentation asks


def train_geomsup(features: list[gs.Features], m: int, steps: int, device: str) -> Weights:
    run = gs.train(features, m, steps=steps, preset="anthropic-2022", device=device)
    return run.W, run.b


def train_torch(features: list[gs.Features], m: int, steps: int, device: str, graph: bool = False) -> Weights:
    import torch

    torch.manual_seed(1)
    runs, n = len(features), features[0].n
    p, importance = (
        torch.tensor(np.array([getattr(entry, name) for entry in features]), dtype=torch.float32, device=device)
        for name in ("probability", "importance")
    )
    W = torch.nn.Parameter(torch.tensor(start(features, m), device=device))
    b = torch.nn.Parameter(torch.zeros(runs, 1, n, device=device))
    optimizer = torch.optim.AdamW([W, b], lr=RATE, capturable=graph)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        uniform = torch.rand(runs, BATCH, n, device=device)
        x = torch.where(uniform < p[:, None], uniform / p[:, None], 0.0)
        hidden = torch.einsum("rsi,rih->rsh", x, W)
        out = torch.relu(torch.einsum("rsh,rih->rsi", hidden, W) + b)
        loss = (importance[:, None] * (x - out) ** 2).sum(dim=2).mean(dim=1).sum()
        loss.backward()
        optimizer.step()

    if not graph:
        for _ in range(steps):
            step()
    else:
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM):
                step()
        torch.cuda.current_stream().wait_stream(aside)
        captured = torch.cuda.CUDAGraph()
        optimizer.zero_grad(set_to_none=True)
        with torch.cuda.graph(captured):
            step()
        for _ in range(steps - WARM):
            captured.replay()
    return W.detach().cpu().numpy(), b.detach().cpu().numpy()[:, 0]


def trainers(device: str) -> dict[str, Callable[[list[gs.Features], int, int], Weights]]:
    """Return each trainer, as a function of features, m and steps."""
    chosen = {"geomsup": lambda *args: train_geomsup(*args, device)}
    if importlib.util.find_spec("torch"):
        chosen["PyTorch"] = lambda *args: train_torch(*args, device)
        if device == "cuda":
            chosen["PyTorch, graph"] = lambda *args: train_torch(*args, device, graph=True)
    else:
        print("PyTorch is missing here: its side is left out.")
    return chosen


def card() -> str:
    from numba import cuda

    return cuda.get_current_device().name


def main(rehearse: bool = False) -> None:
    missing = obstacle()
    if missing and not rehearse:
        print(f"GPU training needs {missing} Nothing was timed.")
        return
    device = "cpu" if rehearse else "cuda"
    steps = REHEARSAL_STEPS if rehearse else STEPS
    print(f"{steps} steps of {BATCH} samples on {device if rehearse else card()}; setting up and reading back included")
    print("   n   m runs  trainer         ms/step   ratio   seconds  exact loss")
    for (n, m, runs), (name, trainer) in itertools.product(SETTINGS, trainers(device).items()):
        features = settings_features(n, REHEARSAL_RUNS if rehearse else runs)
        trainer(features, m, 2 * WARM if device == "cuda" else 1)  # compilation and first touch
        begin = time.perf_counter()
        W, b = trainer(features, m, steps)
        seconds = time.perf_counter() - begin
        if name == "geomsup":
            ours = seconds
        judged = np.linspace(0, len(features) - 1, min(JUDGED, len(features))).astype(int)
        reached = mean_loss([features[run] for run in judged], W[judged], b[judged])
        print(
            f"{n:4} {m:3} {len(features):4}  {name:<14} {seconds / steps * 1e3:8.3f} {seconds / ours:6.1f}x "
            f"{seconds:8.1f}  {reached:.5f}"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main("rehearse" in sys.argv)
