"""Training toy models on sampled inputs."""

from geomsup.training.run import TrainingRun
from geomsup.training.trainer import train

__all__ = ["TrainingRun", "train"]
