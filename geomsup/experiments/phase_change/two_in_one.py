"""E5: two features in one dimension, trained over the plane of density and importance."""

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.phase_change.planes import draw_plane, judge_plane, measure_plane

__all__ = ["EXPERIMENT", "measure"]


def measure(lab: Lab, cells: int, fine: int, models: int, steps: int) -> Data:
    """Train two features in one dimension."""
    return measure_plane(lab, 2, 1, cells, fine, models, steps)


EXPERIMENT = Experiment(
    id="E5",
    title="Phase change, trained: 2 features in 1 dimension",
    claim="The extra feature is not represented, stored in superposition, or given the dimension, in three regions "
    "with sharp borders.",
    source="Elhage et al. 2022, Superposition as a phase change",
    measure=measure,
    draw=draw_plane,
    judge=judge_plane,
    quick={"cells": 13, "fine": 4, "models": 10, "steps": 1500},
    paper={"cells": 41, "fine": 2, "models": 10, "steps": 5000},
)
