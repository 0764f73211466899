"""Phase diagrams: where the optimum changes its structure, and how."""

from geomsup.phases.crossings import Crossing, crossing
from geomsup.phases.diagram import PhaseDiagram, phase_diagram
from geomsup.phases.prediction import PaperPrediction, paper_prediction
from geomsup.phases.transition import Transition

__all__ = [
    "Crossing",
    "PaperPrediction",
    "PhaseDiagram",
    "Transition",
    "crossing",
    "paper_prediction",
    "phase_diagram",
]
