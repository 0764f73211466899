"""What a symmetry group does with the points: a ring for each orbit, an arrow for each move."""

from typing import TYPE_CHECKING

import numpy as np

from geomsup.plot.given import result
from geomsup.plot.palette import INK, PALETTE
from geomsup.plot.panels import one

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.isometries import Symmetry

__all__ = ["plot_orbits"]

MOST_NUMBERED = 60
GAP = 1.0  # between rings, in units of the room that a point takes along its ring
BEND = 0.15  # of arrows, so that those of both directions part


def plot_orbits(symmetry: "Symmetry", *, ax: "Axes | None" = None) -> "Axes":
    """Draw each orbit as a ring of points, and where the generators of the group bring them; return the axes.

    All moves of a generator have one colour. Following the arrows leads from a point to every point of its orbit. A
    point without an arrow of a colour stays where it is; two arrows in opposite directions change places.

    Parameters
    ----------
    symmetry
        What `symmetry` returned.
    ax
        Axes to draw on; new ones by default.

    Examples
    --------
    >>> import geomsup as gs
    >>> ax = plot_orbits(gs.symmetry([[0, 0, 1], [1, 0, 0], [0, 1, 0]]))
    >>> ax.get_title(), [text.get_text() for text in ax.texts if text.get_text()]
    ('C3v, order 6', ['0', '1', '2'])
    """
    result("symmetry", symmetry, "Symmetry")
    ax = one(ax, (4.4, 4.4))
    places = _placed(symmetry)
    for k, moves in enumerate(symmetry.generators):
        for i in np.flatnonzero(moves != np.arange(len(moves))):
            ax.annotate(
                "", tuple(places[moves[i]]), tuple(places[i]),
                arrowprops={"arrowstyle": "-|>", "color": PALETTE[k % len(PALETTE)], "lw": 1.0, "shrinkA": 7,
                            "shrinkB": 7, "connectionstyle": f"arc3,rad={BEND * (1 + k)}"},
            )  # fmt: skip
    numbered = len(places) <= MOST_NUMBERED
    ax.scatter(*places.T, s=130 if numbered else 20, color="white", edgecolors=INK, linewidths=1.2, zorder=3)
    for i in range(len(places) if numbered else 0):
        ax.annotate(str(i), tuple(places[i]), ha="center", va="center", fontsize=7, color=INK, zorder=4)
    name = f"{symmetry.schoenflies}, " if symmetry.schoenflies else ""
    ax.set(aspect="equal", xticks=[], yticks=[], title=f"{name}order {symmetry.order}")
    ax.margins(0.15)
    ax.spines[:].set_visible(False)
    return ax


def _placed(symmetry: "Symmetry") -> np.ndarray:
    """Return where each point is: rings side by side, points along the cycles of the generator with the longest one."""
    places, right = np.zeros((sum(map(len, symmetry.orbits)), 2)), 0.0
    for orbit in symmetry.orbits:
        ring = _in_cycles(orbit, symmetry.generators)
        radius = 0.0 if len(ring) == 1 else max(len(ring) / (2 * np.pi), 0.5)
        turns = np.pi / 2 - 2 * np.pi * np.arange(len(ring)) / len(ring)
        places[ring] = np.stack([right + radius * (1 + np.cos(turns)), radius * np.sin(turns)], axis=1)
        right += 2 * radius + GAP
    return places


def _in_cycles(orbit: tuple[int, ...], generators: np.ndarray) -> list[int]:
    """Return the points of an orbit, cycle after cycle of the generator that has the longest."""
    ways = [_cycles(orbit, moves) for moves in generators]
    return [i for cycle in max(ways, key=lambda cycles: len(cycles[0]), default=[list(orbit)]) for i in cycle]


def _cycles(orbit: tuple[int, ...], moves: np.ndarray) -> list[list[int]]:
    """Return the cycles of a permutation within an orbit, the longest first."""
    left, cycles = set(orbit), []
    for first in orbit:
        cycle, at = [], first
        while at in left:
            left.remove(at)
            cycle.append(at)
            at = int(moves[at])
        cycles += [cycle] if cycle else []
    return sorted(cycles, key=len, reverse=True)
