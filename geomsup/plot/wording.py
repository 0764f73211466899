"""Names as they stand in figures."""

from textwrap import fill
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geomsup.recognition import Geometry

__all__ = ["described", "wrap"]


def described(geometry: "Geometry") -> str:
    """Return the geometry's name, saying so when a shape is far from regular."""
    distorted = any(component.variant == "distorted" for component in geometry.components)
    return f"distorted {geometry.name}" if distorted else geometry.name


def wrap(name: str, width: int = 24) -> str:
    """Break a name into lines, the parts of a compound such as "octahedron (3 digons)" on their own."""
    lines = name.replace(" (", "\n(").split("\n")
    return "\n".join(fill(line, width, break_long_words=False) for line in lines)
