"""The result of a sweep: arrays over named axes, which can be sliced, drawn, and converted."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.files import replacing
from geomsup.sweeps.journal import Journal
from geomsup.sweeps.kinds import DIMENSIONS, UNITS
from geomsup.sweeps.outcome import in_one_line
from geomsup.sweeps.plan import Plan
from geomsup.tables import Readable, Tabular
from geomsup.tables.readable import plain

if TYPE_CHECKING:
    import xarray  # pyright: ignore[reportMissingImports]
    from matplotlib.axes import Axes

__all__ = ["Sweep", "commonest", "read_sweep"]

CLOSE = 1e-9  # relative difference up to which a number is that of an axis: literals and geomspace differ in rounding
SUFFIXES = (".nc", ".zarr")
INT32 = 2**31 - 1  # the largest whole number that netCDF 3 holds
MOST_SHOWN = 5  # failed points that print


@dataclass(frozen=True, eq=False, repr=False)
class Sweep(Readable, Tabular):
    """What a sweep found: an array for each name, whose first axes are those of the sweep.

    Points that failed, or are not done yet, have NaN; texts are empty there. Arrays of different sizes are filled up
    with NaN. In tables and data sets, what has the name of an axis is called ``name_found``.

    Attributes
    ----------
    what
        What was swept.
    axes
        The values of each axis, by name.
    fixed
        Arguments that all points share.
    arrays
        What was found, by name, ``(*shape, ...)``; ``sweep["loss"]`` is one of them.
    done
        Which points are done, ``(*shape)``.
    errors
        Position and error of each point that failed.

    Examples
    --------
    >>> import geomsup as gs
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     found = gs.sweep("optimum", {"n_hidden": [1, 2], "probability": [0.1, 0.2, 0.4]}, n_features=3,
    ...                      output=f"{folder}/run.sqlite", executor=ThreadPoolExecutor(1))
    ...     same = gs.Sweep.load(f"{folder}/run.sqlite")
    >>> same["loss"].shape, same.shape, same["W"].shape
    ((2, 3), (2, 3), (2, 3, 3, 2))
    >>> same.sel(n_hidden=2).axes
    {'probability': (0.1, 0.2, 0.4)}
    >>> same.complete, same.failed
    (True, ())
    >>> len(found.to_rows()), found.to_rows()[0]["geometry"]
    (6, 'digon (3 features on 2 vertices)')
    >>> gs.Sweep.from_dict(found.to_dict()).sel(n_hidden=1, probability=0.1)["geometry"]
    array('digon (3 features on 2 vertices)', dtype='<U...')
    >>> found.plot("loss").get_ylabel()
    'n hidden'
    >>> from importlib.util import find_spec
    >>> if find_spec("xarray"):  # the extra "sweep"
    ...     data = found.to_dataset()
    ...     assert data.loss.sel(probability=0.1).dims == ("n_hidden",)
    ...     with TemporaryDirectory() as folder:
    ...         found.save(f"{folder}/run.nc")
    """

    what: str
    axes: dict[str, tuple[Any, ...]]
    fixed: dict[str, Any]
    arrays: dict[str, np.ndarray]
    done: np.ndarray
    errors: tuple[tuple[int, str], ...]

    @classmethod
    def load(cls, path: str | Path) -> "Sweep":
        """Return what the journal of a sweep holds, also while it runs.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is no journal.
        """
        with Journal.read(checks.folder_or_file("path", path)) as journal:
            return read_sweep(journal)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Sweep":
        """Build the sweep from what `to_dict` returned.

        Raises
        ------
        TypeError, ValueError
            If it is no dictionary, lacks a key, or an array has not the shape of the axes.
        """
        checks.holds("data", data, ("what", "axes", "fixed", "arrays", "done", "errors"))
        axes = {name: tuple(values) for name, values in data["axes"].items()}
        arrays = {name: np.array(_with_nan(values)) for name, values in data["arrays"].items()}
        errors = tuple((int(position), error) for position, error in data["errors"])
        done, shape = np.array(data["done"], bool), tuple(map(len, axes.values()))
        for name, array in {"done": done, **arrays}.items():
            if array.shape[: len(shape)] != shape or (name == "done" and array.ndim > len(shape)):
                raise ValueError(
                    f"`data` must have the shape {shape} of its axes; {name!r} has {array.shape}. Repair it."
                )
        return cls(data["what"], axes, data["fixed"], arrays, done, errors)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON; NaN becomes null."""
        return {
            "what": self.what,
            "axes": {name: list(values) for name, values in self.axes.items()},
            "fixed": self.fixed,
            "arrays": {name: _without_nan(array.tolist()) for name, array in self.arrays.items()},
            "done": self.done.tolist(),
            "errors": [list(one) for one in self.errors],
        }

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.done.shape

    @property
    def complete(self) -> bool:
        """Whether all points are done, failed ones among them."""
        return bool(self.done.all())

    @property
    def failed(self) -> tuple[tuple[dict[str, Any], str], ...]:
        """The points that failed: the values of their axes, and their errors."""
        plan = Plan(self.what, self.axes, self.fixed)
        return tuple((plan.labels(position), error) for position, error in self.errors)

    def __getitem__(self, name: str) -> np.ndarray:
        """Return the array of this name."""
        if not isinstance(name, str) or name not in self.arrays:
            raise KeyError(f"`name` must be one of {', '.join(self.arrays)}; got {checks.shown(name)}. Pick one.")
        return self.arrays[name]

    def dimensions(self, name: str) -> tuple[str, ...]:
        """Return the names of the axes of an array.

        Examples
        --------
        >>> Sweep("train", {"seed": (0,)}, {}, {"W": np.zeros((1, 3, 2))}, np.ones(1, bool), ()).dimensions("W")
        ('seed', 'feature', 'hidden')
        """
        own = self.arrays[checks.one_of("name", name, tuple(self.arrays))].ndim - len(self.axes)
        known = DIMENSIONS.get(name, ())
        return (*self.axes, *(known if len(known) == own else (f"{name}_{k}" for k in range(own))))

    def sel(self, **values: Any) -> "Sweep":
        """Return the slice at these values of axes, which it no longer has; 0.1 is also what differs in rounding.

        Raises
        ------
        ValueError
            If there is no such axis, or no such value on it.
        """
        index: list[Any] = [slice(None)] * len(self.axes)
        for name, value in values.items():
            checks.one_of("values", name, tuple(self.axes))
            index[list(self.axes).index(name)] = _place(name, self.axes[name], value)
        at = tuple(index)
        left = {name: axis for name, axis in self.axes.items() if name not in values}
        chosen = {name: self.axes[name][index[k]] for k, name in enumerate(self.axes) if name in values}
        places = np.arange(self.done.size).reshape(self.shape)[at]
        new = {int(old): position for position, old in enumerate(places.ravel())}
        errors = tuple((new[position], error) for position, error in self.errors if position in new)
        arrays = {name: np.asarray(array[at]) for name, array in self.arrays.items()}
        return Sweep(self.what, left, self.fixed | chosen, arrays, np.asarray(self.done[at]), errors)

    def majority(self, name: str, over: str = "seed") -> np.ndarray:
        """Return the text that most points along an axis have; of several the first in the alphabet, of none "".

        Raises
        ------
        ValueError
            If there is no such axis, or the array does not hold a text for each point.

        Examples
        --------
        >>> phases = {"phase": np.array([["a", "b", "b"], ["", "", "a"]])}
        >>> Sweep("train", {"n": (1, 2), "seed": (0, 1, 2)}, {}, phases, np.ones((2, 3), bool), ()).majority("phase")
        array(['b', 'a'], dtype='<U1')
        """
        array = self.arrays[checks.one_of("name", name, tuple(self.arrays))]
        if array.dtype.kind != "U" or array.ndim != self.done.ndim:
            raise ValueError(f"`name` must be a text for each point; {name!r} is not. Take the median of numbers.")
        checks.one_of("over", over, tuple(self.axes))
        moved = np.moveaxis(array, list(self.axes).index(over), -1)
        found = np.empty(moved.shape[:-1], moved.dtype)
        for index in np.ndindex(*found.shape):
            found[index] = commonest(moved[index])
        return found

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per point: its axes, the numbers and texts that are no arrays, and its error."""
        plan, errors = Plan(self.what, self.axes, self.fixed), dict(self.errors)
        single = {
            self._apart(name): array.ravel().tolist()
            for name, array in self.arrays.items()
            if array.ndim == self.done.ndim
        }
        return [
            {name: _label(value) for name, value in plan.labels(position).items()}
            | {name: _none(values[position]) for name, values in single.items()}
            | {"error": errors.get(position)}
            for position in np.flatnonzero(self.done).tolist()
        ]

    def _apart(self, name: str) -> str:
        """Return the name of a result in tables, where axes and errors have names, too."""
        return f"{name}_found" if name in (*self.axes, "done", "error") else name

    def to_dataset(self) -> "xarray.Dataset":
        """Return the arrays with their axes as coordinates, and units; needs xarray, the extra ``sweep``.

        Raises
        ------
        ImportError
            If xarray is not installed.
        """
        try:
            import xarray  # pyright: ignore[reportMissingImports]
        except ImportError:
            raise ImportError(
                f"`to_dataset` needs xarray, which is not installed. Run: {checks.pip_install('geomsup[sweep]')}"
            ) from None
        axes = {name: [_label(value) for value in values] for name, values in self.axes.items()}
        arrays = {
            self._apart(name): (self.dimensions(name), array, {"units": UNITS[name]} if name in UNITS else {})
            for name, array in self.arrays.items()
        }
        said = {"what": self.what, "fixed": json.dumps(self.fixed), "failed": json.dumps(self.errors)}
        return xarray.Dataset(arrays | {"done": (tuple(self.axes), self.done.astype(np.int8))}, axes, said)

    def save(self, path: str | Path) -> None:
        """Write `to_dataset` to a file of netCDF (.nc), or a folder of Zarr (.zarr), for other programs.

        Raises
        ------
        ValueError
            If the name has another ending, or the folder is missing.
        ImportError
            If xarray, or zarr, is not installed.
        """
        path = checks.folder_or_file("path", path)
        if path.suffix not in SUFFIXES:
            raise ValueError(f"`path` must end in {' or '.join(SUFFIXES)}; got {path.name!r}. Rename it.")
        if not path.parent.is_dir():
            raise ValueError(f"`path` must be in an existing folder; got {str(path)!r}. Make the folder first.")
        data = self.to_dataset()
        if path.suffix == ".nc":
            wide = [name for name, axis in data.coords.items() if axis.dtype.kind == "i" and abs(axis).max() > INT32]
            data = data.assign_coords({name: data[name].astype(float) for name in wide})
            with replacing(path) as temporary:
                data.to_netcdf(temporary, engine="scipy")
            return
        try:
            # Format 3 has no texts that every program reads.
            data.to_zarr(path, mode="w", consolidated=False, zarr_format=2)
        except ImportError:
            raise ImportError(
                f"`path` needs zarr for .zarr, which is not installed. Run: {checks.pip_install('geomsup[sweep]')}"
            ) from None

    def plot(self, name: str | None = None, *, optimum: "Sweep | None" = None, ax: "Axes | None" = None) -> "Axes":
        """Draw one array over one axis or two, the median or majority over seeds; see `geomsup.plot.plot_sweep`."""
        from geomsup.plot.series.sweeps import plot_sweep

        return plot_sweep(self, name, optimum=optimum, ax=ax)

    def __repr__(self) -> str:
        axes = " x ".join(f"{len(values)} {name}" for name, values in self.axes.items())
        return f"Sweep({self.what}: {axes or 'one point'})"

    def __str__(self) -> str:
        count, done = self.done.size, int(self.done.sum())
        points = checks.count(count, "point")
        lines = [f"sweep of {self.what}: {points}, {'all' if done == count else done} done"]
        lines += [f"  {name}: {_extent(values)}" for name, values in self.axes.items()]
        for labels, error in self.failed[:MOST_SHOWN]:
            lines.append(
                f"  failed at {', '.join(f'{k} = {_label(v)}' for k, v in labels.items())}: {in_one_line(error)}"
            )
        if len(self.errors) > MOST_SHOWN:
            lines.append(f"  and {len(self.errors) - MOST_SHOWN} more failed")
        return "\n".join(lines)


def commonest(texts: np.ndarray) -> str:
    """Return the commonest text; of several the first in the alphabet, and "" if there is none but that.

    Examples
    --------
    >>> commonest(np.array(["b", "a", "b", "a", ""]))
    'a'
    """
    counts = Counter(text for text in texts.tolist() if text)
    return min(counts, key=lambda text: (-counts[text], text), default="")


def read_sweep(journal: Journal) -> Sweep:
    """Return what a journal holds."""
    plan, size = journal.plan, journal.plan.size
    done, errors = np.zeros(size, bool), []
    columns: dict[str, _Column] = {}
    for position, found, error in journal.results():
        done[position] = True
        if found is None:
            errors.append((position, error or ""))
        else:
            for name, value in found.items():
                columns.setdefault(name, _Column(size)).put(position, value)
    arrays = {name: column.array.reshape(*plan.shape, *column.shape) for name, column in columns.items()}
    for array in (done, *arrays.values()):
        array.flags.writeable = False
    return Sweep(plan.what, plan.axes, plan.fixed, arrays, done.reshape(plan.shape), tuple(errors))


class _Column:
    """Values of one name, put one after the other into an array that grows with the largest of them."""

    def __init__(self, size: int) -> None:
        self.size, self.shape, self.array = size, (), np.empty(0)

    def put(self, position: int, value: Any) -> None:
        array = np.asarray(value)
        array = array if array.dtype.kind == "U" else array.astype(float)
        if not self.array.size:
            self.shape, self.array = array.shape, _blank((self.size, *array.shape), array.dtype)
        dtype = np.result_type(self.array.dtype, array.dtype)
        if self.array.dtype != dtype:
            missing = np.isnan(self.array) if self.array.dtype.kind == "f" else False
            self.array = np.where(missing, "", self.array.astype(dtype))
        if array.shape != self.shape:
            self._grow(array)
        whole = (*array.shape, *(1,) * (len(self.shape) - array.ndim))
        self.array[(position, *map(slice, whole))] = array.reshape(whole)

    def _grow(self, array: np.ndarray) -> None:
        rank = max(array.ndim, len(self.shape))
        shapes = [(*shape, *(1,) * (rank - len(shape))) for shape in (self.shape, array.shape)]
        self.shape = tuple(np.max(shapes, axis=0).tolist())
        larger = _blank((self.size, *self.shape), self.array.dtype)
        old = self.array.reshape(self.size, *shapes[0])
        larger[tuple(map(slice, old.shape))] = old
        self.array = larger


def _blank(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    return np.full(shape, "" if np.dtype(dtype).kind == "U" else np.nan, dtype)


def _place(name: str, values: tuple[Any, ...], value: Any) -> int:
    """Return where a value is on an axis."""
    value = value.item() if isinstance(value, np.generic) else plain(value)
    for place, one in enumerate(values):
        if (type(one) is type(value) and one == value) or _are_close(one, value):
            return place
    raise ValueError(
        f"`{name}` must be one of {checks.shown(list(values))}; got {checks.shown(value)}. Pick one of the axis."
    )


def _are_close(one: Any, other: Any) -> bool:
    return _is_number(one) and _is_number(other) and abs(one - other) <= CLOSE * abs(other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _label(value: Any) -> Any:
    """Return a value of an axis as a coordinate: a number or a text."""
    return value if isinstance(value, int | float | str) else json.dumps(value)


def _extent(values: tuple[Any, ...]) -> str:
    if len(values) == 1:
        return str(_label(values[0]))
    if all(map(_is_number, values)):
        return f"{len(values)} values from {values[0]:.6g} to {values[-1]:.6g}"
    return f"{len(values)} values, {_label(values[0])} to {_label(values[-1])}"


def _none(value: Any) -> Any:
    return None if value != value else value


def _without_nan(value: Any) -> Any:
    return [_without_nan(one) for one in value] if isinstance(value, list) else _none(value)


def _with_nan(value: Any) -> Any:
    return [_with_nan(one) for one in value] if isinstance(value, list) else np.nan if value is None else value
