"""Inputs of which only samples are known."""

from geomsup.samples.data_set import SampledFeatures
from geomsup.samples.distributions import checked_features

__all__ = ["SampledFeatures", "checked_features"]
