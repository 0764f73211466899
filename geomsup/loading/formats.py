"""From a file to named arrays: what is in it decides before its suffix."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from geomsup.loading.held import Held, arrays_of
from geomsup.loading.numpy_files import open_archive, open_array
from geomsup.loading.safetensors_files import looks_like_safetensors, open_safetensors
from geomsup.loading.text_files import open_json, open_table
from geomsup.loading.torch_files import open_torch

__all__ = ["open_file", "read_arrays"]

OPENERS: dict[str, Callable[[Path], Held]] = {
    ".npy": open_array,
    ".npz": open_archive,
    ".safetensors": open_safetensors,
    ".pt": open_torch,
    ".pth": open_torch,
    ".csv": open_table,
    ".txt": open_table,
    ".json": open_json,
}
READERS = ".npy, .npz, .safetensors, .pt, .pth, .csv, .txt or .json"


def open_file(path: Path) -> Held:
    """Return what a file holds; arrays are read when they are asked for.

    Raises
    ------
    ValueError
        If the file is missing, of another kind or broken, or if it is a pickle.
    """
    if os.path.isdir(path):
        raise ValueError(
            f"`path` must be a file; got the folder {str(path)!r}. Name a file in it; only `report` takes a folder."
        )
    if not os.path.isfile(path):  # which a name too long for the system is not either
        raise ValueError(f"`path` must be an existing file; got {str(path)!r}. Check the spelling.")
    return _opener(path)(path)


def _opener(path: Path) -> Callable[[Path], Held]:
    by_content = _known_by_content(path)
    if by_content is not None:
        return by_content
    if path.suffix.lower() not in OPENERS:
        raise ValueError(f"`path` must end in {READERS}; got {path.name!r}. Save the weights as one of them.")
    return OPENERS[path.suffix.lower()]


def _known_by_content(path: Path) -> Callable[[Path], Held] | None:
    """Return the reader of a file that shows what it is; None if only its suffix can tell."""
    if looks_like_safetensors(path):
        return open_safetensors
    with open(path, "rb") as file:
        start = file.read(6)
    if start == b"\x93NUMPY":
        return open_array
    if start[:4] == b"PK\x03\x04":
        names = _members(path)
        if any(name.endswith("data.pkl") for name in names):
            return open_torch
        if any(name.endswith(".npy") for name in names):
            return open_archive
    return None


def _members(path: Path) -> list[str]:
    """Return the names in an archive; none if it is broken, of which the reader for its suffix will tell."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except Exception:  # on broken bytes zipfile raises anything
        return []


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Return every array of a file."""
    return arrays_of(open_file(Path(path)))
