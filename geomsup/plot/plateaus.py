"""Plateaus: the gain per dimension of every kind of block, over the staircase of dimensions per feature."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup.plot.given import result
from geomsup.plot.palette import FAINT, INK, PALETTE
from geomsup.plot.panels import listed
from geomsup.plot.series.levels import draw_levels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.plateau.plateaus import Plateaus

__all__ = ["plot_plateaus"]

NARROW = 0.1  # plateaus below this fraction of the axis' width have their name in the legend only
WINNER = 3.0  # width of the line of a block where it wins
OTHER = 1.1  # and elsewhere
SCALE_END = 0.85  # fraction of viridis that is used: its end, yellow, is too faint for lines
SPACING = 0.034  # least distance of names at the right edge, as a fraction of the axis


def plot_plateaus(plateaus: "Plateaus", *, axes: "Sequence[Axes] | np.ndarray | None" = None) -> "list[Axes]":
    """Draw gains per dimension over D, against 1/p = 1/(1 - S) from dense to sparse; return the two axes.

    Above: a line per kind of block, heavy where it wins, with the winners' names on their plateaus and dotted lines at
    the crossings. Below: the mean D_i of the winner's features and D* = m/‖W‖_F², with the paper's levels.

    Parameters
    ----------
    plateaus
        What `geomsup.plateaus` returned, for at least two probabilities.
    axes
        Two matplotlib axes; a new figure's by default.

    Raises
    ------
    ValueError
        If there is a single probability, or there are not two axes.

    Examples
    --------
    >>> from geomsup.plateau.plateaus import plateaus
    >>> upper, lower = plot_plateaus(plateaus([0.5, 0.3, 0.2], largest_rank=2))
    >>> upper.get_ylabel()
    'gain per dimension'
    """
    result("plateaus", plateaus, "Plateaus")
    if len(plateaus.probabilities) < 2:
        raise ValueError(
            f"`plateaus` must have at least 2 probabilities; got {len(plateaus.probabilities)}. Print it instead."
        )
    found = listed(_new_axes() if axes is None else axes)
    if len(found) != 2:
        raise ValueError(f"`axes` must be two; got {len(found)}. Pass plt.subplots(2, sharex=True)[1].")
    upper, lower = found
    _gains(upper, plateaus)
    _levels(lower, plateaus)
    for ax in (upper, lower):
        ax.set_xscale("log")
        ax.set_xlim(*_ends(plateaus))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter("{x:g}")
        ax.spines[["top", "right"]].set_visible(False)
        for crossing in plateaus.crossings:
            ax.axvline(crossing.inverse_density, color=FAINT, linewidth=0.8, linestyle=":", zorder=0)
    lower.set_xlabel("1/p = 1/(1 − S)  (sparser →)")
    return found


def _new_axes() -> Any:
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(9, 7.5), layout="constrained")
    return figure.subplots(2, sharex=True, height_ratios=[3, 2])


def _ends(plateaus: "Plateaus") -> tuple[float, float]:
    return float(1 / plateaus.probabilities[0]), float(1 / plateaus.probabilities[-1])


def _colours(plateaus: "Plateaus") -> dict[str, str]:
    """Return a colour for each kind that wins somewhere: the palette's, or a scale from dense to sparse if too few."""
    winners = dict.fromkeys(name for name, _, _ in _spans(plateaus))
    if len(winners) < len(PALETTE):  # its last, yellow, is faint on white
        return dict(zip(winners, PALETTE, strict=False))
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    scale = colormaps["viridis"](np.linspace(0, SCALE_END, len(winners)))
    return {name: to_hex(colour) for name, colour in zip(winners, scale, strict=True)}


def _spans(plateaus: "Plateaus") -> list[tuple[str, float, float]]:
    """Return the winners and the ends of their plateaus on the axis, from dense to sparse."""
    return [(name, 1 / high, 1 / low) for name, low, high in plateaus.spans]


