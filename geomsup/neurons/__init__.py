"""What neurons and outputs of a toy model do: interference, probes, attacks, computation in superposition."""

from geomsup.neurons.attack import Attack, attack
from geomsup.neurons.computation import Computation, computation
from geomsup.neurons.interference import Interference, interference
from geomsup.neurons.probes import Probes, probes

__all__ = ["Attack", "Computation", "Interference", "Probes", "attack", "computation", "interference", "probes"]
