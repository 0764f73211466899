"""Sweeps: many calls over named axes, in many processes or on many machines, of which none that is finished is lost."""

from geomsup.sweeps.result import Sweep
from geomsup.sweeps.running import sweep

__all__ = ["Sweep", "sweep"]
