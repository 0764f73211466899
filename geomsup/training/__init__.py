"""Training toy models on sampled inputs."""

from geomsup.training.run import TrainingRun
from geomsup.training.trainer import train
from geomsup.training.whole import train_whole

__all__ = ["TrainingRun", "train", "train_whole"]
