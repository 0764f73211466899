"""A trained model beside the optimum."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup.plot.geometry import plot_geometry
from geomsup.plot.given import result
from geomsup.plot.palette import INK, PALETTE
from geomsup.plot.panels import panels
from geomsup.plot.wording import described, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.comparison import Comparison
    from geomsup.features import Features

__all__ = ["percent", "plot_comparison"]

MOST_FEATURES = 24
MOST_BARS = 14


def plot_comparison(comparison: "Comparison", *, axes: "Sequence[Axes] | np.ndarray | None" = None) -> "list[Axes]":
    """Draw the model's rows, the optimum's rows, and what each feature costs in both; return the three axes.

    Of features that can be exchanged, the optimum's cheapest stands beside the model's cheapest, and so on. Beyond 24
    features the third panel shows the components that cost most instead: by noise, and by structure.

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
    result("comparison", comparison, "Comparison")
    found = panels(_new_axes(comparison.model.n_hidden) if axes is None else axes, 3)
    left, middle, right = found
    best = comparison.optimum
    plot_geometry(comparison.geometry, ax=left, title=False)
    left.set_title(wrap(f"trained: {described(comparison.geometry)}"), color=INK)
    plot_geometry(best.geometry, ax=middle, title=False)
    middle.set_title(wrap(f"optimum: {described(best.geometry)}"), color=INK)
    if best.features.n > MOST_FEATURES and best.prices is not None:
        _costs(comparison, right)
    else:
        _losses(comparison, right)
    right.set_title(f"{percent(comparison.excess)} above the optimum", color=INK)
    right.spines[["top", "right"]].set_visible(False)
    return found


def _costs(comparison: "Comparison", ax: Any) -> None:
    """Bars of noise and structure of the components that cost most, worst on top."""
    worst = sorted(comparison.per_component, key=lambda part: -(part.excess or 0.0))[:MOST_BARS][::-1]
    labels = [f"{part.name}, {len(part.features)}" if part.rank == 0 else part.name for part in worst]
    start = np.zeros(len(worst))
    for name, colour in (("noise", PALETTE[5]), ("structure", PALETTE[1])):
        size = np.array([max(getattr(part, name), 0.0) for part in worst])
        ax.barh(np.arange(len(worst)), size, left=start, color=colour, label=name)
        start += size
    ax.set_yticks(range(len(worst)), [wrap(label, 26).replace("\n", " ") for label in labels], fontsize=8)
    ax.set_xlabel("loss above the optimum's prices")
    ax.legend(frameon=False, loc="lower right")


def _losses(comparison: "Comparison", ax: Any) -> None:
    """Bars of every feature's loss, trained and optimal."""
    from geomsup.loss import expected_loss

    best = comparison.optimum
    own = comparison.expected.per_feature
    both = (own, _matched(own, expected_loss(best.model, best.features).per_feature, best.features))
    positions = np.arange(best.features.n)
    for shift, losses, label, colour in zip((-0.2, 0.2), both, ("trained", "optimum"), PALETTE, strict=False):
        ax.bar(positions + shift, losses, 0.4, label=label, color=colour)
    ax.set(xlabel="feature", ylabel="expected loss")
    ax.set_ylim(0, 1.25 * max(float(losses.max()) for losses in both) or 1.0)
    ax.legend(frameon=False, loc="upper right", ncols=2)


def percent(excess: float) -> str:
    """Return a fraction in percent with two digits that count, and from ten on without decimals.

    Examples
    --------
    >>> percent(0.00025), percent(0.052), percent(2.9), percent(np.inf)
    ('0.025 %', '5.2 %', '290 %', 'infinitely far')
    """
    if not np.isfinite(excess):
        return "infinitely far"
    share = 100 * excess
    return f"{share:.0f} %" if abs(share) >= 10 else f"{share:.2g} %"


def _matched(own: np.ndarray, best: np.ndarray, features: "Features") -> np.ndarray:
    """Return the optimum's losses in the order of the model's, among features that can be exchanged.

    Which of several equal features is, say, dropped means nothing. So the cheapest one of the optimum stands beside
    the model's cheapest one, and so on.
    """
    if features.grouped:
        return best
    matched = best.copy()
    for alike in map(np.array, features.kinds):
        matched[alike[np.argsort(own[alike], kind="stable")]] = np.sort(best[alike])
    return matched


def _new_axes(dimensions: int) -> list[Any]:
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(13, 4), layout="constrained")
    solid = {"projection": "3d"} if dimensions == 3 else {}
    return [
        figure.add_subplot(1, 3, 1, **solid),
        figure.add_subplot(1, 3, 2, **solid),
        figure.add_subplot(1, 3, 3),
    ]
