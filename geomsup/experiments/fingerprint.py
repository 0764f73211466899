"""What the data of an experiment depend on, in short: whether what an earlier sitting left can still be used."""

import hashlib
import inspect
import json
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import geomsup
from geomsup.experiments.declaration import Experiment

__all__ = ["fingerprints"]


def fingerprints(experiment: Experiment, arguments: Mapping[str, Any], used: str) -> tuple[str, str]:
    """Return one word for what is measured, and one for how it is drawn and judged too.

    They change with the version, the sizes, the data of the experiment `used`, and the text of the experiment's file
    and of those of its group that it imports. The first does not see the functions that draw and judge.
    """
    text = "".join(inspect.getsource(module) for module in _modules(experiment))
    measured = text
    for function in (experiment.draw, experiment.judge):
        measured = measured.replace(inspect.getsource(function), "")
    return _digest(measured, arguments, used), _digest(text, arguments, used)


def _modules(experiment: Experiment) -> list[ModuleType]:
    """Return the experiment's module and the modules of its group that this one imports from, in order of name."""
    own = experiment.measure.__module__
    group = own.rpartition(".")[0] + "."
    homes = {getattr(value, "__module__", None) for value in vars(sys.modules[own]).values()}
    return [sys.modules[name] for name in sorted(name for name in homes | {own} if name and name.startswith(group))]


def _digest(text: str, arguments: Mapping[str, Any], used: str) -> str:
    whole = json.dumps([geomsup.__version__, text, dict(arguments), used], default=repr, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]
