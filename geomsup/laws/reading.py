"""Distributions from plain values: what files hold."""

from typing import Any

from geomsup import checks
from geomsup.laws.discrete import Discrete
from geomsup.laws.exponential import Exponential
from geomsup.laws.law import Law
from geomsup.laws.log_normal import LogNormal
from geomsup.laws.normal import HalfNormal, Normal
from geomsup.laws.power_law import PowerLaw
from geomsup.laws.uniform import Uniform

__all__ = ["NAMES", "law_from_dict"]

# What a file or the command line calls a distribution, its class, and the arguments that it must state.
NAMES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "uniform": (Uniform, ("low", "high")),
    "discrete": (Discrete, ("values", "weights")),
    "normal": (Normal, ("mean", "std")),
    "half-normal": (HalfNormal, ("scale",)),
    "exponential": (Exponential, ("mean",)),
    "log-normal": (LogNormal, ("median", "sigma")),
    "power-law": (PowerLaw, ("exponent", "low", "high")),
}


def law_from_dict(data: dict[str, Any]) -> Law:
    """Build a distribution from what its `to_dict` returned.

    Examples
    --------
    >>> law_from_dict({"law": "exponential", "mean": 2})
    Exponential(mean=2.0, cells=64)
    """
    checks.holds("values", data, ("law",))
    name = data["law"]
    if not isinstance(name, str) or name not in NAMES:
        listed = ", ".join(f'"{one}"' for one in NAMES)
        raise ValueError(f"`law` must be one of {listed}; got {checks.shown(name)}. Rewrite the file with one of them.")
    made, needed = NAMES[name]
    checks.holds("values", data, needed)
    more = {"cells": data["cells"]} if "cells" in data and made not in (Uniform, Discrete) else {}
    return made(*(data[key] for key in needed), **more)
