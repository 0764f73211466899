"""Plateaus: which kind of block wins at each sparsity, where features are many."""

from geomsup.plateau.blocks import PlateauBlock
from geomsup.plateau.crossings import PlateauCrossing
from geomsup.plateau.mixtures import PlateauMixture
from geomsup.plateau.plateaus import Plateaus, plateaus

__all__ = ["PlateauBlock", "PlateauCrossing", "PlateauMixture", "Plateaus", "plateaus"]
