"""Results as text: a headline, and a table of the rows that matter most."""

from abc import abstractmethod
from typing import Any

from geomsup.tables import Readable, Tabular

__all__ = ["Listed", "p_value", "table"]

# Lines of the table that is printed; further rows are counted.
MOST_LINES = 20


class Listed(Readable, Tabular):
    """A result with rows, which prints as a headline and its first rows."""

    @property
    @abstractmethod
    def headline(self) -> str:
        """What was found, in one sentence of at most 40 words."""

    @abstractmethod
    def _lines(self) -> list[tuple[str, ...]]:
        """Return the table as it is printed, headings first."""

    def __str__(self) -> str:
        return "\n".join([self.headline, *table(self._lines())])

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.headline}>"


def table(lines: list[tuple[str, ...]]) -> list[str]:
    """Return lines of text, with columns below each other; the first line has the headings.

    Examples
    --------
    >>> table([("pair", "cosine"), ("0, 12", "0.9"), ("1, 3", "0.8")])
    ['  pair   cosine', '  0, 12  0.9', '  1, 3   0.8']
    >>> table([("pair",)])
    []
    """
    if len(lines) < 2:
        return []
    shown = lines[: MOST_LINES + 1]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    rest = [f"  and {len(lines) - len(shown)} more"] if len(lines) > len(shown) else []
    return ["  " + "  ".join(map(str.ljust, line, widths)).rstrip() for line in shown] + rest


def p_value(value: Any) -> str:
    """Return a p-value as text.

    Examples
    --------
    >>> p_value(0.0314), p_value(1.5e-12), p_value(0.0)
    ('0.031', '1.5e-12', '< 1e-300')
    """
    if value < 1e-300:  # smaller ones underflow
        return "< 1e-300"
    return f"{value:.2g}" if value >= 1e-3 else f"{value:.1e}"
