"""D of every feature against sparsity."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.plot.palette import PALETTE
from geomsup.plot.panels import one
from geomsup.plot.series.levels import draw_levels
from geomsup.plot.weights.rows import one_matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_dimensions"]

# Rows of less than this fraction of the longest are not represented, and their D says nothing.
SHORT = 0.05

# 1/p is a number, with room for the axis.
RAREST = 1e-300


def plot_dimensions(models: Sequence[Any], probabilities: Sequence[float], *, ax: "Axes | None" = None) -> "Axes":
    """Draw D_i of every feature of every model against 1/p = 1/(1 − S); return the axes.

    D_i = ‖w_i‖² / Σ_j (ŵ_i·w_j)² is the share of a dimension that feature i has. The line is D* = m/‖W‖_F². Levels of
    the paper's shapes have their names at the right. Features of less than 5 % of the longest row are left out.

    Parameters
    ----------
    models
        A `ToyModel` or W ``(n, m)`` for each probability.
    probabilities
        P(x_i ≠ 0), one for each model, in (0, 1].
    ax
        Axes to draw on; new ones by default.

    Raises
    ------
    ValueError
        If there are not as many probabilities as models, or one is not in (0, 1].

    References
    ----------
    :cite:t:`elhage2022`, "Superposition organizes features into geometric structures".

    Examples
    --------
    >>> import geomsup as gs
    >>> shapes = [gs.polytope(name).vertices for name in ("digon", "pentagon")]
    >>> ax = plot_dimensions(shapes, [0.2, 0.1])
    >>> ax.lines[-1].get_xydata().round(3).tolist()
    [[5.0, 0.5], [10.0, 0.4]]
    """
    from geomsup.dimensions import dimensionality, dimensions_per_feature

    if not isinstance(models, Sequence | np.ndarray) or isinstance(models, str):
        raise TypeError(f"`models` must be a list of models; got {checks.shown(models)}. Pass [model, ...].")
    p = checks.real_array("probabilities", probabilities)
    if p.shape != (len(models),):
        raise ValueError(
            f"`probabilities` must be one for each of the {len(models)} models; got shape {p.shape}. Pass a list."
        )
    if not ((p >= RAREST) & (p <= 1)).all():
        raise ValueError(f"`probabilities` must be in (0, 1]; got {p.tolist()}. Pass 1 - sparsity.")
    ax = one(ax, (7, 4))
    draw_levels(ax)
    means = []
    for place, (model, share) in enumerate(zip(models, p, strict=True)):
        W = one_matrix(model)
        norms = np.linalg.norm(W, axis=1)
        D = dimensionality(W, orientation="rows")[norms > SHORT * norms.max(initial=0.0)]
        ax.plot(np.full(len(D), 1 / share), D, "o", color=PALETTE[0], markersize=4, alpha=0.35, markeredgewidth=0,
                label="Dᵢ of a feature" if place == 0 else None)  # fmt: skip
        means.append(dimensions_per_feature(W, orientation="rows"))
    order = np.argsort(1 / p)
    ax.plot(1 / p[order], np.array(means)[order], color=PALETTE[1], linewidth=1.4, label="D* = m/‖W‖²")
    ax.set(xscale="log", xlabel="1/p = 1/(1 − S)  (sparser →)", ylabel="dimensions per feature", ylim=(0, 1.08))
    ax.legend(frameon=False, loc="lower left", fontsize=9)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
