"""Figures: functions take and return matplotlib axes or figures, never call show, never touch rcParams."""

from geomsup.plot.comparison import plot_comparison
from geomsup.plot.comparisons import plot_comparisons
from geomsup.plot.components import plot_components
from geomsup.plot.configuration import plot_configuration
from geomsup.plot.geometry import plot_geometry
from geomsup.plot.phases import plot_phases
from geomsup.plot.plateaus import plot_plateaus
from geomsup.plot.series.blocks import plot_block_table
from geomsup.plot.series.dimensions import plot_dimensions
from geomsup.plot.series.losses import plot_losses
from geomsup.plot.series.sweeps import plot_sweep
from geomsup.plot.shapes.orbits import plot_orbits
from geomsup.plot.shapes.polytope import plot_polytope
from geomsup.plot.shapes.sheet import plot_sheet
from geomsup.plot.sparsities import plot_sparsities
from geomsup.plot.tally import plot_tally
from geomsup.plot.weights.angles import plot_angles
from geomsup.plot.weights.bases import plot_bases
from geomsup.plot.weights.gram import plot_gram
from geomsup.plot.weights.graph import plot_graph
from geomsup.plot.weights.interference import plot_interference
from geomsup.plot.weights.matching import plot_matching
from geomsup.plot.weights.motifs import plot_motifs
from geomsup.plot.weights.subspaces import plot_subspaces

__all__ = [
    "plot_angles",
    "plot_bases",
    "plot_block_table",
    "plot_comparison",
    "plot_comparisons",
    "plot_components",
    "plot_configuration",
    "plot_dimensions",
    "plot_geometry",
    "plot_gram",
    "plot_graph",
    "plot_interference",
    "plot_losses",
    "plot_matching",
    "plot_motifs",
    "plot_orbits",
    "plot_phases",
    "plot_plateaus",
    "plot_polytope",
    "plot_sheet",
    "plot_sparsities",
    "plot_subspaces",
    "plot_sweep",
    "plot_tally",
]
