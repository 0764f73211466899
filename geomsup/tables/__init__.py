"""Results as tables (rows, data frames, HTML for notebooks), and read back from plain values."""

from geomsup.tables.readable import Readable
from geomsup.tables.tabular import Tabular, html_table

__all__ = ["Readable", "Tabular", "html_table"]
