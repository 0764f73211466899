"""Results as tables: rows of plain values, a data frame of them, and HTML for notebooks."""

from abc import ABC, abstractmethod
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup.checks import pip_install

if TYPE_CHECKING:
    import pandas  # pyright: ignore[reportMissingImports]

__all__ = ["Tabular", "html_table"]

MOST_ROWS = 30  # of a table in a notebook: more scroll the page away
DIGITS = 6  # significant digits there


class Tabular(ABC):
    """What has rows: it converts to a data frame, and shows the rows in a notebook.

    Examples
    --------
    >>> from importlib.util import find_spec
    >>> from geomsup import Features
    >>> rows = Features(2, 0.1).to_rows()
    >>> if find_spec("pandas"):  # the extra "tables"
    ...     assert list(Features(2, 0.1).to_dataframe().columns) == list(rows[0])
    >>> [row["probability"] for row in rows]
    [0.1, 0.1]
    """

    @abstractmethod
    def to_rows(self) -> list[dict[str, Any]]:
        """Return the rows of the table as dictionaries of plain values, all with the same keys."""

    def to_dataframe(self) -> "pandas.DataFrame":
        """Return `to_rows` as a data frame; needs pandas, the extra ``tables``.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        try:
            import pandas  # pyright: ignore[reportMissingImports]
        except ImportError:
            raise ImportError(
                f"`to_dataframe` needs pandas, which is not installed. Run: {pip_install('geomsup[tables]')}"
            ) from None
        return pandas.DataFrame(self.to_rows())

    def _repr_html_(self) -> str:
        return html_table(repr(self), self.to_rows())


def html_table(caption: str, rows: list[dict[str, Any]]) -> str:
    """Return rows as an HTML table, of which the first 30 are shown.

    Examples
    --------
    >>> html_table("a < b", [{"name": "x", "value": 1.23456789}])
    '<table><caption>a &lt; b</caption><tr><th>name</th><th>value</th></tr><tr><td>x</td><td>1.23457</td></tr></table>'
    """
    head = _line("th", list(rows[0])) if rows else ""
    body = "".join(_line("td", list(row.values())) for row in rows[:MOST_ROWS])
    more = _line("td", [f"... and {len(rows) - MOST_ROWS} more"]) if len(rows) > MOST_ROWS else ""
    return f"<table><caption>{escape(caption)}</caption>{head}{body}{more}</table>"


def _line(kind: str, cells: list[Any]) -> str:
    return "<tr>" + "".join(f"<{kind}>{escape(_cell(cell))}</{kind}>" for cell in cells) + "</tr>"


def _cell(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return f"{value:.{DIGITS}g}"
    return "-" if value is None else str(value)
