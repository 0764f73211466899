"""What a sweep found, over one axis or two."""

import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.plot.given import result
from geomsup.plot.palette import FAINT, INK, PALETTE
from geomsup.plot.panels import one
from geomsup.plot.series.dimensions import plot_dimensions
from geomsup.plot.series.grid import cell_edges

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.sweeps import Sweep

__all__ = ["plot_sweep"]

GATHERED = ("seed", "rng")  # axes whose values are chances: of these the median is drawn, or what most have
DECADE = 10  # an axis that goes over this factor is drawn in logarithms
MOST_NAMES = len(PALETTE)  # texts that have a colour of their own; what is rarer is grey
PREFERRED = ("phase", "loss", "energy")
LABELS = {
    "probability": "probability p = 1 − sparsity (sparser →)",
    "importance": "relative importance of the extra feature",
}


def plot_sweep(
    sweep: "Sweep", name: str | None = None, *, optimum: "Sweep | None" = None, ax: "Axes | None" = None
) -> "Axes":
    """Draw one array of a sweep: a line over one axis, a diagram over two; return the axes.

    Over an axis `seed` the median is taken, of texts what most have; a line shows every seed as a dot. "dimensionality"
    over `probability` is D of every feature, as `plot_dimensions` draws it; over two axes it is that of the last.

    Parameters
    ----------
    sweep
        What `sweep` returned. Take a slice (`Sweep.sel`) of one with more axes.
    name
        Which array; by default the phase over two axes, or the loss.
    optimum
        A sweep of "optimum" over the same axes, without seeds. A line shows both losses, a diagram the excess
        loss / optimum − 1 in percent.
    ax
        Axes to draw on; new ones by default.

    Raises
    ------
    ValueError
        If there is no such array, it has more axes than a figure, or `optimum` has others.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from geomsup.sweeps import sweep
    >>> found = sweep("optimum", {"probability": [0.1, 0.2, 0.4]}, n_features=2, n_hidden=1,
    ...               executor=ThreadPoolExecutor(1))
    >>> plot_sweep(found, "loss").lines[-1].get_ydata().round(4).tolist()
    [0.0033, 0.0132, 0.051]
    """
    result("sweep", sweep, "Sweep")
    if optimum is not None:
        result("optimum", optimum, "Sweep")
    if not sweep.arrays:
        raise ValueError(
            "`sweep` must have found something to draw; got no point that is done without error. See failed."
        )
    left = [axis for axis, values in sweep.axes.items() if axis not in GATHERED and len(values) > 1]
    if len(left) not in (1, 2):
        raise ValueError(
            f"`sweep` must have one or two axes to draw over; got {', '.join(left) or 'none'}. Take a slice with sel."
        )
    name = _preferred(sweep, len(left)) if name is None else name
    checks.one_of("name", name, tuple(sweep.arrays))
    left.sort(key=lambda axis: axis != "probability")  # along the bottom, if there is one
    values = _over(sweep, name, left)
    if len(left) == 1:
        return _line(sweep, name, left[0], values, optimum, one(ax, (7, 4)))
    return _diagram(sweep, name, left, values, optimum, one(ax, (6.4, 5)))


def _preferred(sweep: "Sweep", axes: int) -> str:
    """Return the array that is drawn if none is named: over one axis a number at each point, if there is one."""
    known = [name for name in (*PREFERRED, *sweep.arrays) if name in sweep.arrays]
    single = [name for name in known if sweep[name].ndim == sweep.done.ndim]
    numbers = [name for name in single if sweep[name].dtype.kind != "U"]
    return [*(numbers if axes == 1 else ()), *single, *known][0]


def _over(sweep: "Sweep", name: str, left: list[str]) -> np.ndarray:
    """Return the values ``(*left, seeds, ...)``, with all seeds on one axis."""
    array, axes = sweep[name], list(sweep.axes)
    order = [axes.index(axis) for axis in left] + [k for k, axis in enumerate(axes) if axis not in left]
    moved = array.transpose(*order, *range(len(axes), array.ndim))
    return moved.reshape(*moved.shape[: len(left)], -1, *array.shape[len(axes) :])


