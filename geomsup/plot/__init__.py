"""Figures: functions take and return matplotlib axes or figures, never call show, never touch rcParams."""

from geomsup.plot.comparison import plot_comparison
from geomsup.plot.geometry import plot_geometry
from geomsup.plot.sparsities import plot_sparsities

__all__ = ["plot_comparison", "plot_geometry", "plot_sparsities"]
