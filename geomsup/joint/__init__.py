"""Which features are present together."""

from geomsup.joint.mixture import Mixture
from geomsup.joint.table import Joint

__all__ = ["Joint", "Mixture"]
