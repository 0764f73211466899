"""A trained model compared with the theoretical optimum, component by component."""

from geomsup.comparison.comparison import Comparison, Comparisons, compare

__all__ = ["Comparison", "Comparisons", "compare"]
