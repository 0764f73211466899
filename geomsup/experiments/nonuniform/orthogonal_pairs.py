"""E13: two correlated pairs in two dimensions: members of a pair are orthogonal."""

from typing import Any

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.nonuniform.pairs_in_two import draw_pairs, judge_pairs, measure_pairs
from geomsup.experiments.verdict import Verdict

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]


def measure(lab: Lab, models: int, steps: int, starts: int) -> Data:
    """Train two correlated pairs, and find their optima."""
    return measure_pairs(lab, "correlated", models, steps, starts)


def draw(data: Data) -> Any:
    """Draw models, losses of layouts and cosines."""
    return draw_pairs(data, "Two correlated pairs in two dimensions")


def judge(data: Data) -> Verdict:
    """Hold if members of a pair are orthogonal where pairs are sparse."""
    return judge_pairs(data, "orthogonal")


EXPERIMENT = Experiment(
    id="E13",
    title="Correlated pairs are orthogonal",
    claim="Of two correlated pairs of features in two dimensions, the members of a pair are orthogonal, each opposite "
    "to a member of the other pair.",
    source="Elhage et al. 2022, Non-uniform superposition (correlated and anticorrelated features)",
    measure=measure,
    draw=draw,
    judge=judge,
    quick={"models": 8, "steps": 3000, "starts": 32},
    paper={"models": 20, "steps": 10_000, "starts": 128},
)
