"""Naming the shapes that the rows of W form."""

from geomsup.recognition.classify import classify
from geomsup.recognition.description import Description
from geomsup.recognition.geometry import Component, Geometry
from geomsup.recognition.outline import Outline

__all__ = ["Component", "Description", "Geometry", "Outline", "classify"]
