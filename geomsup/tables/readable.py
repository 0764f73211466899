"""Results as plain values and back: the fields of a class by name, ready for JSON."""

from dataclasses import MISSING, Field, fields
from types import NoneType, UnionType
from typing import Any, Self, Union, get_args, get_origin, get_type_hints

import numpy as np

from geomsup import checks

__all__ = ["Readable", "plain"]


class Readable:
    """A dataclass that is written as plain values, and read back from them, also by way of JSON.

    `to_dict` gives every field its own name, as lists, numbers, texts and dictionaries. A class may add what follows
    from its fields. If it is written in other results as something else, a name say, `_from_plain` reads that.

    Examples
    --------
    >>> import geomsup as gs
    >>> found = gs.classify([[1, 0], [-1, 0], [0, 1]])
    >>> gs.Geometry.from_dict(found.to_dict()).name
    'digon + dedicated dimension'
    """

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        return {one.name: plain(getattr(self, one.name)) for one in _made(type(self))}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Build the result from what `to_dict` returned.

        Raises
        ------
        TypeError, ValueError
            If it is no dictionary, or lacks a field.
        """
        checks.holds("data", data, [one.name for one in _made(cls) if _needed(one)])
        hints = get_type_hints(cls)
        return cls(**{one.name: _read(hints[one.name], data[one.name]) for one in _made(cls) if one.name in data})

    @classmethod
    def _from_plain(cls, value: Any) -> Self:
        """Build it from what stands for it in the dictionary of another result: its own, unless a class says more."""
        return cls.from_dict(value)


def plain(value: Any) -> Any:
    """Return a value as lists, numbers, texts and dictionaries.

    Examples
    --------
    >>> plain((1, np.arange(2.0), None))
    [1, [0.0, 1.0], None]
    """
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple | list):
        return [plain(entry) for entry in value]
    return value.to_dict() if hasattr(value, "to_dict") else value


def _made(cls: type) -> list["Field[Any]"]:
    """Return the fields that a dataclass is made of."""
    return [one for one in fields(cls) if one.init]


def _needed(one: "Field[Any]") -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _read(hint: Any, value: Any) -> Any:
    """Return a plain value as what a type hint says."""
    origin, arms = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return None if value is None else _first([arm for arm in arms if arm is not NoneType], value)
    if hint is np.ndarray:
        array = np.array(value)
        array.setflags(write=False)
        return array
    if origin is tuple:
        each = [arms[0]] * len(value) if arms[-1] is Ellipsis else arms
        return tuple(_read(arm, entry) for arm, entry in zip(each, value, strict=True))
    read = getattr(hint, "_from_plain", None) or getattr(hint, "from_dict", None)
    return value if read is None else read(value)


def _first(arms: list[Any], value: Any) -> Any:
    """Return the value as the first of several types that takes it."""
    for arm in arms[:-1]:
        try:
            return _read(arm, value)
        except (TypeError, ValueError):
            continue
    return _read(arms[-1], value)
