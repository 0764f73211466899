"""The shapes that have names: convex uniform polytopes, generated from their diagrams, and a few others."""

from geomsup.shapes.polytope import Polytope  # isort: skip  (first: the module must not hide the function)
from geomsup.shapes.catalogue import candidates, polytope, polytopes

__all__ = ["Polytope", "candidates", "polytope", "polytopes"]
