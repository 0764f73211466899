"""Results of long searches kept on disk, each with the version and the inputs that made it."""

import contextlib
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

__all__ = ["Part", "cache_folder", "remembered"]

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
    kind: str,
    inputs: dict[str, Any],
    compute: Callable[[], dict[str, Any]],
    made_of: Callable[[dict[str, Any]], Made],
    worth_keeping: Callable[[], bool] = lambda: True,
) -> Made:
    """Return what `made_of` makes of the result of `compute()`; the result is kept on disk for these `inputs`.

    Inputs and result are plain values (JSON). A file that is damaged, made from other inputs, or of which nothing can
    be made is computed again; a folder that cannot be written to costs time only, which a warning says once. Only what
    is `worth_keeping()`, once it is computed, is kept.
    """
    path = _place(kind, inputs)
    if path is None:
        return made_of(compute())
    try:
        return made_of(_read(path, inputs))
    except Exception:  # damaged values may raise anything
        pass
    known = compute()
    if worth_keeping():
        _write(path, {"inputs": inputs, "result": known})
    return made_of(known)


class Part:
    """What an interrupted search leaves on disk, for the next search with these `inputs`.

    Parameters
    ----------
    kind
        Name of the folder.
    inputs
        What the search begins with, as plain values (JSON).
    made_of
        Makes an item of the plain values of an item that was kept.
    """

    def __init__(self, kind: str, inputs: dict[str, Any], made_of: Callable[[Any], Any]) -> None:
        self._path, self._inputs, self._made_of = _place(kind, inputs), inputs, made_of

    def items(self) -> list[Any]:
        """Return what is there; nothing if it is damaged or of another search."""
        try:
            return [] if self._path is None else [self._made_of(one) for one in _read(self._path, self._inputs)]
        except Exception:  # damaged values may raise anything
            return []

    def keep(self, items: list[Any]) -> bool:
        """Write items, plain values; return whether that could be done."""
        if self._path is not None:
            _write(self._path, {"inputs": self._inputs, "result": items})
        return self._path is not None and self._path.exists()

    def drop(self) -> None:
        """Remove the file: the search is done."""
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()


def _place(kind: str, inputs: dict[str, Any]) -> Path | None:
    folder = cache_folder()
    name = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:32]
    return None if folder is None else folder / kind / f"{name}.json"


def _read(path: Path, inputs: dict[str, Any]) -> Any:
    data = json.loads(path.read_text(encoding="utf-8"))
    if data["inputs"] != inputs:
        raise ValueError("made from other inputs")
    return data["result"]


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
