"""Points on spheres of lowest energy: potentials, search, published records."""

from geomsup.energy.configuration import Configuration
from geomsup.energy.minimize import minimize_energy, thomson
from geomsup.energy.potentials import Potential
from geomsup.energy.records import Record, best_known

__all__ = ["Configuration", "Potential", "Record", "best_known", "minimize_energy", "thomson"]
