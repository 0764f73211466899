"""Do positions have dimensions of their own? How much of tokens and positions lies in the positions' directions."""

import numpy as np

import geomsup as gs

# Directions of the positions that are looked at; the claim is about 8.
NUMBERS = (1, 2, 4, 8, 11, 16, 32)
CLAIM = 8
# A singular value below this fraction of the largest is rounding, in single precision.
ROUNDING = 1e-6
# Waves of the strongest directions: periods over the positions that are tried.
LAST = 16


def measured(source, progress=print):
    """Return how much of both embeddings lies in the strongest directions of the positions."""
    tokens, positions = source.tokens, source.tensor("embeddings.position_embeddings.weight")
    tokens, positions = tokens - tokens.mean(axis=0), positions - positions.mean(axis=0)
    left, sizes, axes = np.linalg.svd(positions, full_matrices=False)
    of_positions = (sizes**2).cumsum() / (sizes**2).sum()
    of_tokens = ((tokens @ axes.T) ** 2).sum(axis=0).cumsum() / (tokens**2).sum()
    claimed = min(CLAIM, int((sizes > ROUNDING * sizes[0]).sum()))
    found = gs.subspaces({"tokens": tokens, "positions": positions}, rank={"tokens": 0.9, "positions": claimed})
    row = next(one for one in found.to_rows() if one["in"] == "positions")
    progress("positions")
    return {
        "rows": [
            {"directions": k, "positions": float(of_positions[k - 1]), "tokens": float(of_tokens[k - 1]),
             "by_chance": k / tokens.shape[1]}
            for k in NUMBERS if k <= len(axes)
        ],
        "directions": claimed, "p_tokens": row["p_share"], "angle": row["angle"], "p_angle": row["p_angle"],
        "tokens_rank": found.ranks[0], "shares": (sizes**2 / (sizes**2).sum())[:LAST].tolist(),
        "periods": periods(left[:, :LAST]), "ring": ring(left, sizes),
    }  # fmt: skip


def periods(waves):
    """Return the strongest frequency of each direction along the positions, in periods, and its part of the power."""
    power = np.abs(np.fft.rfft(waves - waves.mean(axis=0), axis=0)) ** 2
    power = power[: len(waves) // 2]
    return [[int(one.argmax()), float(one.max() / one.sum())] for one in power.T]


def ring(left, sizes):
    """Return how the positions go round in the plane of the first two directions: turns, and how the radius varies."""
    x, y = (left[:, :2] * sizes[:2]).T
    radii, angles = np.hypot(x, y), np.arctan2(y, x)
    turns = np.abs(np.diff(np.unwrap(angles)).sum()) / (2 * np.pi)
    return {"turns": float(turns), "spread": float(radii.std() / radii.mean())}


def draw(source, path):
    """Draw the strongest directions of the positions, and the parts of both embeddings that lie in them."""
    from matplotlib.figure import Figure

    from geomsup.plot.palette import FAINT, PALETTE

    tokens, positions = source.tokens, source.tensor("embeddings.position_embeddings.weight")
    tokens, positions = tokens - tokens.mean(axis=0), positions - positions.mean(axis=0)
    left, sizes, axes = np.linalg.svd(positions, full_matrices=False)
    figure = Figure(figsize=(12, 3.6), layout="constrained")
    plane, waves, parts = figure.subplots(1, 3, width_ratios=(1.1, 1.7, 1.2))
    x, y = (left[:, :2] * sizes[:2]).T
    points = plane.scatter(x, y, c=np.arange(len(x)), s=8, cmap="viridis")
    figure.colorbar(points, ax=plane, label="position")
    plane.set(aspect="equal", xlabel="direction 1", ylabel="direction 2", title="a ring")
    for k in range(2, min(6, len(axes))):
        waves.plot(left[:, k] * sizes[k], color=PALETTE[k - 2], label=f"direction {k + 1}")
    waves.set(xlabel="position", ylabel="coordinate", title="slower waves")
    waves.legend(frameon=False, fontsize=8, ncols=2)
    numbers = np.arange(1, len(axes) + 1)
    of_tokens = ((tokens @ axes.T) ** 2).sum(axis=0).cumsum() / (tokens**2).sum()
    parts.plot(numbers, (sizes**2).cumsum() / (sizes**2).sum(), color=PALETTE[0], label="of the positions")
    parts.plot(numbers, of_tokens, color=PALETTE[1], label="of the tokens")
    parts.plot(numbers, numbers / tokens.shape[1], color="#888888", linestyle=":", label="by chance")
    parts.axvline(CLAIM, color=FAINT, linewidth=0.8)
    parts.set(xscale="log", xlabel="strongest directions of the positions", ylabel="part of the variance",
              ylim=(0, 1.02), title="what lies in them")  # fmt: skip
    parts.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=3)
    figure.savefig(path, dpi=110)
