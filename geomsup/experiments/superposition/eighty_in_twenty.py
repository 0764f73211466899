"""E4: 80 features in 20 dimensions, linear and ReLU, from dense to sparse."""

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.superposition.sweeps import SWEEP_CLAIM, draw_sweep, judge_sweep, measure_sweep

__all__ = ["EXPERIMENT", "measure"]


def measure(lab: Lab, models: int, steps: int) -> Data:
    """Sweep 80 features of importance 0.9^i."""
    return measure_sweep(lab, 80, 20, 0.9, models, steps)


EXPERIMENT = Experiment(
    id="E4",
    title="From dense to sparse: 80 features in 20 dimensions",
    claim=SWEEP_CLAIM,
    source="Elhage et al. 2022, Basic results",
    measure=measure,
    draw=draw_sweep,
    judge=judge_sweep,
    quick={"models": 1, "steps": 6000},
    paper={"models": 5, "steps": 20_000},
)
