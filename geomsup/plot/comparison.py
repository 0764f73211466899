"""A trained model beside the optimum."""

from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup.plot.geometry import described, plot_geometry, wrap
from geomsup.plot.palette import INK, PALETTE

if TYPE_CHECKING:
    from geomsup.comparison import Comparison

__all__ = ["plot_comparison"]


def plot_comparison(comparison: "Comparison", *, axes: Any = None) -> Any:
    """Draw the model's rows, the optimum's rows, and what each feature costs in both; return the three axes.

    Parameters
    ----------
    comparison
        What `compare` returned.
    axes
        Three matplotlib axes; a new figure's by default.

    Examples
    --------
    >>> import geomsup as gs
    >>> result = gs.compare(gs.ToyModel([[1.0], [-1.0]]), gs.Features(2, 0.1), starts=2)
    >>> len(plot_comparison(result))
    3
    """
    from geomsup.loss import expected_loss

    if axes is None:
        axes = _new_axes(comparison.model.n_hidden)
    left, middle, right = axes
    best = comparison.optimum
    plot_geometry(comparison.geometry, ax=left, title=False)
    left.set_title(wrap(f"trained: {described(comparison.geometry)}"), color=INK)
    plot_geometry(best.geometry, ax=middle, title=False)
    middle.set_title(wrap(f"optimum: {described(best.geometry)}"), color=INK)
    both = (comparison.expected.per_feature, expected_loss(best.model, best.features).per_feature)
    positions = np.arange(best.features.n)
    for shift, losses, label, colour in zip((-0.2, 0.2), both, ("trained", "optimum"), PALETTE, strict=False):
        right.bar(positions + shift, losses, 0.4, label=label, color=colour)
    right.set(xlabel="feature", ylabel="expected loss")
    right.set_title(f"{100 * comparison.excess:.2g} % above the optimum", color=INK)
    right.set_ylim(0, 1.25 * max(float(losses.max()) for losses in both) or 1.0)
    right.legend(frameon=False, loc="upper right", ncols=2)
    right.spines[["top", "right"]].set_visible(False)
    return axes


def _new_axes(dimensions: int) -> list[Any]:
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(12, 4), layout="constrained")
    solid = {"projection": "3d"} if dimensions == 3 else {}
    return [
        figure.add_subplot(1, 3, 1, **solid),
        figure.add_subplot(1, 3, 2, **solid),
        figure.add_subplot(1, 3, 3),
    ]
