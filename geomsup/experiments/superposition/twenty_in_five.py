"""E3: 20 features in 5 dimensions, linear and ReLU, from dense to sparse."""

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.superposition.sweeps import SWEEP_CLAIM, draw_sweep, judge_sweep, measure_sweep

__all__ = ["EXPERIMENT", "measure"]


def measure(lab: Lab, models: int, steps: int) -> Data:
    """Sweep 20 features of importance 0.7^i."""
    return measure_sweep(lab, 20, 5, 0.7, models, steps)


EXPERIMENT = Experiment(
    id="E3",
    title="From dense to sparse: 20 features in 5 dimensions",
    claim=SWEEP_CLAIM,
    source="Elhage et al. 2022, Basic results",
    measure=measure,
    draw=draw_sweep,
    judge=judge_sweep,
    quick={"models": 4, "steps": 10_000},
    paper={"models": 10, "steps": 30_000},
)
