"""Make torch_toy_models.json: toy models trained by PyTorch alone, with PyTorch's own Monte-Carlo losses.

The recipe of Elhage et al. 2022, "Toy models of superposition", from the published description: h = W x,
x' = relu(Wᵀ h + b) with W of shape (n_hidden, n_features), Xavier-normal start, zero bias, features that are
zero with probability S and else uniform on [0, 1], importance-weighted squared error, AdamW at 1e-3, fresh
batches of 1024, 10,000 steps. Nothing of geomsup is imported. Run by hand with PyTorch 2.13.0 on a CPU:

    python tests/data/torch_toy_models.py
"""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

# Set by main, so that pytest can collect this file where PyTorch is not installed.
torch: Any = None

STEPS, BATCH, LEARNING_RATE = 10_000, 1024, 1e-3
FRESH, CHUNK = 10_000_000, 500_000

# n_features, n_hidden, probability that a feature is present, base of the importance base**i, seeds
CASES = [
    (5, 2, 1.0, 1.0, (0, 1)),
    (5, 2, 0.3, 1.0, (0, 1, 2)),
    (5, 2, 0.05, 1.0, (0, 1, 2)),
    (5, 2, 0.05, 0.9, (0, 1, 2)),
    (2, 1, 0.1, 1.0, (0,)),
    (6, 3, 0.05, 1.0, (0, 1, 2)),
    (12, 4, 0.05, 1.0, (0,)),
]


def sample(count, n, probability, dtype, generator):
    values = torch.rand(count, n, dtype=dtype, generator=generator)
    present = torch.rand(count, n, dtype=dtype, generator=generator) < probability
    return torch.where(present, values, torch.zeros((), dtype=dtype))


def forward(W, b, x):
    return torch.relu(x @ W.T @ W + b)


def train(n, m, probability, importance, seed):
    generator = torch.Generator().manual_seed(seed)
    W = torch.empty(m, n)
    torch.nn.init.xavier_normal_(W, generator=generator)
    W.requires_grad_()
    b = torch.zeros(n, requires_grad=True)
    optimizer = torch.optim.AdamW([W, b], lr=LEARNING_RATE)
    for _ in range(STEPS):
        x = sample(BATCH, n, probability, torch.float32, generator)
        loss = (importance * (x - forward(W, b, x)) ** 2).sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return W.detach(), b.detach()


def monte_carlo(W, b, probability, importance, seed):
    """Return the mean loss on fresh samples and its standard error, in double precision."""
    generator = torch.Generator().manual_seed(seed)
    W, b, importance = W.double(), b.double(), importance.double()
    total = squares = 0.0
    for _ in range(FRESH // CHUNK):
        x = sample(CHUNK, W.shape[1], probability, torch.float64, generator)
        losses = (importance * (x - forward(W, b, x)) ** 2).sum(dim=1)
        total += losses.sum().item()
        squares += (losses**2).sum().item()
    mean = total / FRESH
    return mean, ((squares / FRESH - mean**2) / (FRESH - 1)) ** 0.5


def main():
    global torch
    torch = import_module("torch")
    torch.set_num_threads(1)
    models = []
    for n, m, probability, base, seeds in CASES:
        importance = base ** torch.arange(n, dtype=torch.float32)
        for seed in seeds:
            W, b = train(n, m, probability, importance, seed)
            loss, standard_error = monte_carlo(W, b, probability, importance, 1_000_000 + len(models))
            models.append(
                {
                    "n_features": n,
                    "n_hidden": m,
                    "probability": probability,
                    "importance": importance.tolist(),
                    "seed": seed,
                    "W": W.tolist(),
                    "b": b.tolist(),
                    "loss": loss,
                    "standard_error": standard_error,
                }
            )
            print(n, m, probability, base, seed, loss, standard_error, flush=True)
    result = {
        "made_by": "tests/data/torch_toy_models.py",
        "torch": torch.__version__,
        "steps": STEPS,
        "batch": BATCH,
        "learning_rate": LEARNING_RATE,
        "samples": FRESH,
        "models": models,
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
