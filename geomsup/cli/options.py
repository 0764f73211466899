"""Options that several commands take."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

__all__ = ["Ends", "Json", "Numbers", "Output", "one_or_all"]

Json = Annotated[bool, Parameter("--json", negative="", help="Print JSON instead of a table.")]
Output = Annotated[Path | None, Parameter(("--output", "-o"), help="Also write the result to this file.")]
Ends = Annotated[tuple[float, float], Parameter(negative="")]
Numbers = Annotated[list[float] | None, Parameter(consume_multiple=True, negative="")]


def one_or_all(values: list[float] | None, default: Any) -> Any:
    """Return a flag's only value by itself, several as a list, and the default where the flag is absent."""
    if values is None:
        return default
    return values[0] if len(values) == 1 else values
