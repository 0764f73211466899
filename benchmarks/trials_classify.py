"""Is every shape of the catalogue with up to 200 vertices named? python -m benchmarks.trials_classify (hours of CPU).

Each shape of 2 to 8 dimensions, in each variant, is rotated or reflected, permuted and scaled, with noise of 0, 1 and
3 % of its shortest chord on every coordinate. Prisms and the like are tried in two more forms, stretched by 0.8 and by
1.25. Another name is an alias if the named shape, its free parameters fitted, equals the noiseless rows. It is wrong if
the two are further apart than `APART`, or doubtful if `classify` itself is not sure of it (`CONFIDENT`). All cases but
the right ones are listed, with what tells the two apart: their distance over the noise, and the squared residuals of
both over the variance of the noise.
"""

import argparse
import csv
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.linalg import block_diag

from geomsup import classify
from geomsup.recognition.matching.alignment import procrustes, rms
from geomsup.recognition.matching.families import family, sound
from geomsup.shapes import candidates

MOST_VERTICES, RANKS, NOISES = 200, range(2, 9), (0.0, 0.01, 0.03)
FLEXIBLE = ("product", "family")
STRETCHES = (0.8, 1.25)
# Distance of rows and a shape that is rounding.
EQUAL = 1e-6
# Distance of all rows together, in standard deviations of one coordinate, below which another name is not called wrong:
# there even the best test, the likelihood ratio, errs in more than Φ(-3/2) = 7 % of the cases.
APART = 3.0
CONFIDENT = 0.99  # a wrong name with less is a doubtful one, as in trials_solids: its confidence says so
HEAD = [
    "shape", "member", "noise", "trial", "verdict", "found", "variant", "confidence", "separation", "chi2_own",
    "chi2_found",
]  # fmt: skip


def catalogue(kinds):
    """Candidates of the ranks and sizes on trial."""
    sizes = ((rank, n) for rank in RANKS for n in range(rank + 1, MOST_VERTICES + 1))
    shapes = (shape for rank, n in sizes for shape in candidates(rank, n, flexible=True))
    return [shape for shape in shapes if kinds == "all" or (shape.kind in FLEXIBLE) == (kinds == "flexible")]


def members(shape):
    """Name and vertices of each variant, then of the shape stretched across its largest invariant subspace."""
    yield from shape.variants.items()
    found = family(shape) if shape.kind in FLEXIBLE else None
    if found is None or len(found.subspaces) == 1:
        return
    first = np.eye(shape.dimension) - found.subspaces[0].T @ found.subspaces[0]
    for stretch in STRETCHES:
        vertices = shape.vertices @ (np.eye(shape.dimension) + (stretch - 1) * first)
        vertices = vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
        if sound(vertices):
            yield f"stretched {stretch}", vertices


def shortest_chord(vertices):
    gram = vertices @ vertices.T
    np.fill_diagonal(gram, -1.0)
    return float(np.sqrt(2 - 2 * gram.max()))


def configuration(geometry):
    """All rows as the shapes found have them, each component in dimensions of its own."""
    return _joined(
        geometry, [np.ones((len(c.features), 1)) if c.template is None else c.template for c in geometry.components]
    )


def _joined(geometry, blocks):
    order = np.concatenate([component.features for component in geometry.components])
    return block_diag(*blocks)[np.argsort(order)]


def distance(geometry, T):
    """Root-mean-square distance of rows T from what was found, its parameters fitted."""
    fitted = configuration(geometry)
    for _ in range(30):
        frame = procrustes(fitted, T)
        lying = T @ frame.T
        blocks, column = [], 0
        for component in geometry.components:
            rows, columns = list(component.features), slice(column, column + component.rank)
            column += component.rank
            block = fitted[rows, columns]
            found = family(component.polytope) if component.polytope else None
            if found is not None and component.polytope.n_vertices == len(rows):
                placed = np.argsort(component.isomorphism)
                block = found.nearest(lying[rows, columns][placed])[list(component.isomorphism)]
            blocks.append(block)
        fitted = _joined(geometry, blocks)
    return rms(T - fitted @ procrustes(fitted, T))


def trial(shape, vertices, sigma, rng):
    """Verdict and what there is to tell: found, variant, least confidence; of another name, separation and both χ²."""
    n, d = vertices.shape
    rotation = np.linalg.qr(rng.normal(size=(d, d)))[0]  # reflections among them
    T = (vertices @ rotation)[rng.permutation(n)]
    W = T + sigma * rng.normal(size=T.shape)
    geometry = classify(10 ** rng.uniform(-1, 1) * W, orientation="rows")
    variant = geometry.components[0].variant
    confidence = min(component.confidence for component in geometry.components)
    told = geometry.name, variant, f"{confidence:.4f}"
    if geometry.name == shape.name:
        return "distorted" if variant == "distorted" else "right", *told
    if any(component.residual is None for component in geometry.components):
        return "unnamed", *told
    between = distance(geometry, T)
    if between < EQUAL:
        return "alias", *told
    X, fitted = W / np.linalg.norm(W, axis=1, keepdims=True), configuration(geometry)
    residuals = [X - rows @ procrustes(rows, X) for rows in (T, fitted)]
    separation = np.sqrt(n) * between / sigma if sigma else np.inf
    chi2 = [float((residual**2).sum()) / sigma**2 if sigma else np.inf for residual in residuals]
    unlike = "wrong" if confidence >= CONFIDENT else "doubtful"
    verdict = "indistinguishable" if separation < APART else unlike
    return verdict, *told, f"{separation:.2f}", *(f"{value:.1f}" for value in chi2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kinds", choices=("rigid", "flexible", "all"), default="all")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--vertices", type=int, nargs=2, default=(1, MOST_VERTICES), help="smallest and largest number")
    parser.add_argument("--output", type=Path, help="CSV of all that is not simply right")
    options = parser.parse_args()
    begin, verdicts = time.process_time(), Counter()
    table = csv.writer(
        options.output.open("w", newline="", buffering=1) if options.output else sys.stdout, lineterminator="\n"
    )
    table.writerow(HEAD)
    least, most = options.vertices
    shapes = [shape for shape in catalogue(options.kinds) if least <= shape.n_vertices <= most]
    for shape in shapes:
        rng = np.random.default_rng([options.seed, *shape.name.encode()])
        for member, vertices in members(shape):
            own = member in shape.variants
            for noise in NOISES:
                for number in range(options.trials):
                    verdict, *rest = trial(shape, vertices, noise * shortest_chord(vertices), rng)
                    verdicts["catalogue" if own else "stretched", noise, verdict] += 1
                    if verdict != "right":
                        table.writerow([shape.name, member, noise, number, verdict, *rest])
    for (where, noise, verdict), count in sorted(verdicts.items()):
        print(f"{where:10s} noise {noise:4.0%}  {verdict:18s} {count}")
    print(f"{len(shapes)} shapes, {sum(verdicts.values())} cases, {(time.process_time() - begin) / 60:.1f} CPU minutes")


if __name__ == "__main__":
    main()
