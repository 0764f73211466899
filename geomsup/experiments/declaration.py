"""What an experiment declares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geomsup.experiments.lab import Lab
from geomsup.experiments.verdict import Verdict

__all__ = ["Data", "Experiment"]

Data = Mapping[str, Any]  # arrays of numbers or words, or what makes one


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One experiment: what is claimed, how it is measured, drawn and judged.

    Parameters
    ----------
    id
        Name on the command line: "E5" for the paper's, other letters for those around it.
    title, claim, source
        What it is about; what the paper or its readers say; where.
    measure
        ``measure(lab, **size)`` returns arrays (of numbers or words) by name. What takes long goes through `Lab.keep`
        or `Lab.train`, so that a run that was stopped goes on where it was.
    draw
        ``draw(data)`` returns a matplotlib Figure.
    judge
        ``judge(data)`` returns the `Verdict`.
    uses
        Id of the experiment whose data this one starts from (`Lab.data_of`), if any: that one is run first.
    quick, paper
        The arguments of `measure` at the size of minutes, and at the paper's.
    """

    id: str
    title: str
    claim: str
    source: str
    measure: Callable[..., Data] = field(repr=False)
    draw: Callable[[Data], Any] = field(repr=False)
    judge: Callable[[Data], Verdict] = field(repr=False)
    uses: str = ""
    quick: Mapping[str, Any] = field(default_factory=dict, repr=False)
    paper: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def group(self) -> str:
        """Name of the folder the experiment lives in, in words."""
        return self.measure.__module__.split(".")[-2].replace("_", " ")

    def run(self, lab: Lab, size: Mapping[str, Any]) -> Data:
        """Measure; return read-only arrays."""
        data = {name: np.asarray(value) for name, value in self.measure(lab, **size).items()}
        for name, array in data.items():
            if array.dtype.hasobject:
                raise TypeError(f"`measure` must return plain arrays; {self.id}'s {name!r} holds objects. Split it.")
        return data
