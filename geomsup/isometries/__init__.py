"""The isometries of a set of points: orders, orbits, point groups."""

from geomsup.isometries.search import Isometries, find_isometries
from geomsup.isometries.symmetry import Symmetry, symmetry

__all__ = ["Isometries", "Symmetry", "find_isometries", "symmetry"]
