"""Fingerprints of what the data of an experiment depend on: do the data of an earlier run still hold?"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from geomsup.experiments.declaration import Experiment
from geomsup.experiments.reach import reached, shape
from geomsup.version import __version__

__all__ = ["fingerprints"]


def fingerprints(experiment: Experiment, arguments: Mapping[str, Any], used: str) -> tuple[str, str]:
    """Return two hashes: of what is measured, and of how it is measured, drawn and judged.

    They change with the version, the sizes, the data of the experiment `used`, and the code of `geomsup.experiments`
    that the functions reach. They do not change with comments, docstrings, imports or reasons of thresholds, nor with
    the file in which a definition stands.
    """
    measured = _digest([experiment.measure], arguments, used)
    return measured, _digest([experiment.measure, experiment.draw, experiment.judge], arguments, used)


def _digest(functions: list[Callable[..., Any]], arguments: Mapping[str, Any], used: str) -> str:
    code = [shape(part) for part in reached(*functions).values()]
    whole = json.dumps([__version__, code, dict(arguments), used], default=repr, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]
