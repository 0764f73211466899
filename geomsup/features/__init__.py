"""The inputs: how often each feature is present, with which others, and how important it is."""

from geomsup.features.features import MOST_PARTS, Discrete, Features, Joint, Mixture, Uniform

__all__ = ["MOST_PARTS", "Discrete", "Features", "Joint", "Mixture", "Uniform"]
