"""The declaration of an experiment: what it claims, and at which sizes it is measured."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geomsup.experiments.lab import Lab
from geomsup.experiments.verdict import Verdict

__all__ = ["Data", "Experiment"]

Data = Mapping[str, Any]  # arrays of numbers or words, or what NumPy makes arrays of


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One experiment: what is claimed, and at which sizes it is measured.

    It opens a file, as EXPERIMENT or in EXPERIMENTS. The functions of this file serve all experiments that it declares:
    ``measure(lab, **size)`` returns arrays (of numbers or words) by name, ``draw(data)`` a matplotlib Figure, and
    ``judge(data)`` the `Verdict`. The docstring of `judge` says when the claim holds. Long computations in `measure` go
    through `Lab.keep` or `Lab.train`: a run that was stopped then continues where it was.

    Parameters
    ----------
    id
        Name on the command line: "E5" for an experiment of the paper, other letters for others.
    title, claim, source
        What it is about; what the paper or its readers claim; where they do.
    uses
        Id of the experiment whose data this one starts from (`Lab.data_of`), if any: that one is run first.
    quick, paper
        The arguments of `measure` for a run of about a minute, and at the paper's size.
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
        """Name of the experiment's folder, in words."""
        return self.module.__name__.split(".")[-2].replace("_", " ")

    def run(self, lab: Lab, size: Mapping[str, Any]) -> Data:
        """Return the arrays that `measure` returns, by name."""
        data = {name: np.asarray(value) for name, value in self.measure(lab, **size).items()}
        for name, array in data.items():
            if array.dtype.hasobject:
                raise TypeError(f"`measure` must return plain arrays; {self.id}'s {name!r} holds objects. Split it.")
        return data
