"""The shapes we can name: regular polygons, simplices, cross-polytopes and a few solids."""

from geomsup.shapes.polytope import Polytope  # isort: skip  (first: the module must not hide the function)
from geomsup.shapes.catalogue import candidates, polytope, polytopes

__all__ = ["Polytope", "candidates", "polytope", "polytopes"]
