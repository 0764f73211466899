"""Whether any trained model lies below the optimum of its kind, which is found without it.

``python -m benchmarks.trials_trained trained.jsonl`` trains 50 models for each of 25 problems of up to 27 features,
half of them by the original notebook's recipe (Adam, rate 1e-3, 10,000 steps of 1024 samples), half by ours (rate 1e-2,
falling as a cosine). Every part adds a line to the file, and a second call goes on where the first one ended. The last
lines name what is below the optimum by more than a relative 1e-6, and say how far the best trained models are above.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

import geomsup as gs
from geomsup.optima.reachable import reachable_loss

ROUNDING = 1e-6  # what losses of series are good to
RECIPES = {
    "notebook": {"learning_rate": 1e-3, "steps": 10_000, "batch": 1024},
    "ours": {"learning_rate": 1e-2, "steps": 10_000, "batch": 1024, "schedule": "cosine"},
}
KINDS = {"tied": {}, "untied": {"tied": False}, "hidden ReLU": {"hidden_activation": "relu"}}
# n, m, probability, decay of the importances, and the kind of model.
PROBLEMS = [
    (5, 2, 0.05, 1.0, "tied"), (5, 2, 0.3, 0.9, "tied"), (6, 3, 0.1, 1.0, "tied"), (7, 2, 0.1, 0.8, "tied"),
    (8, 3, 0.05, 1.0, "tied"), (9, 4, 0.1, 0.9, "tied"), (10, 3, 0.03, 0.9, "tied"), (12, 4, 0.02, 0.9, "tied"),
    (12, 5, 0.05, 0.9, "tied"), (15, 4, 0.1, 0.8, "tied"), (20, 5, 0.01, 1.0, "tied"), (20, 5, 0.1, 0.7, "tied"),
    (20, 5, 0.03, 0.9, "tied"), (27, 6, 0.05, 1.0, "tied"),
    (2, 1, 0.1, 1.0, "untied"), (5, 2, 0.1, 1.0, "untied"), (5, 2, 0.05, 0.9, "untied"), (6, 3, 0.2, 1.0, "untied"),
    (8, 3, 0.05, 0.9, "untied"), (10, 4, 0.1, 1.0, "untied"),
    (2, 1, 0.1, 1.0, "hidden ReLU"), (3, 2, 0.1, 0.9, "hidden ReLU"), (4, 2, 0.4, 1.0, "hidden ReLU"),
    (4, 3, 0.1, 0.9, "hidden ReLU"), (5, 2, 0.2, 1.0, "hidden ReLU"),
]  # fmt: skip


def optimum(features, m, kind):
    best = gs.optimum(features, m, **KINDS[kind])
    return {"loss": best.loss, "status": best.status}


def trained(features, m, kind, recipe, models):
    """Return the exact losses of trained models, in order."""
    run = gs.train(features, m, models=models, seed=7, **KINDS[kind], **RECIPES[recipe])
    return {"losses": sorted(float(reachable_loss(run.model(k), features)) for k in range(len(run)))}


def lines_of(path):
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines()) if path.exists() else ()
    return {(line["problem"], line["part"]): line for line in lines}


def summary(lines):
    """Print how far the best models of each problem and recipe are above the optimum, and which are below."""
    models = below = 0
    for (name, part), line in lines.items():
        best = lines.get((name, "optimum"))
        if part == "optimum" or best is None:
            continue
        over = np.array(line["losses"]) / best["loss"] - 1
        models, below = models + len(over), below + int((over < -ROUNDING).sum())
        print(f"{name}, {part}: best {100 * over[0]:+.4f} %, median {100 * np.median(over):+.2f} %, {len(over)} models")
    print(f"{below} of {models} trained models lie below the optimum of their kind")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="lines of JSON; what is there is not done again")
    parser.add_argument("--models", type=int, default=50, help="of each problem")
    parser.add_argument("--most", type=int, default=27, help="features of the largest problem")
    parser.add_argument("--summary", action="store_true", help="only say what the file holds")
    options = parser.parse_args()
    lines = lines_of(options.file)
    for n, m, p, decay, kind in [] if options.summary else sorted(PROBLEMS):
        if n > options.most:
            continue
        features = gs.Features(n, p, decay ** np.arange(n))
        name = f"({n}, {m}) p {p:g}, {decay:g}^i, {kind}"
        parts = {"optimum": lambda f=features, m=m, k=kind: optimum(f, m, k)}
        for recipe in RECIPES:
            parts[recipe] = lambda f=features, m=m, k=kind, r=recipe: trained(f, m, k, r, options.models // 2)
        for part, call in parts.items():
            if (name, part) in lines:
                continue
            begin = time.process_time()
            found = call()
            line = {"problem": name, "part": part, "processor": round(time.process_time() - begin, 1), **found}
            lines[name, part] = line
            with options.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
    summary(lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
