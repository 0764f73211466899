"""Results of long searches kept on disk, each with the version and the inputs that made it."""

import hashlib
import json
import os
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from geomsup.files import replacing
from geomsup.folders import user_folder

__all__ = ["cache_folder", "remembered"]

Made = TypeVar("Made")


def cache_folder() -> Path | None:
    """Return where results are kept: $GEOMSUP_CACHE, else geomsup in the user's cache folder; "" turns it off.

    None if it is turned off, or the user has no folder, which a warning says once.
    """
    chosen = os.environ.get("GEOMSUP_CACHE")
    if chosen is not None:
        return Path(chosen) if chosen else None
    folder = user_folder()
    if folder is None:
        _say("this user has no home folder")
    return folder


def remembered(
    kind: str, inputs: dict[str, Any], compute: Callable[[], dict[str, Any]], made_of: Callable[[dict[str, Any]], Made]
) -> Made:
    """Return what `made_of` makes of the result of `compute()`; the result is kept on disk for these `inputs`.

    Inputs and result are plain values (JSON). A file that is damaged, made from other inputs, or of which nothing can
    be made is computed again; a folder that cannot be written to costs time only, which a warning says once.
    """
    folder = cache_folder()
    if folder is None:
        return made_of(compute())
    name = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:32]
    path = folder / kind / f"{name}.json"
    try:
        data = json.loads(path.read_text())
        if data["inputs"] == inputs:
            return made_of(data["result"])
    except Exception:  # damaged values may raise anything
        pass
    known = compute()
    _write(path, {"inputs": inputs, "result": known})
    return made_of(known)


def _write(path: Path, data: dict[str, Any]) -> None:
    """Write in one move: another process reads all of it or nothing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(data), encoding="utf-8")
    except OSError as error:
        _say(str(error))


@cache  # once in a process
def _say(why: str) -> None:
    warnings.warn(
        f"Results of long searches cannot be kept, and are computed each time: {why}. "
        "Set GEOMSUP_CACHE to a folder that can be written.",
        RuntimeWarning,
        stacklevel=2,
    )
