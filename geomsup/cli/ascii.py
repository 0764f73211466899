"""What is printed where only ASCII can be."""

import unicodedata

__all__ = ["plain"]

SIGNS = {
    "−": "-", "–": "-", "—": "-", "─": "-", "·": ".", "•": "*", "…": "...", "×": "x", "→": "->", "≥": ">=", "≤": "<=",
    "≠": "!=", "≈": "~", "±": "+-", "√": "sqrt", "∞": "inf", "Σ": "sum", "σ": "sigma", "π": "pi", "ε": "eps",
    "λ": "lambda", "φ": "phi", "‖": "|",
}  # fmt: skip


def plain(error: UnicodeError) -> tuple[str, int]:
    """Return ASCII for what could not be encoded, and where to go on: an error handler of `codecs`.

    Examples
    --------
    >>> plain(UnicodeEncodeError("ascii", "x² ≥ é ☃", 0, 8, "ordinal not in range"))
    ('x2 >= e ?', 8)
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_of_sign, error.object[error.start : error.end])), error.end


def _of_sign(sign: str) -> str:
    simple = SIGNS.get(sign) or unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return simple or "?"
