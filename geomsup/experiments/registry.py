"""All experiments, found in the folders of this package."""

import pkgutil
import re
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

from geomsup import checks
from geomsup.experiments.declaration import Experiment

__all__ = ["GROUPS", "experiment", "experiments"]

# Folders, in the order of the paper and of the docs' chapters.
GROUPS = (
    "superposition",
    "phase_change",
    "uniform",
    "nonuniform",
    "correlated",
    "dynamics",
    "adversarial",
    "privileged",
    "computation",
    "removal",
    "open_problems",
    "tokens",
    "counterexamples",
    "many_dimensions",
    "questions",
)


def experiments() -> tuple[Experiment, ...]:
    """Return all experiments, in the order of the paper.

    Examples
    --------
    >>> experiments()[0].id
    'E1'
    """
    return tuple(entry for group in GROUPS for entry in _of_group(group))


def experiment(id: str) -> Experiment:
    """Return the experiment of this id, in upper or lower case.

    Raises
    ------
    ValueError
        If there is none.
    """
    known = {entry.id.lower(): entry for entry in experiments()}
    if not isinstance(id, str) or id.lower() not in known:
        listed = ", ".join(entry.id for entry in known.values())
        raise ValueError(
            f"`id` must be one of {listed}; got {checks.shown(id)}. List them with: geomsup reproduce --list"
        )
    return known[id.lower()]


@lru_cache(maxsize=None, typed=True)
def _of_group(group: str) -> tuple[Experiment, ...]:
    folder = Path(__file__).parent / group
    names = [module.name for module in pkgutil.iter_modules([str(folder)])]
    modules = [import_module(f"geomsup.experiments.{group}.{name}") for name in names]
    found = [replace(entry, module=module) for module in modules for entry in _declared(module)]
    return tuple(sorted(found, key=_order))


def _declared(module: ModuleType) -> tuple[Experiment, ...]:
    if hasattr(module, "EXPERIMENT"):
        return (module.EXPERIMENT,)
    return getattr(module, "EXPERIMENTS", ())


def _order(entry: Experiment) -> tuple[bool, str, int]:
    """Return a key that sorts the paper's experiments first, and others by letter and number."""
    letters, number = re.fullmatch(r"(\D+)(\d+)", entry.id).groups()  # pyright: ignore[reportOptionalMemberAccess]
    return letters != "E", letters, int(number)
