"""The entries of the table on disk: what is in a row, and which rows there are."""

import csv
from decimal import ROUND_FLOOR, Context
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np

from geomsup.files import replacing

__all__ = ["DENSITIES", "FILE", "LARGEST", "RANKS", "Entry", "entries", "write_entries"]

DENSITIES = (
    0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.125, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6,
    0.7, 0.8, 0.9, 0.95, 0.99,
)  # fmt: skip
LARGEST, RANKS = 12, (1, 2, 3, 4)  # most features; dimensions
DIGITS = 10  # of weights and biases: it changes the loss of a minimum by 1e-20
FILE = files("geomsup.optima.tabulated") / "data" / "blocks.csv"
COLUMNS = ("n_features", "n_hidden", "probability", "loss", "lower_bound", "geometry", "next", "crossing", "W", "b")


class Entry(NamedTuple):
    """A row: the best model of n features in m dimensions at probability p.

    If the next density has another geometry, `next` is "first order", and both lose the same at the probability
    `crossing`, or "not located". Else it is empty.
    """

    n: int
    m: int
    p: float
    loss: float
    lower_bound: float
    geometry: str
    next: str
    crossing: float | None
    W: np.ndarray
    b: np.ndarray


@cache
def entries() -> dict[tuple[int, int, float], Entry]:
    """Return all rows by features, dimensions and probability."""
    rows = [_entry(row) for row in csv.DictReader(FILE.read_text(encoding="utf-8").splitlines())]
    return {(row.n, row.m, row.p): row for row in rows}


def _rounded_down(bound: float) -> str:
    """Return six digits of a bound, not above it."""
    return f"{float(Context(prec=6, rounding=ROUND_FLOOR).create_decimal_from_float(bound)):.6g}"


def write_entries(rows: list[Entry], file: Path) -> None:
    """Write rows as CSV; weights are in one cell, row by row, with spaces between them."""
    with replacing(file) as new, new.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            crossing = "" if row.crossing is None else f"{row.crossing:.9g}"
            numbers = (f"{row.loss:.15g}", _rounded_down(row.lower_bound))
            cells = (row.n, row.m, row.p, *numbers, row.geometry, row.next, crossing, _text(row.W), _text(row.b))
            writer.writerow(cells)


def _entry(row: dict[str, str]) -> Entry:
    n, m = int(row["n_features"]), int(row["n_hidden"])
    W, b = np.array(row["W"].split(), float).reshape(n, m), np.array(row["b"].split(), float)
    crossing = float(row["crossing"]) if row["crossing"] else None
    return Entry(
        n, m, float(row["probability"]), float(row["loss"]), float(row["lower_bound"]), row["geometry"], row["next"],
        crossing, W, b,
    )  # fmt: skip


def _text(numbers: np.ndarray) -> str:
    return " ".join(f"{x:.{DIGITS}g}" for x in numbers.ravel())
