"""Distributions ("laws") of a present feature's value, each with its moments, pieces and sampler.

Every engine reads a distribution as a mixture of uniform pieces; an atom is a piece of width 0. `Uniform` and
`Discrete` are such mixtures. The distributions with a smooth density have pieces that stand for it, and a bound on what
that changes. So every engine takes any distribution that can list its pieces.
"""

from geomsup.laws.discrete import Discrete
from geomsup.laws.exponential import Exponential
from geomsup.laws.law import EXACT, LARGEST, SMALLEST, Law, ends, misfit_of
from geomsup.laws.log_normal import LogNormal
from geomsup.laws.normal import HalfNormal, Normal
from geomsup.laws.power_law import PowerLaw
from geomsup.laws.reading import law_from_dict
from geomsup.laws.smooth import Smooth
from geomsup.laws.uniform import Uniform

__all__ = [
    "EXACT", "LARGEST", "SMALLEST", "Discrete", "Exponential", "HalfNormal", "Law", "LogNormal", "Normal", "PowerLaw",
    "Smooth", "Uniform", "ends", "law_from_dict", "misfit_of",
]  # fmt: skip
