"""What neurons and outputs of a toy model do: interference, probes, attacks."""

from geomsup.neurons.attack import Attack, attack
from geomsup.neurons.interference import Interference, interference
from geomsup.neurons.probes import Probes, probes

__all__ = ["Attack", "Interference", "Probes", "attack", "interference", "probes"]
