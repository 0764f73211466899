"""The paper's experiments, and those around it: declared one to a file, run and judged by one small engine."""

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.engine import reproduce
from geomsup.experiments.lab import Lab
from geomsup.experiments.registry import experiment, experiments
from geomsup.experiments.report import Report
from geomsup.experiments.verdict import Verdict

__all__ = ["Data", "Experiment", "Lab", "Report", "Verdict", "experiment", "experiments", "reproduce"]
