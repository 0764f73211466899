"""What the data of an experiment depend on, in short: whether what an earlier sitting left can still be used."""

import hashlib
import inspect
import json
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from geomsup.experiments.declaration import Experiment
from geomsup.version import __version__

__all__ = ["fingerprints"]

ROOM = "geomsup.experiments."
ENGINE = {ROOM + name for name in ("declaration", "lab", "pictures", "verdict")}  # what they do is the same for all


def fingerprints(experiment: Experiment, arguments: Mapping[str, Any], used: str) -> tuple[str, str]:
    """Return one word for what is measured, and one for how it is drawn and judged too.

    They change with the version, the sizes, the data of the experiment `used`, and the text of the experiment's file
    and of those among its like that it takes something from. The first does not see the functions that draw and judge.
    """
    text = "".join(inspect.getsource(module) for module in _modules(experiment))
    measured = text
    for function in (experiment.draw, experiment.judge):
        measured = measured.replace(inspect.getsource(function), "")
    return _digest(measured, arguments, used), _digest(text, arguments, used)


def _modules(experiment: Experiment) -> list[ModuleType]:
    """Return the experiment's module and those of other experiments that it takes something from, in order of name."""
    found, fresh = set[str](), {experiment.measure.__module__}
    while fresh:
        found |= fresh
        homes = {getattr(value, "__module__", None) for name in fresh for value in vars(sys.modules[name]).values()}
        fresh = {home for home in homes if home and home.startswith(ROOM) and home not in ENGINE} - found
    return [sys.modules[name] for name in sorted(found)]


def _digest(text: str, arguments: Mapping[str, Any], used: str) -> str:
    whole = json.dumps([__version__, text, dict(arguments), used], default=repr, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]
