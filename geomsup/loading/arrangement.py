"""How the arrays of a model are laid out: which axis has the features, and which one the instances of a batch.

All ways to read the shapes are tried, and what remains must be one. No rule prefers one of several: a wrong choice
would give a wrong loss without a word.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from geomsup import checks
from geomsup.loading.roles import Roles

__all__ = ["Arrangement", "arrange", "check_run", "instances_last"]

Shape = tuple[int, ...]
ENDS = {"first": 0, "last": -1}
WORDS = {
    "bias": "one entry per feature",
    "hidden_bias": "one entry per hidden unit",
    "decoder": "a row per feature and a column per hidden unit, or the reverse",
    "W_between": "a row per hidden unit",
    "b_between": "one entry per unit of the second hidden layer",
}


@dataclass(frozen=True)
class Arrangement:
    """One way to read the shapes: the axis of the instances, if any, and whether columns of W are features."""

    axis: int | None
    columns: bool
    runs: int
    n: int
    m: int

    def core(self, shape: Shape) -> Shape:
        """Return a shape without the axis of instances."""
        return shape if self.axis is None else shape[1:] if self.axis == 0 else shape[:-1]

    def one(self, array: np.ndarray, run: int) -> np.ndarray:
        """Return one instance of an array."""
        return array if self.axis is None else np.take(array, run, axis=self.axis)

    def rows(self, matrix: np.ndarray) -> np.ndarray:
        """Return an encoder or a decoder with its features as rows; a square one is laid out like W."""
        square = matrix.shape[0] == matrix.shape[1]
        return matrix.T if (self.columns if square else matrix.shape[0] != self.n) else matrix


def arrange(title: str, roles: Roles, shapes: Mapping[str, Shape], *, orientation: str, instances: str, run: int | None,
            sure_bias: bool) -> Arrangement:  # fmt: skip
    """Return the only arrangement that fits all shapes.

    `shapes` has the shape of each role's array. `sure_bias`: it is certain that the bias is that of the output.

    Raises
    ------
    ValueError
        If none fits, or several do.
    """
    checks.one_of("orientation", orientation, ("auto", "rows", "columns"))
    checks.one_of("instances", instances, ("auto", *ENDS))
    W = shapes["weights"]
    if len(W) < 2 or 0 in W:
        raise ValueError(
            f"`W` must have the shape (n_features, n_hidden), or a batch of these; got shape {W}. "
            "Pass a row per feature."
        )
    if len(W) > 3:
        raise ValueError(
            f"`W` must be one model or a batch (runs, n_features, n_hidden); got shape {W}. Save one batch."
        )
    every = list(_readings(W, orientation, instances))
    fitting = [reading for reading in every if _misfit(reading, roles, shapes) is None]
    if not fitting:
        _refuse_misfit(title, roles, shapes, every[0])
    check_run(run, max(reading.runs for reading in fitting))
    if len({reading.axis for reading in fitting}) > 1:
        raise ValueError(
            f"`instances` must say which axis of {roles.names['weights']!r} {W} counts the models of {title}; "
            'its shapes fit both. Pass "first" or "last".'
        )
    if len(fitting) > 1:
        raise ValueError(
            '`W` must have more rows (features) than columns (hidden units) when orientation is "auto"; '
            f'got shape {W}. Pass orientation="rows" or "columns".'
        )
    _check_square(title, roles, shapes, fitting[0])
    if orientation == "auto" and not sure_bias:
        _check_wide(title, roles, shapes, fitting[0])
    _check_no_dictionary(title, roles, shapes, fitting[0])
    return fitting[0]


def instances_last(roles: Roles, shapes: Mapping[str, Shape], orientation: str) -> bool:
    """Whether the shapes fit only if the last axis counts the models of a batch."""
    fitting = [one for one in _readings(shapes["weights"], orientation, "auto") if _misfit(one, roles, shapes) is None]
    return bool(fitting) and all(reading.axis == -1 for reading in fitting)


def _readings(W: Shape, orientation: str, instances: str) -> Iterator[Arrangement]:
    ends = list(ENDS.values()) if instances == "auto" else [ENDS[instances]]
    for axis in ends if len(W) == 3 else [None]:
        runs, core = (1, W) if axis is None else (W[axis], W[1:] if axis == 0 else W[:-1])
        sides = {"rows": [False], "columns": [True]}.get(orientation)
        if sides is None:
            sides = [False, True] if core[0] == core[1] else [core[0] < core[1]]
        for columns in sides:
            yield Arrangement(axis, columns, runs, *(core[::-1] if columns else core))


def _misfit(reading: Arrangement, roles: Roles, shapes: Mapping[str, Shape]) -> str | None:
    """Return the first role whose array has not the shape that it must have."""
    return next((role for role, shape in shapes.items() if not _fits(reading, role, shape, shapes)), None)


def _fits(reading: Arrangement, role: str, shape: Shape, shapes: Mapping[str, Shape]) -> bool:
    if reading.axis is not None and (len(shape) < 2 or shape[reading.axis] != reading.runs):
        return False
    core, n, m = reading.core(shape), reading.n, reading.m
    if role == "weights":
        return True
    if role == "bias":
        return core == (n,)
    if role == "hidden_bias":
        return core == (m,)
    second = reading.core(shapes["W_between"])[-1:] if "W_between" in shapes else (m,)
    if role == "decoder":
        return core == (n, *second) or (core == (m, n) and "W_between" not in shapes)
    return core == ((m, *second) if role == "W_between" else second)


def _refuse_misfit(title: str, roles: Roles, shapes: Mapping[str, Shape], reading: Arrangement) -> None:
    role = _misfit(reading, roles, shapes)
    assert role is not None
    name, W = roles.names[role], f"{roles.names['weights']!r} {shapes['weights']}"
    hint = "Pass `orientation`, or name the right array."
    meaning = roles.meaning(role)
    if meaning is not None and meaning.layer in ("encoder", "decoder") and role != "decoder":
        hint = (
            "Pass `orientation`. A sparse autoencoder, with more units than inputs, is no toy model of its inputs: "
            "classify the rows of its decoder."
        )
    raise ValueError(
        f"`{role}` must have {WORDS[role]} of {W}; got {name!r} of shape {shapes[role]} in {title}. {hint}"
    )


def check_run(run: int | None, runs: int) -> None:
    """Refuse a run that a file of so many does not hold."""
    if run is not None and checks.integer("run", run, minimum=0) >= runs:
        raise ValueError(f"`run` must be below the number of runs in the file, {runs}; got {run}. Count from 0.")


def _check_square(title: str, roles: Roles, shapes: Mapping[str, Shape], reading: Arrangement) -> None:
    """Refuse a square decoder, unless the names are ours: its rows and its columns have one length."""
    names = {roles.names["weights"], roles.names.get("decoder")}
    if "decoder" in shapes and "W_between" not in shapes and reading.n == reading.m and names != {"W", "W_out"}:
        raise ValueError(
            f"`decoder` must not be square, or nobody can tell its rows from its columns; got "
            f"{roles.names['decoder']!r} {shapes['decoder']} in {title}. "
            "Save both matrices with a row per feature, as W and W_out."
        )


def _check_wide(title: str, roles: Roles, shapes: Mapping[str, Shape], reading: Arrangement) -> None:
    """Refuse an encoder of which a wide hidden layer is as probable as many features.

    An encoder of shape (5, 2) has 5 inputs, or 5 units for 2 inputs. The convention that its name stands for decides.
    Tied weights without such a name are a toy model's: wide ones store every feature apart.
    """
    meaning = roles.meaning("weights")
    inputs = None if meaning is None else meaning.inputs
    agrees = None if inputs is None else reading.core(shapes["weights"])[inputs] == reading.n
    if "decoder" not in shapes:
        doubtful = agrees is False and meaning is not None and meaning.layer == "encoder"
    else:
        doubtful = not agrees and "W_between" not in shapes
    if doubtful:
        raise ValueError(
            f"`orientation` must be given: {roles.names['weights']!r} {shapes['weights']} in {title} may have "
            f"{reading.n} features, or {reading.m} and a wide hidden layer. "
            'Pass "rows" if its rows are features, else "columns".'
        )


def _check_no_dictionary(title: str, roles: Roles, shapes: Mapping[str, Shape], reading: Arrangement) -> None:
    """Refuse a sparse autoencoder: many of them subtract the decoder's bias from x, which no toy model does."""
    meaning = roles.meaning("weights")
    named = meaning is not None and meaning.layer == "encoder" and meaning.inputs == 0
    if named and reading.n < reading.m and {"decoder", "bias", "hidden_bias"} <= set(shapes):
        raise ValueError(
            f"`path` must not hold a sparse autoencoder, which may subtract its bias from x; got {title} with "
            f"{reading.m} units for {reading.n} inputs. Classify the rows of its decoder, or build the ToyModel."
        )