def _line(sweep: "Sweep", name: str, axis: str, values: np.ndarray, optimum: "Sweep | None", ax: "Axes") -> "Axes":
    if name == "dimensionality" and axis == "probability" and "W" in sweep.arrays:
        W, p = _over(sweep, "W", [axis]), sweep.axes[axis]
        found = [(W[i, k], p[i]) for i, k in np.ndindex(*W.shape[:2]) if np.isfinite(W[i, k]).all()]
        return plot_dimensions([rows for rows, _ in found], [share for _, share in found], ax=ax)
    if values.dtype.kind == "U" or values.ndim > 2:
        raise ValueError(f"`name` must be a number at each point to be drawn as a line; {name!r} is not. Pick another.")
    x = _positions(sweep, axis)
    ax.plot(np.repeat(x, values.shape[1]), values.ravel(), "o", color=PALETTE[0], markersize=3, alpha=0.4,
            markeredgewidth=0)  # fmt: skip
    ax.plot(x, _median(values), color=PALETTE[0], label=name.replace("_", " "))
    if optimum is not None:
        ax.plot(x, _optima(optimum, [axis], values.shape[:1]), color=PALETTE[1], label="optimum")
        ax.legend(frameon=False)
    _scale(ax, "x", sweep, axis)
    finite = values[np.isfinite(values)]
    if finite.size and finite.min() > 0 and finite.max() >= DECADE * finite.min():
        ax.set_yscale("log")
    ax.set_ylabel(name.replace("_", " "))
    return ax


def _diagram(
    sweep: "Sweep", name: str, left: list[str], values: np.ndarray, optimum: "Sweep | None", ax: "Axes"
) -> "Axes":
    x, y = left
    label = name.replace("_", " ")
    if values.ndim > 3:
        if sweep.dimensions(name)[-1] != "feature":
            raise ValueError(f"`name` must be one number or text at each point; {name!r} is an array. Pick another.")
        values, label = values[..., -1], f"{label} of the last feature"
    edges = _edges(sweep, x), _edges(sweep, y)
    if values.dtype.kind == "U":
        _names(ax, edges, values)
    else:
        shown = _median(values)
        if optimum is not None:
            shown, label = 100 * (shown / _optima(optimum, left, values.shape[:2]) - 1), f"{label} above the optimum, %"
        image = ax.pcolormesh(*edges, shown.T, cmap="viridis", rasterized=True)
        ax.figure.colorbar(image, ax=ax, label=label)
    _scale(ax, "x", sweep, x)
    _scale(ax, "y", sweep, y)
    return ax


def _names(ax: "Axes", edges: Any, values: np.ndarray) -> None:
    """Draw texts as colours, what most seeds have, with their names below."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    from geomsup.sweeps.result import commonest

    most = np.array([[commonest(cell) for cell in row] for row in values])
    known = [text for text, _ in Counter(most.ravel().tolist()).most_common() if text][:MOST_NAMES]
    place = np.array([[known.index(text) if text in known else len(known) for text in row] for row in most])
    colours = [*PALETTE[: len(known)], FAINT]
    ax.pcolormesh(*edges, place.T, cmap=ListedColormap(colours), vmin=-0.5, vmax=len(known) + 0.5, rasterized=True)
    patches = [Patch(color=colour, label=text) for colour, text in zip(colours, known, strict=False)]
    if (place == len(known)).any():
        patches.append(Patch(color=FAINT, label="others"))
    ax.legend(handles=patches, loc="upper center", bbox_to_anchor=(0.5, -0.14), frameon=False, fontsize=8)


def _median(values: np.ndarray) -> np.ndarray:
    """Return the median along the last axis, of what is there; NaN where nothing is."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        return np.nanmedian(values, axis=-1)


def _optima(optimum: "Sweep", left: list[str], shape: tuple[int, ...]) -> np.ndarray:
    if "loss" in optimum.arrays and set(left) <= set(optimum.axes):
        losses = _over(optimum, "loss", left)
        if losses.shape == (*shape, 1):
            return losses[..., 0]
    raise ValueError(
        f'`optimum` must have a loss at each value of {", ".join(left)}; got {optimum!r}. Sweep "optimum" over them.'
    )


def _is_log(positions: np.ndarray) -> bool:
    return bool(positions.min() > 0 and positions.max() >= DECADE * positions.min())


def _positions(sweep: "Sweep", axis: str) -> np.ndarray:
    """Return where the values of an axis are drawn: numbers where they are, others in their order."""
    values = sweep.axes[axis]
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return np.array(values, float) if numbers else np.arange(len(values), dtype=float)


def _edges(sweep: "Sweep", axis: str) -> np.ndarray:
    """Return the edges of cells around the values of an axis."""
    x = _positions(sweep, axis)
    return cell_edges(x, log=_is_log(x))


def _scale(ax: "Axes", which: str, sweep: "Sweep", axis: str) -> None:
    x, values = _positions(sweep, axis), sweep.axes[axis]
    side: Any = getattr(ax, f"{which}axis")
    if _is_log(x):
        getattr(ax, f"set_{which}scale")("log")
        side.set_major_formatter("{x:g}")
    if not np.array_equal(x, np.array(values, object)):
        side.set_ticks(x, [str(value) for value in values])
    getattr(ax, f"set_{which}label")(LABELS.get(axis, axis.replace("_", " ")), color=INK)
    if axis == "probability":  # as all figures here: from dense to sparse
        side.set_inverted(True)
