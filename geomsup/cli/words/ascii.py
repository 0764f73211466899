"""What is printed where only ASCII can be."""

import unicodedata

__all__ = ["plain"]

SIGNS = {
    "−": "-", "–": "-", "—": "-", "─": "-", "·": ".", "•": "*", "…": "...", "×": "x", "→": "->", "±": "+-", "°": " deg",
    "≥": ">=", "≤": "<=", "≠": "!=", "≈": "~", "≫": ">>", "√": "sqrt ", "∞": "inf", "∂": "d", "‖": "|", "Σ": "sum ",
    "λ": "lambda",
}  # fmt: skip


def plain(error: UnicodeError) -> tuple[str, int]:
    """Return ASCII for signs that cannot be encoded, and where to continue: an error handler of `codecs`.

    Examples
    --------
    >>> plain(UnicodeEncodeError("ascii", "x² ≥ é λ ☃", 0, 10, "ordinal not in range"))
    ('x2 >= e lambda ?', 10)
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_of_sign, error.object[error.start : error.end])), error.end


def _of_sign(sign: str) -> str:
    if sign in SIGNS:
        return SIGNS[sign]
    name = unicodedata.name(sign, "")
    if name.startswith("GREEK") and " LETTER " in name:
        return name.split()[-1].lower()
    return unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode() or "?"
