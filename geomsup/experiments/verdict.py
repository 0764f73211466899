"""The verdict of an experiment on its claim."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from geomsup.checks import one_of, shown

__all__ = ["FAILS", "HOLDS", "STATUSES", "VARIES", "Verdict", "decide"]

HOLDS, VARIES, FAILS = "holds", "holds with other numbers", "does not hold"
STATUSES = (HOLDS, VARIES, FAILS)


@dataclass(frozen=True)
class Verdict:
    """Whether a claim holds, and the numbers that say so.

    Parameters
    ----------
    status
        "holds", "holds with other numbers" or "does not hold".
    summary
        What was measured, in a sentence or two.
    numbers
        The figures by name.
    checks
        Methods by which the verdict was reached; one of "does not hold" needs two independent ones.
    compared
        What is published and what was measured, two sentences for each thing stated.

    Raises
    ------
    ValueError
        If the status is unknown, there are no numbers, or the status is "does not hold" with fewer than two checks.
    TypeError
        If `summary`, `numbers`, `checks` or `compared` are of another kind.

    Examples
    --------
    >>> Verdict("holds", "All 10 are pentagons.", {"pentagons": 10}).status
    'holds'
    >>> import geomsup as gs
    >>> verdict = gs.Verdict("holds", "Exact losses equal the formulas.", {"deviation": 1e-16}, ("formulas",))
    >>> gs.Verdict.from_dict(verdict.to_dict()) == verdict
    True
    """

    status: str
    summary: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    checks: tuple[str, ...] = ()
    compared: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        one_of("status", self.status, STATUSES)
        if not isinstance(self.summary, str):
            raise TypeError(f"`summary` must be a sentence; got {shown(self.summary)}. Pass a string.")
        if not isinstance(self.checks, list | tuple):
            raise TypeError(f"`checks` must be a tuple of methods; got {shown(self.checks)}. Name each in words.")
        if not isinstance(self.numbers, Mapping):
            raise TypeError(f"`numbers` must be figures by name; got {shown(self.numbers)}. Pass a dictionary.")
        if not (isinstance(self.compared, Mapping) and all(_is_pair(pair) for pair in self.compared.values())):
            raise TypeError(
                "`compared` must be pairs of sentences, published and measured, by what they are about; got "
                f"{shown(self.compared)}. Pass a dictionary of such pairs."
            )
        if not self.numbers:
            raise ValueError("`numbers` must hold what the verdict rests on; got none. Pass the figures measured.")
        if self.status == FAILS and len(self.checks) < 2:
            raise ValueError(
                f"`checks` must name two independent methods where a claim does not hold; got {len(self.checks)}. "
                "Check it another way first."
            )
        object.__setattr__(self, "numbers", {name: float(value) for name, value in self.numbers.items()})
        object.__setattr__(self, "compared", {about: tuple(pair) for about, pair in self.compared.items()})

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON; figures that are not finite become null."""
        finite = {k: v if abs(v) < float("inf") else None for k, v in self.numbers.items()}
        plain = {"status": self.status, "summary": self.summary, "numbers": finite, "checks": list(self.checks)}
        return plain | {"compared": {about: list(pair) for about, pair in self.compared.items()}}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Verdict":
        """Return the verdict that `to_dict` wrote."""
        numbers = {k: float("nan") if v is None else v for k, v in data["numbers"].items()}
        # Reports of before there were comparisons have none.
        return cls(data["status"], data["summary"], numbers, tuple(data["checks"]), data.get("compared", {}))


def _is_pair(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(part, str) for part in value)


def decide(holds: Any, varies: Any = False) -> str:
    """Return the status of a claim that holds as stated, or at least with other numbers."""
    return HOLDS if holds else VARIES if varies else FAILS
