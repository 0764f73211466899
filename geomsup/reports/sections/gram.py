"""Section: inner products of all pairs of rows, W Wᵀ, in the order of the components."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geomsup.reports.chosen import Group, chosen_rows
from geomsup.reports.png import data_address, signed_png

if TYPE_CHECKING:
    from geomsup.recognition import Discoveries, Geometry
    from geomsup.reports.colours import Colours

__all__ = ["Frame", "Gram", "gram"]

# More rows would be narrower than what a screen shows.
MOST_ROWS = 400

# Rows that get numbers at the edges.
MOST_NUMBERED = 40


@dataclass(frozen=True)
class Frame:
    """Where a component is: first row, number of rows, its name."""

    start: int
    size: int
    name: str


@dataclass(frozen=True, eq=False)
class Gram:
    """The matrix as a picture.

    Attributes
    ----------
    features
        Rows shown, in order.
    values
        Their inner products.
    limit
        Where colours are full: the median squared length of the rows.
    picture
        Its address, which holds it.
    """

    sentence: str
    remark: str | None
    features: tuple[int, ...]
    values: np.ndarray
    limit: float
    picture: str
    frames: tuple[Frame, ...]
    numbered: bool


def gram(geometry: "Geometry", colours: "Colours", discoveries: "Discoveries | None" = None) -> Gram:
    """Return the picture of W Wᵀ, of at most 400 rows.

    Examples
    --------
    >>> import geomsup as gs
    >>> from geomsup.reports.colours import colours_of
    >>> found = gs.classify([[1, 0], [0, 1], [-1, 0], [0, -1]])
    >>> gram(found, colours_of(found)).features
    (0, 2, 1, 3)
    """
    shown = chosen_rows(geometry, colours, discoveries, MOST_ROWS)
    rows, shared = shown.rows(geometry)
    values = rows @ rows.T
    squares = np.diagonal(values)
    limit = float(np.median(squares[squares > 0])) if (squares > 0).any() else 1.0
    return Gram(
        sentence="Each small square is the inner product of two features' directions: blue where they support each "
        "other, red where they oppose each other, empty where they do not interfere. A framed block is a component.",
        remark=" ".join(filter(None, (shown.remark, shared))) or None,
        features=shown.features,
        values=values,
        limit=limit,
        picture=data_address(signed_png(values, limit)) if len(rows) else "",
        frames=tuple(_frames(shown.groups)),
        numbered=len(rows) <= MOST_NUMBERED,
    )


def _frames(groups: tuple[Group, ...]) -> list[Frame]:
    starts = np.cumsum([0, *(len(group.features) for group in groups)])
    return [
        Frame(int(start), len(group.features), group.name)
        for start, group in zip(starts, groups, strict=False)
        if len(group.features) > 1
    ]
