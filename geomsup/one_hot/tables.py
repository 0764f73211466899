"""Codes side by side: which shape wins where one feature is active at a time."""

from collections.abc import Iterable
from dataclasses import dataclass

from geomsup import checks
from geomsup.one_hot.states import MOST_FEATURES, OneHotState, critical_states, one_hot_states
from geomsup.shapes import polytopes
from geomsup.tables import Readable

__all__ = ["OneHotTable", "one_hot_codes", "one_hot_polygons"]


MOST_VERTICES = 48  # larger shapes lose nearly everything, and their Hessians take minutes


@dataclass(frozen=True, eq=False)
class OneHotTable(Readable):
    """Critical points side by side; ``print`` shows norm, bias, potential, loss and stability.

    Attributes
    ----------
    states
        The rows.
    skipped
        Names of shapes that are critical for no norm and bias.

    Examples
    --------
    >>> import geomsup as gs
    >>> table = gs.one_hot_polygons([5, 6])
    >>> [state.name for state in table.states]
    ['pentagon', 'hexagon']
    >>> sorted(table.to_dict())
    ['skipped', 'states']
    """

    states: tuple[OneHotState, ...]
    skipped: tuple[str, ...] = ()

    def __str__(self) -> str:
        head = ("state", "c", "norm", "bias", "potential", "loss", "kind", "index", "flat", "rotations")
        rows = [head, *(_row(state) for state in self.states)]
        columns = [_aligned(column) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cells) for cells in zip(*columns, strict=True)]
        lines += [f"not critical: {', '.join(self.skipped)}"] if self.skipped else []
        return "\n".join(line.rstrip() for line in lines)


def _row(state: OneHotState) -> tuple[str, ...]:
    numbers = (f"{state.norm:.10f}", f"{state.bias:.10f}", f"{state.potential:.8f}", f"{state.loss:.8f}")
    counts = ("-" if n is None else str(n) for n in (state.index, state.n_flat, state.n_symmetries))
    return (state.name, str(state.n_features), *numbers, state.kind, *counts)


def _aligned(column: tuple[str, ...]) -> list[str]:
    """Pad the cells of a column, words to the right and numbers to the left."""
    width, words = max(map(len, column)), column[0] in ("state", "kind")
    return [cell.ljust(width) if words else cell.rjust(width) for cell in column]


def one_hot_polygons(ks: Iterable[int] = range(2, 15), dead: int = 0, *, silent: int = 0) -> OneHotTable:
    """Return all critical regular k-gons of the one-hot loss (2: the digon), with their stability.

    Parameters
    ----------
    ks
        Numbers of sides.
    dead, silent
        Dead features beside each k-gon, and how many of them have no bias, as in `one_hot_states`.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind or range.

    References
    ----------
    :cite:t:`chen2023`.

    Examples
    --------
    >>> table = one_hot_polygons([5, 6])
    >>> [(state.name, round(state.potential, 8)) for state in table.states]
    [('pentagon', 0.23738441), ('hexagon', 0.86746277)]
    """
    if isinstance(ks, str) or not isinstance(ks, Iterable):
        raise TypeError(f"`ks` must be numbers of sides; got {checks.shown(ks)}. Pass range(2, 15) or [5, 6].")
    sides = [checks.integer("ks", k, minimum=2) for k in ks]
    return OneHotTable(tuple(state for k in sides for state in one_hot_states(k, dead, silent=silent)))


def one_hot_codes(dimension: int, n_features: int | None = None) -> OneHotTable:
    """Return the best critical point of every shape of a dimension, lowest loss first.

    Without `n_features` each shape has as many features as vertices, k. Then L = H / (3k) is also the loss per feature
    of independent features, L / (k p), as p → 0. With `n_features` = c, a shape leaves c - k features dead, at their
    best bias. Shapes of more than c vertices are left out (without `n_features`, those of more than 48).

    Parameters
    ----------
    dimension
        Dimension the shapes span.
    n_features
        Number of features c; each shape's own by default.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a positive whole number.

    References
    ----------
    :cite:t:`chen2023`, for k-gons.

    Examples
    --------
    >>> [state.name for state in one_hot_codes(2, 6).states][:2]
    ['hexagon', 'pentagon +']
    """
    shapes = polytopes(dimension=checks.integer("dimension", dimension, minimum=1, maximum=MOST_FEATURES))
    c = None if n_features is None else checks.integer("n_features", n_features, minimum=2, maximum=MOST_FEATURES)
    fitting = [shape for shape in shapes if shape.n_vertices <= (c or MOST_VERTICES)]
    states = {shape.name: critical_states(shape, 0 if c is None else c - shape.n_vertices, 0) for shape in fitting}
    best = sorted((found[0] for found in states.values() if found), key=lambda state: state.loss)
    return OneHotTable(tuple(best), tuple(name for name, found in states.items() if not found))
