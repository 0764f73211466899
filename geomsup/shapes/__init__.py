"""The shapes that have names: convex uniform polytopes, generated from their diagrams, and a few others."""

from geomsup.shapes.polytope import Polytope  # isort: skip  (first: the module must not hide the function)
from geomsup.shapes.catalogue import candidates, polytope, polytopes
from geomsup.shapes.duals import dual
from geomsup.shapes.polyhedra import solids

__all__ = ["Polytope", "candidates", "dual", "polytope", "polytopes", "solids"]
