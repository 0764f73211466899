"""What decides a verdict: the judge's rule in words, and the thresholds in it, each with its reason."""

import inspect
import sys

from geomsup.experiments.declaration import Experiment
from geomsup.experiments.reach import reached
from geomsup.experiments.registry import experiment as find
from geomsup.experiments.threshold import Threshold

__all__ = ["rule", "thresholds"]


def rule(experiment: Experiment) -> str:
    """Return when the claim counts as held, in words: what the judge says of itself.

    Examples
    --------
    >>> from geomsup.experiments import experiment
    >>> rule(experiment("E1"))
    "Holds if the three geometries are the paper's, trained and optimal."
    """
    told = " ".join((inspect.getdoc(experiment.judge) or "").split())
    return told.replace("Hold if", "Holds if", 1)


def thresholds(experiment: Experiment) -> dict[str, Threshold]:
    """Return the thresholds that measuring and judging reach, by name, and those of the experiment that it uses."""
    borrowed = (find(experiment.uses).measure,) if experiment.uses else ()
    places = reached(experiment.measure, experiment.judge, *borrowed)
    named = {name: getattr(sys.modules[module], name) for module, name in places}
    return {name: value for name, value in named.items() if isinstance(value, Threshold)}
