"""Does every Johnson, Catalan, Platonic and Archimedean solid, and every 4-polytope's dual, get its own name or none?

``python -m benchmarks.trials_solids``
Each shape, about its centroid, is rotated or reflected, permuted and scaled, with noise of 0, 1 and 3 % of its shortest
chord on every coordinate. Wrong names are listed with their confidence.
"""

import argparse
from collections import Counter

import numpy as np

from geomsup import classify
from geomsup.recognition.matching.solids import LARGEST_DUAL
from geomsup.shapes import solids
from geomsup.shapes.duals import duals_of_4_polytopes

NOISES = (0.0, 0.01, 0.03)
CONFIDENT = 0.99
# Other names of a few solids: those of the same types with free parameters.
CAPPED = {"J49": "capped triangular prism", "J50": "bicapped triangular prism", "J51": "tricapped trigonal prism"}


def own_names(shape):
    """Names that are right for a solid: its own, and that of the same solid with free parameters."""
    capped = {CAPPED[alias] for alias in shape.aliases if alias in CAPPED}
    return {shape.name, shape.name.removeprefix("regular-faced "), *shape.aliases, *capped}


def trial(shape, noise, rng):
    """Name and confidence of one noisy copy."""
    points = shape.points
    chord = min(np.linalg.norm(points[i] - points[:i], axis=1).min() for i in range(1, len(points)))
    turn = np.linalg.qr(rng.normal(size=(shape.dimension,) * 2))[0]
    W = (points + noise * chord * rng.normal(size=points.shape)) @ turn
    found = classify(10 ** rng.uniform(-1, 1) * W[rng.permutation(len(W))], orientation="rows")
    return found.name, min((component.confidence for component in found.components), default=0.0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng, verdicts, wrong = np.random.default_rng(options.seed), Counter(), Counter()
    duals = [shape for shape in duals_of_4_polytopes() if shape.n_vertices <= LARGEST_DUAL]
    for shape in (*solids(), *duals):
        for noise in NOISES:
            for _ in range(options.trials):
                name, confidence = trial(shape, noise, rng)
                right = name in own_names(shape) or any(part in name for part in own_names(shape))
                verdict = "right" if right else "unnamed" if "unnamed" in name or ", " in name else "wrong"
                verdicts[noise, verdict] += 1
                if verdict == "wrong":
                    wrong[shape.name, noise, name, "confident" if confidence >= CONFIDENT else "doubtful"] += 1
    for key, count in sorted(wrong.items()):
        print(count, *key, sep="; ")
    print(dict(sorted(verdicts.items())))


if __name__ == "__main__":
    main()
