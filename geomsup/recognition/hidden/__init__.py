"""Shapes hidden in big dictionaries: few rows of very many, which depend on each other beyond chance."""

from geomsup.recognition.hidden.discoveries import Discoveries, Discovery
from geomsup.recognition.hidden.find import find_shapes

__all__ = ["Discoveries", "Discovery", "find_shapes"]
