"""Files that describe sweeps: TOML with `what`, a table of `axes`, and a table of what is `fixed`."""

import tomllib
from glob import glob
from pathlib import Path
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.sweeps.plan import Plan, make_plan

__all__ = ["read_plan"]

KNOWN = ("what", "axes", "fixed")
SPACINGS = ("linear", "log")


def read_plan(path: Path) -> Plan:
    """Return the plan that a TOML file describes.

    The values of an axis are a list; or evenly spaced, ``{from = 0.01, to = 1.0, points = 50, spacing = "log"}``
    ("linear" if it is left out); or whole numbers, ``{from = 0, to = 4}``; or files, ``{files = "weights/*.npy"}``,
    sorted, seen from the folder of the description.

    Raises
    ------
    ValueError, TypeError
        If there is no such file, or it describes no sweep.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise ValueError(f"`spec` must be an existing .toml file; got {str(path)!r}. Check the name.") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"`spec` must be valid TOML; {path.name!r} is broken: {error}. Correct it.") from None
    for name in content:
        if name not in KNOWN:
            raise ValueError(f"`spec` must hold {', '.join(KNOWN)}; {path.name!r} has {name!r}. Put it into a table.")
    for name in ("what", "axes"):
        if name not in content:
            raise ValueError(f"`spec` must hold {name!r}; {path.name!r} has none. See: geomsup sweep --help")
    axes, fixed = content["axes"], content.get("fixed", {})
    for name, table in (("axes", axes), ("fixed", fixed)):
        if not isinstance(table, dict):
            raise TypeError(f"`{name}` must be a table; got {checks.shown(table)}. Write [{name}] above its lines.")
    return make_plan(content["what"], {name: _values(name, one, path.parent) for name, one in axes.items()}, fixed)


def _values(name: str, said: Any, folder: Path) -> Any:
    if not isinstance(said, dict):
        return said
    keys = set(said)
    if keys == {"files"} and isinstance(said["files"], str):
        found = sorted(glob(str(folder / said["files"])))
        if not found:
            raise ValueError(f"`{name}` must name files that exist; got {said['files']!r}. Check the pattern.")
        return found
    if keys == {"from", "to"}:
        low = checks.integer(name, said["from"], minimum=-(2**53))
        return range(low, checks.integer(name, said["to"], minimum=low) + 1)
    if keys - {"spacing"} == {"from", "to", "points"}:
        low, high = checks.number(name, said["from"]), checks.number(name, said["to"])
        points = checks.integer(name, said["points"], minimum=1, maximum=2**20)
        if checks.one_of(name, said.get("spacing", "linear"), SPACINGS) == "linear":
            return np.linspace(low, high, points)
        for end in (low, high):
            checks.positive_number(name, end)
        return np.geomspace(low, high, points).clip(min(low, high), max(low, high))  # which may round beyond its ends
    raise ValueError(
        f"`{name}` must be a list, or a table with from, to (and points, spacing) or files; got {checks.shown(said)}. "
        "Write one of these."
    )
