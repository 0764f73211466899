"""Results as tables: rows of plain values, data frames, and HTML for notebooks."""

from geomsup.tables.tabular import Tabular, html_table

__all__ = ["Tabular", "html_table"]
