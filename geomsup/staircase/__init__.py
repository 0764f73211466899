"""Plateaus: which kind of block wins at each sparsity, where features are many."""

from geomsup.staircase.blocks import PlateauBlock
from geomsup.staircase.crossings import PlateauCrossing
from geomsup.staircase.mixtures import PlateauMixture
from geomsup.staircase.plateaus import Plateaus, plateaus

__all__ = ["PlateauBlock", "PlateauCrossing", "PlateauMixture", "Plateaus", "plateaus"]
