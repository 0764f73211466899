"""The theoretical optimum: the lowest expected loss that a model of a given size can have."""

from geomsup.optima.optimum import optimum
from geomsup.optima.result import Block, Optimum
from geomsup.optima.tabulated import BlockTable, TabulatedBlock, block_table

__all__ = ["Block", "BlockTable", "Optimum", "TabulatedBlock", "block_table", "optimum"]
