"""The plan of a sweep: what is called, along which axes, and the points that these make."""

import hashlib
import inspect
import json
import math
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import islice
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.sweeps.kinds import KINDS, called_by_name, kind_of
from geomsup.tables.readable import plain
from geomsup.version import __version__

__all__ = ["MOST_POINTS", "Plan", "make_plan"]

MOST_POINTS = 2**31  # of a sweep: which are done is kept in memory, a byte for each

MOST_VALUES = 2**20  # of an axis: the journal and every result hold them as a list

Function = Callable[..., Any]


@dataclass(frozen=True)
class Plan:
    """What is called with which arguments; a point is one value of each axis, the last axis varies fastest.

    Parameters
    ----------
    what
        One of `KINDS`, or ``module:name`` of a user's function.
    axes
        The values of each axis, by its name: numbers, texts or lists of them.
    fixed
        Arguments that all points share.
    code
        Digest of the text of a user's function; empty for those of geomsup, which the version stands for.
    function
        The user's function, or None.

    Examples
    --------
    >>> plan = Plan("train", {"probability": (0.1, 0.2), "seed": (0, 1)}, {"n_features": 2})
    >>> plan.size, plan.point(1)
    (4, {'n_features': 2, 'probability': 0.1, 'seed': 1})
    """

    what: str
    axes: dict[str, tuple[Any, ...]]
    fixed: dict[str, Any]
    code: str = ""
    function: Function | None = field(default=None, compare=False, repr=False)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return tuple(len(values) for values in self.axes.values())

    @property
    def size(self) -> int:
        """Number of points."""
        return math.prod(self.shape)

    def labels(self, position: int) -> dict[str, Any]:
        """Return the value of each axis at a point."""
        index = np.unravel_index(position, self.shape)
        return {name: values[i] for (name, values), i in zip(self.axes.items(), index, strict=True)}

    def point(self, position: int) -> dict[str, Any]:
        """Return the arguments of a point."""
        return self.fixed | self.labels(position)

    def id(self, position: int) -> str:
        """Return a hash of what is called at a point, with which arguments, and of the version."""
        return _digest([__version__, self.what, self.code, self.point(position)])

    def description(self) -> dict[str, Any]:
        """Return the plan as plain values: what a journal is compared with."""
        axes = [[name, list(values)] for name, values in self.axes.items()]  # their order is that of positions
        return {"geomsup": __version__, "what": self.what, "code": self.code, "axes": axes, "fixed": self.fixed}

    @classmethod
    def from_description(cls, data: Mapping[str, Any]) -> "Plan":
        """Return the plan of a description, without the user's function."""
        axes = {name: tuple(values) for name, values in data["axes"]}
        return cls(data["what"], axes, dict(data["fixed"]), data["code"])


def make_plan(what: Any, axes: Any, fixed: Mapping[str, Any]) -> Plan:
    """Return the plan of a sweep, checked.

    Raises
    ------
    TypeError, ValueError
        If `what` cannot be swept, an axis is empty or holds objects, or an argument is missing or unknown.
    """
    name, function = _callee(what)
    if not isinstance(axes, Mapping) or not axes:
        raise TypeError(f"`axes` must be values by name; got {checks.shown(axes)}. Pass {{'seed': range(5)}}, say.")
    made = {str(axis): _values(axis, values) for axis, values in axes.items()}
    for both in made.keys() & fixed.keys():
        raise ValueError(f"`{both}` must be an axis or fixed; got both. Leave one out.")
    shared = {key: _plain(f"`{key}`", value) for key, value in fixed.items()}
    plan = Plan(name, made, shared, "" if function is None else _code(function), function)
    if plan.size > MOST_POINTS:
        raise ValueError(f"`axes` must make at most {MOST_POINTS} points; got {plan.size}. Split the sweep.")
    if function is None:
        KINDS[name].check(name, plan.point(0))
    else:
        _fits(name, function, plan.point(0))
    return plan


def _callee(what: Any) -> tuple[str, Function | None]:
    """Return the name of what is called, and the function if it is the user's."""
    if isinstance(what, str) and ":" not in what:
        return checks.one_of("what", what, tuple(KINDS)), None
    function = called_by_name(what) if isinstance(what, str) else what
    if not callable(function):
        raise TypeError(f"`what` must be a function or one of {', '.join(KINDS)}; got {checks.shown(what)}. Pass one.")
    kind = kind_of(function)
    if kind is not None:
        return kind, None
    name = getattr(function, "__qualname__", type(function).__name__)
    return f"{getattr(function, '__module__', '?')}:{name}", function


def _values(axis: Any, values: Any) -> tuple[Any, ...]:
    if not isinstance(axis, str):
        raise TypeError(f"`axes` must have texts as names; got {checks.shown(axis)}. Name each argument.")
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        raise TypeError(f"`{axis}` must be a list of values; got {checks.shown(values)}. Pass several, or fix it.")
    if isinstance(values, Set):  # texts in it come in another order in another process: it would not go on
        raise TypeError(f"`{axis}` must have an order; got {checks.shown(values)}. Pass sorted(...), or a list.")
    taken = list(islice(values, MOST_VALUES + 1))  # a range may be too long for the memory, and a generator endless
    if len(taken) > MOST_VALUES:
        raise ValueError(f"`{axis}` must have at most {MOST_VALUES} values; got more. Split the sweep.")
    found = tuple(_plain(f"`{axis}`", value) for value in taken)
    if not found:
        raise ValueError(f"`{axis}` must have at least one value; got none. Pass the values to sweep.")
    seen = {json.dumps(float(value) if type(value) is int else value) for value in found}  # 1 and 1.0 are the same
    if len(seen) < len(found):
        raise ValueError(f"`{axis}` must have different values; got {checks.shown(list(found))}. Pass each once.")
    return found


def _plain(name: str, value: Any) -> Any:
    """Return a value as JSON has it: numbers, texts, lists, and what has `to_dict`."""
    value = value.item() if isinstance(value, np.generic) else plain(value)
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} must hold finite numbers, texts or lists; got {checks.shown(value)}. Make others in the function."
        ) from None
    return value


def _code(function: Function) -> str:
    """Return a digest of a function's text and what it holds; empty where there is no text, as for compiled ones."""
    if isinstance(function, partial):
        return _digest([_code(function.func), *(_held(one) for one in (function.args, function.keywords))])
    try:
        held = inspect.getclosurevars(function).nonlocals if getattr(function, "__closure__", None) else {}
        return _digest([inspect.getsource(function), _held(held)])
    except (OSError, TypeError, ValueError):
        return ""


def _held(values: Any) -> str:
    """Return values as a text that is the same in every process: objects are known by their type alone."""
    return json.dumps(plain(values), sort_keys=True, default=lambda one: type(one).__qualname__)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _fits(name: str, function: Function, point: Mapping[str, Any]) -> None:
    """Refuse arguments that a user's function does not take."""
    try:
        inspect.signature(function).bind(**point)
    except TypeError as error:
        raise TypeError(f"`axes` must be arguments of {name}, which got {', '.join(point)}: {error}.") from None
    except ValueError:  # a function that does not tell what it takes
        pass
