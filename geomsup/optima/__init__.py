"""The theoretical optimum: the lowest expected loss that a model of a given size can have."""

from geomsup.optima.optimum import optimum
from geomsup.optima.result import Block, Optimum

__all__ = ["Block", "Optimum", "optimum"]
