"""The table of best blocks: the best models found of up to 12 features in up to 4 dimensions, at 25 densities."""

from geomsup.optima.tabulated.table import BlockTable, TabulatedBlock, block_table

__all__ = ["BlockTable", "TabulatedBlock", "block_table"]
