"""Files that people can read: a table of numbers (.csv, .txt), or JSON."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.loading.held import Held, entry_of
from geomsup.loading.objects import held_by

__all__ = ["open_json", "open_table"]

# Tried in this order; without any of them, spaces separate.
SEPARATORS = (";", "\t", ",")


def open_table(path: Path) -> Held:
    """Return the numbers of a .csv or .txt file as W: a line is a row, and # begins a comment."""
    lines = [line.partition("#")[0].strip() for line in _text(path).splitlines()]
    lines = [line for line in lines if line]
    separator = next((sign for sign in SEPARATORS if any(sign in line for line in lines)), None)
    cells = [[cell.strip() for cell in line.split(separator)] for line in lines]
    if not cells or len({len(row) for row in cells}) != 1:
        raise ValueError(
            f"`path` must hold a table of numbers, as many in each line; got {path.name!r}. Save it with np.savetxt."
        )
    _refuse_counts(path, cells)
    return Held(repr(path.name), {"W": entry_of(np.array([[_number(path, cell) for cell in row] for row in cells]))})


def _number(path: Path, cell: str) -> float:
    try:
        if "_" not in cell:  # Python's own sign in numbers
            return float(cell)
        raise ValueError
    except ValueError:
        raise ValueError(
            f"`path` must hold numbers only; got {checks.shown(cell)} in {path.name!r}. "
            "Leave out headings and names of rows."
        ) from None


def _refuse_counts(path: Path, cells: list[list[str]]) -> None:
    """Refuse numbers of rows or columns, which table programs write beside the table, and sizes above it."""
    row, column = cells[0], [line[0] for line in cells]
    for what, ones, crosses in (("line", row, len(cells) > 1), ("column", column, len(row) > 1)):
        if crosses and len(ones) > 1 and _counts(ones):
            raise ValueError(
                f"`path` must hold weights only; the first {what} of {path.name!r} counts {ones[0]}, {ones[1]}, ... . "
                "Leave it out (pandas: header=False, index=False)."
            )
    if _numbers(row) == [float(len(cells) - 1), float(len(row))]:
        raise ValueError(
            f"`path` must hold weights only; the first line of {path.name!r} is the size of the others. Leave it out."
        )


def _counts(cells: list[str]) -> bool:
    """Whether cells are 0, 1, ... or 1, 2, 3, ..., with decimals or without."""
    counts = [[float(place + first) for place in range(len(cells))] for first in (0, 1)]
    return _numbers(cells) in (counts if len(cells) > 2 else counts[:1])


def _numbers(cells: list[str]) -> list[float] | None:
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        return None


def open_json(path: Path) -> Held:
    """Return the lists of numbers of a .json file: nested lists, or a dictionary of them."""
    try:
        content = json.loads(_text(path), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise ValueError(
            f"`path` must be a valid .json file; {path.name!r} is broken: {reason}. Save it again."
        ) from None
    return held_by(repr(path.name), content)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):  # of two, Python would keep the last
        raise ValueError("it has two entries of one name")
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(
            f"`path` must be a valid {path.suffix} file; {path.name!r} is broken: it is no text. Save it again."
        ) from None