def _gains(ax: Any, plateaus: "Plateaus") -> None:
    x, colours = 1 / plateaus.probabilities, _colours(plateaus)
    for name in plateaus.names:
        ax.plot(x, plateaus.gains(name), color=colours.get(name, FAINT), linewidth=OTHER, zorder=1 + (name in colours))
    for name, left, right in _spans(plateaus):
        known = [(one.inverse_density, one.gain) for one in plateaus.crossings if name in one.names]
        known += [(at, gain) for at, gain in zip(x, plateaus.gains(name), strict=True) if left <= at <= right]
        line = np.array(sorted(point for point in known if left <= point[0] <= right))
        ax.plot(*line.T, color=colours[name], linewidth=WINNER, zorder=3, solid_capstyle="butt")
    ax.set_ylabel("gain per dimension")
    top = max(block.gain for block in plateaus.winners)
    ax.set_ylim(1 - 0.03 * (top - 1), top + 0.03 * (top - 1))
    ax.set_title(f"which block wins: ranks up to {plateaus.largest_rank}", color=INK, loc="left")
    _legend(ax, colours)
    _name_lines(ax, plateaus, colours)


def _legend(ax: Any, colours: dict[str, str]) -> None:
    handles = [ax.plot([], [], color=colour, linewidth=WINNER, label=name)[0] for name, colour in colours.items()]
    ax.legend(handles=handles, frameon=False, loc="upper left", title="wins, from dense to sparse", fontsize=9)


def _name_lines(ax: Any, plateaus: "Plateaus", colours: dict[str, str]) -> None:
    """Write names beside the lines that reach the sparse end, those without a shape only if they win somewhere."""
    low, high = ax.get_ylim()
    last = low - high
    for block in reversed(plateaus.blocks[-1]):
        if block.name not in colours and (" in " in block.name or "(" in block.name):
            continue
        last = max(block.gain, last + SPACING * (high - low))
        ax.annotate(
            block.name, (1, last), xycoords=("axes fraction", "data"), xytext=(4, 0), textcoords="offset points",
            fontsize=8, va="center", color=colours.get(block.name, "#777777"), annotation_clip=False,
        )  # fmt: skip


def _means(plateaus: "Plateaus") -> list[np.ndarray]:
    """Return D* along 1/p: of winners a line for each plateau, which ends at its crossings, where D* jumps."""
    x, means = 1 / plateaus.probabilities, plateaus.dimensions_per_feature
    if plateaus.mixtures:  # mixtures of two winners change by single blocks, not at crossings
        return [np.column_stack([x, means])]
    lines = []
    for name, left, right in _spans(plateaus):
        points = [(at, mean) for at, mean in zip(x, means, strict=True) if left <= at <= right]
        points += [(c.inverse_density, b.dimensions_per_feature) for c in plateaus.crossings
                   for b in (c.dense, c.sparse) if b.name == name and left <= c.inverse_density <= right]  # fmt: skip
        lines.append(np.array(sorted(points)))
    return lines


def _levels(ax: Any, plateaus: "Plateaus") -> None:
    x, colours = 1 / plateaus.probabilities, _colours(plateaus)
    draw_levels(ax)
    for name, left, right in _spans(plateaus):
        shares = [(at, b.dimensionality) for at, b in zip(x, plateaus.winners, strict=True) if left <= at <= right]
        shares += [(c.inverse_density, b.dimensionality) for c in plateaus.crossings for b in (c.dense, c.sparse)
                   if b.name == name and left <= c.inverse_density <= right]  # fmt: skip
        steps = np.array(sorted(shares))
        ax.plot(*steps.T, color=colours[name], linewidth=WINNER, solid_capstyle="butt", zorder=3)
        if np.log(right / left) > NARROW * np.log(x[-1] / x[0]):
            middle = (left * right) ** 0.5
            height = float(np.interp(middle, *steps.T))
            ax.annotate(name, (middle, height), xytext=(0, 4), textcoords="offset points", ha="center", fontsize=9,
                        color=colours[name], fontweight="bold", zorder=4)  # fmt: skip
    for line in _means(plateaus):
        ax.plot(*line.T, color=INK, linewidth=1.2, zorder=2)
    ax.plot(x, plateaus.dimensions_per_feature, ".", color=INK, markersize=4, zorder=2)
    ax.set_ylabel("dimensions per feature")
    ax.set_ylim(0, 1.05)
    handles = [
        ax.plot([], [], color="#777777", linewidth=WINNER, label="mean D_i of the winner")[0],
        ax.plot([], [], color=INK, linewidth=1.2, marker=".", label="D* = m/‖W‖²")[0],
    ]
    ax.legend(handles=handles, frameon=False, loc="lower left", fontsize=9)
