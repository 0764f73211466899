"""Models from files and objects: which array is what, and one line where that is not certain."""

from geomsup.loading.load import load

__all__ = ["load"]
