"""Options that several commands take."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter, Token

from geomsup import checks

__all__ = [
    "Ends", "Json", "NotWhole", "Numbers", "Output", "Texts", "Whole", "grid", "one_or_all", "present_share",
]  # fmt: skip


class NotWhole(ValueError):
    """The error of a text that is no whole number; the parser adds the name of the option."""


def _whole(_: Any, tokens: Sequence[Token]) -> int | None:
    """Read a whole number; 5.9 is none, though the parser would round it."""
    text = tokens[0].value
    if text.lower() == "none":
        return None
    try:
        return int(text)
    except ValueError:
        raise NotWhole(f"must be a whole number; got {text[:40]!r}. Write it in digits.") from None


Whole = Annotated[int, Parameter(converter=_whole)]

Json = Annotated[bool, Parameter("--json", negative="", help="Print JSON instead of a table.")]
Output = Annotated[Path | None, Parameter(("--output", "-o"), help="Also write the result to this file.")]
Ends = Annotated[tuple[float, float], Parameter(negative="")]
MOST_POINTS = 1000  # along an axis
Numbers = Annotated[list[float] | None, Parameter(consume_multiple=True, negative="")]
Texts = Annotated[list[str] | None, Parameter(consume_multiple=True, negative="")]


def grid(option: str, ends: tuple[float, float], points: Any, fewest: int = 1) -> np.ndarray:
    """Return points from one end to the other, evenly spaced in the logarithm."""
    points = checks.integer("--points", points, minimum=fewest, maximum=MOST_POINTS)
    for end in ends:
        checks.positive_number(option, end)
    return np.geomspace(*ends, points).clip(min(ends), max(ends))


def one_or_all(values: list[float] | None, default: Any) -> Any:
    """Return a flag's only value by itself, several as a list, and the default where the flag is absent."""
    if values is None:
        return default
    return values[0] if len(values) == 1 else values


def present_share(
    probability: Sequence[float] | None, sparsity: Sequence[float] | None, suffix: str = ""
) -> list[float] | None:
    """Return probabilities as one of two flags states them; a sparsity of 0.9 is 0.1, without rounding.

    Examples
    --------
    >>> present_share(None, [0.9, 0.99])
    [0.1, 0.01]
    """
    if probability is not None and sparsity is not None:
        raise ValueError(
            f"`--sparsity{suffix}` must not come with `--probability{suffix}`, which is 1 - sparsity; got both. "
            "Leave one out."
        )
    if sparsity is None:
        return None if probability is None else list(probability)
    for value in sparsity:
        if not 0 <= value <= 1:
            raise ValueError(f"`--sparsity{suffix}` must be in [0, 1]; got {value:g}. Write P(feature is absent).")
    return [float(1 - Fraction(repr(float(value)))) for value in sparsity]
