"""Shapes that the weights of neurons form: digons and polygons, and whether they lie where positions are written."""

from math import comb

import numpy as np

import geomsup as gs
from benchmarks.atlas.cost import timed

# Directions that hold nearly all of the positions' variance.
POSITIONS = 0.93
# Rows of the smallest polygon that is listed: triangles and squares are what many things are.
FEWEST = 5
# Draws of random angles: how regular are they?
DRAWS = 999_999
# Polygons that are listed of each matrix, and drawn in all.
LISTED, DRAWN = 6, 4


def axes_of_positions(source):
    """The strongest directions of the positions, as rows."""
    positions = source.tensor("embeddings.position_embeddings.weight")
    _, sizes, axes = np.linalg.svd(positions - positions.mean(axis=0), full_matrices=False)
    return axes[: int(np.searchsorted((sizes**2).cumsum() / (sizes**2).sum(), POSITIONS)) + 1]


def measured(rows, axes):
    """Return how many shapes the rows form, about which centre, and what the polygons and digons are."""
    with timed() as cost:
        found = gs.find_shapes(rows, null="covariance")
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    of_positions = ((unit @ axes.T) ** 2).sum(axis=1)
    digons = [one for one in found if one.name == "digon"]
    polygons = [one for one in found if len(one.rows) >= FEWEST and one.name.endswith("gon")]
    counts = {}
    for one in found:
        about = {"origin": "the origin", "mean": "a mean"}[one.center]
        kind = one.name if one.name in ("copy", "digon") else f"{one.name} about {about}"
        counts[kind] = counts.get(kind, 0) + 1
    return {
        "counts": counts, "least": min((one.p_value for one in found), default=1.0),
        "positions": float(of_positions.mean()), "directions": len(axes),
        "digons": {"positions": mean_of(of_positions, digons), "largest": largest(digons)},
        "polygons": [described(one, unit, of_positions) for one in polygons[:LISTED]], "cost": cost,
    }  # fmt: skip


def largest(found):
    return max((one.p_value for one in found), default=1.0)


def mean_of(values, found):
    """Mean value of all rows of the shapes; None if there are none."""
    return float(np.mean([values[row] for one in found for row in one.rows])) if found else None


def described(one, unit, of_positions):
    """Return a polygon: how regular, how much of it is positions', and how many neurons its plane has."""
    X = unit[list(one.rows)]
    plane = plane_of(X, one.center)
    angles = np.sort(np.arctan2(*(X @ plane.T - (X @ plane.T).mean(axis=0) * (one.center == "mean")).T[::-1]))
    gaps = np.degrees(np.diff(np.r_[angles, angles[0] + 2 * np.pi]))
    in_plane = int((((unit @ plane.T) ** 2).sum(axis=1) > 0.5).sum())
    return {
        "name": one.name, "center": one.center, "rows": list(one.rows), "residual": one.residual, "p": one.p_value,
        "positions": float(of_positions[list(one.rows)].mean()), "gaps": [float(gaps.min()), float(gaps.max())],
        "in_plane": in_plane, "p_gaps": p_regular(gaps, in_plane),
    }  # fmt: skip


def p_regular(gaps, in_plane):
    """Probability, at most, that any as many of the neurons of a plane are as regular, if their angles are random.

    That is the chance that no gap of k random angles differs more from 360°/k, times the number of choices of k.
    """
    k = len(gaps)
    angles = np.sort(np.random.default_rng(0).uniform(0, 360, size=(DRAWS, k)), axis=1)
    drawn = np.diff(angles, axis=1, append=angles[:, :1] + 360)
    as_regular = (np.abs(drawn - 360 / k).max(axis=1) <= np.abs(gaps - 360 / k).max()).sum()
    return float(min((1 + as_regular) / (1 + DRAWS) * comb(max(in_plane, k), k), 1.0))


def plane_of(X, center):
    """The plane that holds most of the rows, or of what they differ in."""
    return np.linalg.svd(X - X.mean(axis=0) * (center == "mean"), full_matrices=False)[2][:2]


def draw(found, weights_of, path):
    """Draw the least probable polygons in their planes, among all other neurons.

    `found` has a row per layer, and `weights_of` gives the two matrices of a layer, rows are neurons.
    """
    from matplotlib.figure import Figure

    from geomsup.plot.palette import FAINT, PALETTE

    every = [
        (one, row["layer"], side) for row in found for side in row["shapes"] for one in row["shapes"][side]["polygons"]
    ]
    every = sorted(every, key=lambda entry: entry[0]["p"])[:DRAWN]
    figure = Figure(figsize=(3.3 * DRAWN, 3.7), layout="constrained")
    for ax, (one, layer, side) in zip(figure.subplots(1, DRAWN), every, strict=False):
        rows = weights_of(layer)[side]
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        X = unit[one["rows"]]
        plane = plane_of(X, one["center"])
        x, y = (X @ plane.T).T
        order = np.argsort(np.arctan2(y - y.mean(), x - x.mean()))
        ax.scatter(*(unit @ plane.T).T, s=4, color=FAINT, zorder=1)
        ax.plot(x[[*order, order[0]]], y[[*order, order[0]]], "-", color=PALETTE[1], linewidth=1, zorder=2)
        ax.scatter(x, y, s=30, color=PALETTE[0], zorder=3)
        for neuron, place in zip(one["rows"], zip(x, y, strict=True), strict=True):
            ax.annotate(str(neuron), place, xytext=(4, 3), textcoords="offset points", fontsize=7)
        ax.set(aspect="equal", xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), xticks=[-1, 0, 1], yticks=[-1, 0, 1],
               title=f"layer {layer}, {side}: {one['name']}")  # fmt: skip
    figure.savefig(path, dpi=110)
