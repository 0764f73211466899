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
    """One experiment: what is claimed, and at which sizes it is measured.

    It opens a file, as EXPERIMENT or among EXPERIMENTS. The file's functions say how all that it declares are measured,
    drawn and judged. ``measure(lab, **size)`` returns arrays (of numbers or words) by name. What takes long goes
    through `Lab.keep` or `Lab.train`, so that a run that was stopped goes on where it was. ``draw(data)`` returns a
    matplotlib Figure, ``judge(data)`` the `Verdict`; its docstring says when the claim counts as held.

    Parameters
    ----------
    id
        Name on the command line: "E5" for the paper's, other letters for those around it.
    title, claim, source
        What it is about; what the paper or its readers say; where.
    uses
        Id of the experiment whose data this one starts from (`Lab.data_of`), if any: that one is run first.
    quick, paper
        The arguments of `measure` at the size of minutes, and at the paper's.
    module
        Where `measure`, `draw` and `judge` are found; the registry sets it.
    """

    id: str
    title: str
    claim: str
    source: str
    uses: str = ""
    quick: Mapping[str, Any] = field(default_factory=dict, repr=False)
    paper: Mapping[str, Any] = field(default_factory=dict, repr=False)
    module: Any = field(default=None, repr=False)

    @property
    def measure(self) -> Callable[..., Data]:
        """The module's function that measures."""
        return self.module.measure

    @property
    def draw(self) -> Callable[[Data], Any]:
        """The module's function that draws."""
        return self.module.draw

    @property
    def judge(self) -> Callable[[Data], Verdict]:
        """The module's function that judges."""
        return self.module.judge

    @property
    def group(self) -> str:
        """Name of the folder the experiment lives in, in words."""
        return self.module.__name__.split(".")[-2].replace("_", " ")

    def run(self, lab: Lab, size: Mapping[str, Any]) -> Data:
        """Measure; return read-only arrays."""
        data = {name: np.asarray(value) for name, value in self.measure(lab, **size).items()}
        for name, array in data.items():
            if array.dtype.hasobject:
                raise TypeError(f"`measure` must return plain arrays; {self.id}'s {name!r} holds objects. Split it.")
        return data
