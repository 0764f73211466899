"""E7: three features in two dimensions, trained over the plane of density and importance."""

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.phase_change.planes import draw_plane, judge_plane, measure_plane

__all__ = ["EXPERIMENT", "measure"]


def measure(lab: Lab, cells: int, fine: int, models: int, steps: int) -> Data:
    """Train three features in two dimensions."""
    return measure_plane(lab, 3, 2, cells, fine, models, steps)


EXPERIMENT = Experiment(
    id="E7",
    title="Phase change, trained: 3 features in 2 dimensions",
    claim="The extra feature is not represented, stored in superposition, or given a dimension of its own, in three "
    "regions with sharp borders.",
    source="Elhage et al. 2022, Superposition as a phase change",
    measure=measure,
    draw=draw_plane,
    judge=judge_plane,
    quick={"cells": 11, "fine": 2, "models": 10, "steps": 2000},
    paper={"cells": 41, "fine": 2, "models": 10, "steps": 5000},
)
