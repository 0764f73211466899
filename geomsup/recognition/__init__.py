"""Naming the shapes that the rows of W form."""

from geomsup.recognition.classify import classify
from geomsup.recognition.component import Component
from geomsup.recognition.description import Description
from geomsup.recognition.geometries import Geometries
from geomsup.recognition.geometry import Geometry
from geomsup.recognition.hidden import Discoveries, Discovery, find_shapes
from geomsup.recognition.outline import Outline

__all__ = [
    "Component",
    "Description",
    "Discoveries",
    "Discovery",
    "Geometries",
    "Geometry",
    "Outline",
    "classify",
    "find_shapes",
]
