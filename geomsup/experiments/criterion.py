"""What decides a verdict: the rule of `judge` in words, and the thresholds in it, each with its reason."""

import inspect
import sys

from geomsup.experiments.declaration import Experiment
from geomsup.experiments.reach import reached
from geomsup.experiments.registry import experiment as find
from geomsup.experiments.threshold import Threshold

__all__ = ["rule", "thresholds"]


def rule(experiment: Experiment) -> str:
    """Return the rule by which the claim holds, in words: the docstring of `judge`.

    Examples
    --------
    >>> from geomsup.experiments import experiment
    >>> rule(experiment("E1"))  # doctest: +ELLIPSIS
    "Holds if best trained models and optima ... as many features as the paper says."
    """
    told = " ".join((inspect.getdoc(experiment.judge) or "").split())
    return told.replace("Hold if", "Holds if", 1)


def thresholds(experiment: Experiment) -> dict[str, Threshold]:
    """Return the thresholds that `measure` and `judge` use, by name, with those of the experiment that it `uses`."""
    borrowed = (find(experiment.uses).measure,) if experiment.uses else ()
    places = reached(experiment.measure, experiment.judge, *borrowed)
    named = {name: getattr(sys.modules[module], name) for module, name in places}
    return {name: value for name, value in named.items() if isinstance(value, Threshold)}
