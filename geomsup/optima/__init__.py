"""The theoretical optimum: the lowest expected loss a model of given size can have."""

from geomsup.optima.optimum import Block, Optimum, optimum

__all__ = ["Block", "Optimum", "optimum"]
