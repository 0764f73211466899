"""Experiments of the paper and others about it: each is declared in a file of its own, and one engine runs them."""

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.engine import reproduce
from geomsup.experiments.lab import Lab
from geomsup.experiments.registry import experiment, experiments
from geomsup.experiments.report import Report
from geomsup.experiments.verdict import Verdict

__all__ = ["Data", "Experiment", "Lab", "Report", "Verdict", "experiment", "experiments", "reproduce"]
