"""Time of a training step on a GPU: geomsup's kernels against PyTorch on the same GPU, plain and as a CUDA graph.

Run as ``python -m benchmarks.bench_cuda`` where there is an NVIDIA GPU, with the extra ``cuda`` and, for its side,
PyTorch. ``rehearse`` runs the same few steps on the CPU, to see that the program works. The exact expected losses that
both reach are means over the first 20 models; PyTorch starts from other draws of the same law.
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
STEPS, TORCH_STEPS = 10_000, 1000
REHEARSAL_RUNS, REHEARSAL_STEPS = 3, 4
JUDGED = 20  # models whose exact loss is taken
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


def trainers(device: str) -> dict[str, tuple[Callable[[list[gs.Features], int, int], Weights], int]]:
    """Return each trainer, as a function of features, m and steps, and how many steps to time."""
    chosen = {"geomsup": (lambda *args: train_geomsup(*args, device), STEPS)}
    if importlib.util.find_spec("torch"):
        chosen["PyTorch"] = (lambda *args: train_torch(*args, device), TORCH_STEPS)
        if device == "cuda":
            chosen["PyTorch, graph"] = (lambda *args: train_torch(*args, device, graph=True), TORCH_STEPS)
    else:
        print("PyTorch is missing here: its side is left out.")
    return chosen


def main(rehearse: bool = False) -> None:
    missing = obstacle()
    if missing and not rehearse:
        print(f"GPU training needs {missing} Nothing was timed.")
        return
    device = "cpu" if rehearse else "cuda"
    print("   n   m runs  trainer         ms/step   ratio   seconds for 10,000  exact loss after steps")
    for (n, m, runs), (name, (trainer, steps)) in itertools.product(SETTINGS, trainers(device).items()):
        features = settings_features(n, REHEARSAL_RUNS if rehearse else runs)
        steps = REHEARSAL_STEPS if rehearse else steps
        trainer(features, m, 2 * WARM if device == "cuda" else 1)  # compilation and first touch
        begin = time.perf_counter()
        W, b = trainer(features, m, steps)
        milliseconds = (time.perf_counter() - begin) / steps * 1e3
        if name == "geomsup":
            ours = milliseconds
        reached = mean_loss(features[:JUDGED], W[:JUDGED], b[:JUDGED])
        print(
            f"{n:4} {m:3} {len(features):4}  {name:<14} {milliseconds:8.3f} {milliseconds / ours:6.1f}x "
            f"{milliseconds * 10:17.1f}     {reached:.5f} after {steps}"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main("rehearse" in sys.argv)
