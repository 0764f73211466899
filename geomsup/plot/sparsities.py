"""The introductory figure: what is stored, and how well, as features become sparse."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.plot.comparison import percent
from geomsup.plot.geometry import plot_geometry
from geomsup.plot.given import results
from geomsup.plot.palette import FAINT, INK, PALETTE
from geomsup.plot.wording import described, wrap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from geomsup.comparison import Comparison

__all__ = ["plot_sparsities"]


def plot_sparsities(comparisons: Sequence["Comparison"], losses: Sequence[np.ndarray]) -> "Figure":
    """Draw a column per sparsity: the rows of W as arrows, over trained losses against the optimum.

    Losses are fractions of Σ_i I_i Var x_i, what storing nothing would cost.

    Parameters
    ----------
    comparisons
        The best trained model of each sparsity held against the optimum, two-dimensional models.
    losses
        For each sparsity the exact expected losses of all trained models.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError, ValueError
        If something is not as described.

    Examples
    --------
    >>> import geomsup as gs
    >>> pairs = [gs.compare(gs.ToyModel([[1.0], [-1.0]]), gs.Features(2, p), starts=2) for p in (0.2, 0.1)]
    >>> figure = plot_sparsities(pairs, [[0.01, 0.02], [0.004]])
    >>> [ax.get_title() for ax in figure.axes]
    ['digon', 'digon', '']
    """
    from matplotlib.figure import Figure

    comparisons = results("comparisons", comparisons, "Comparison")
    losses = _checked(losses, len(comparisons))
    if {comparison.model.n_hidden for comparison in comparisons} - {1, 2}:
        raise ValueError("`comparisons` must be of models in at most two dimensions; got more. Use `plot_losses`.")
    count = len(comparisons)
    figure = Figure(figsize=(1.55 * count + 0.8, 6.2), layout="constrained")
    grid = figure.add_gridspec(2, count, height_ratios=[1.15, 2], wspace=0.0)
    for column, comparison in enumerate(comparisons):
        ax = figure.add_subplot(grid[0, column])
        plot_geometry(comparison.geometry, ax=ax, title=False, labels=False)
        ax.set_title(wrap(described(comparison.geometry), 12), fontsize=10, color=INK)
    _losses(figure.add_subplot(grid[1, :]), comparisons, losses)
    features = comparisons[0].optimum.features
    figure.suptitle(
        f"{checks.count(features.n, 'feature')} in {checks.count(comparisons[0].model.n_hidden, 'dimension')}: "
        "what a trained model stores, and what it could reach",
        fontsize=13, color=INK,
    )  # fmt: skip
    return figure


def _checked(losses: Any, count: int) -> list[np.ndarray]:
    """Return the losses of every sparsity as arrays."""
    if not isinstance(losses, Sequence | np.ndarray) or isinstance(losses, str) or len(losses) != count:
        raise TypeError(
            f"`losses` must have an array for each of the {count} comparisons; got {checks.shown(losses)}. "
            "Pass the losses of all trained models."
        )
    found = [checks.real_array(f"losses[{place}]", one) for place, one in enumerate(losses)]
    for place, one in enumerate(found):
        if one.ndim != 1 or not len(one):
            raise ValueError(f"`losses[{place}]` must be a list of losses; got shape {one.shape}. Pass one at least.")
    return found


def _losses(ax: Any, comparisons: Sequence["Comparison"], losses: Sequence[np.ndarray]) -> None:
    for column, (comparison, trained) in enumerate(zip(comparisons, losses, strict=True)):
        features = comparison.optimum.features
        scale = 1 / float(features.importance @ features.variance)
        best = comparison.optimum.loss * scale
        # A small sideways spread, fixed rather than random, keeps equal losses apart.
        spread = np.linspace(-0.16, 0.16, len(trained)) if len(trained) > 1 else np.zeros(1)
        ax.hlines(best, column - 0.38, column + 0.38, color=PALETTE[1], linewidth=2.5, zorder=3,
                  label="theoretical optimum" if column == 0 else None)  # fmt: skip
        ax.plot(column + spread, np.sort(trained) * scale, "o", color=PALETTE[0], markersize=5, alpha=0.75,
                markeredgecolor="white", markeredgewidth=0.5, zorder=4,
                label="trained models" if column == 0 else None)  # fmt: skip
        note = f"+{percent(comparison.excess)}"
        if comparison.optimum.geometry.name != comparison.geometry.name:
            note += f"\nbest: {described(comparison.optimum.geometry)}"
        ax.annotate(note, (column, best), xytext=(0, -6), textcoords="offset points", ha="center", va="top",
                    fontsize=8.5, color=INK)  # fmt: skip
    ax.axhline(1, color=FAINT, linewidth=1, linestyle="--", zorder=1)
    ax.annotate("storing nothing", (len(comparisons) - 0.5, 1), xytext=(0, 4), textcoords="offset points",
                ha="right", fontsize=8.5, color="#777777")  # fmt: skip
    sparsities = [1 - c.optimum.features.probability.mean() for c in comparisons]
    ax.set_xticks(range(len(comparisons)), [f"{s:.2f}" for s in sparsities])
    ax.set(xlim=(-0.5, len(comparisons) - 0.5), ylim=(0, 1.08))
    ax.set_xlabel("sparsity S (probability that a feature is zero)")
    ax.set_ylabel("expected loss / loss of storing nothing")
    ax.legend(frameon=False, loc="lower left")
    ax.spines[["top", "right"]].set_visible(False)
