"""What the data of an experiment depend on, in short: whether what an earlier sitting left can still be used."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from geomsup.experiments.declaration import Experiment
from geomsup.experiments.reach import reached, shape
from geomsup.version import __version__

__all__ = ["fingerprints"]


def fingerprints(experiment: Experiment, arguments: Mapping[str, Any], used: str) -> tuple[str, str]:
    """Return one word for what is measured, and one for how it is drawn and judged too.

    They change with the version, the sizes, the data of the experiment `used`, and the code that its functions reach in
    this room; not with comments, docstrings and imports, nor with the file that a definition stands in.
    """
    measured = _digest([experiment.measure], arguments, used)
    return measured, _digest([experiment.measure, experiment.draw, experiment.judge], arguments, used)


def _digest(functions: list[Callable[..., Any]], arguments: Mapping[str, Any], used: str) -> str:
    code = [shape(part) for part in reached(*functions).values()]
    whole = json.dumps([__version__, code, dict(arguments), used], default=repr, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]
