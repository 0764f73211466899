"""The files of trainings: .npz or .safetensors, without pickles; each holds arrays, and a description as JSON."""

import json
import os
import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from geomsup.files import replacing
from geomsup.training.run import ALWAYS, PERHAPS

__all__ = ["FORMAT", "holds_training", "read", "write"]

FORMAT = 3  # of the files that `write` writes
ARRAYS = ALWAYS + PERHAPS  # others are not read
# Settings that files of format 2 do not hold, with the values that those trainings had.
SINCE_FORMAT_2 = {"hidden_bias": False, "hidden_l1": 0.0, "dropout": 0.0, "criterion": "squared", "attack": 0.0}


def write(path: Path, description: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Write a file, complete or not at all; .safetensors if its name ends so, else .npz under the name given."""
    text = json.dumps({"format": FORMAT} | description)
    with replacing(path) as temporary:
        if path.suffix == ".safetensors":
            plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
            _safetensors().numpy.save_file(plain, temporary, metadata={"description": text})
        else:
            entries: dict[str, Any] = {"description": np.array(text)} | arrays
            with open(temporary, "xb") as file:
                np.savez(file, **entries)


def holds_training(path: Path) -> bool:
    """Return whether a file has a description, as `write` makes it; False for missing or broken files."""
    try:
        if path.suffix == ".safetensors":
            with _safetensors().safe_open(path, framework="np") as file:
                return "description" in (file.metadata() or {})
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as entries:
            return "description" in entries.files
    except Exception:  # on broken bytes readers raise anything
        return False


def read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the description and the arrays of a file that `write` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not one that `write` wrote, or of another format.
    """
    errors: tuple[type[Exception], ...] = (
        AttributeError, BadZipFile, EOFError, IndexError, KeyError, NotImplementedError, OverflowError, RecursionError,
        TypeError, ValueError, zlib.error,
    )  # fmt: skip
    reader = _read_npz
    if path.suffix == ".safetensors":
        errors = (*errors, _safetensors().SafetensorError)
        reader = _read_safetensors
    try:
        description, arrays = reader(path)
        version = description["format"]
        if version in (2, FORMAT):
            _check(description, arrays)
    except errors as error:
        raise ValueError(
            f"`path` must be a file written by TrainingRun.save; {os.fspath(path)!r} is not one. Check the path."
        ) from error
    if version == 2:
        description["config"] = SINCE_FORMAT_2 | description["config"]
        return description, arrays
    if version != FORMAT:
        raise ValueError(
            f"`path` must hold a training of format 2 or {FORMAT}; got format {version}. "
            + ("Update geomsup to read it." if version > FORMAT else "Train it again.")
        )
    return description, arrays


def _check(description: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Raise one of the errors above if a description lacks what a training has, or arrays do not fit it."""
    config, runs = description["config"], len(description["features"]) * description["config"]["models"]
    if not {"steps", "completed_steps", "n_hidden"} <= set(config):
        raise KeyError("config")
    _, n, _ = arrays["W"].shape
    known = {"W": (runs, n, arrays["W"].shape[2]), "b": (runs, n), "loss": (runs, len(arrays["steps"]))}
    if any(arrays[name].shape != shape or arrays[name].dtype.kind != "f" for name, shape in known.items()):
        raise ValueError("shapes")


def _read_npz(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    with np.load(path, allow_pickle=False) as file:
        description = json.loads(str(file["description"]))
        return description, {name: file[name] for name in file.files if name in ARRAYS}


def _read_safetensors(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    with _safetensors().safe_open(path, framework="np") as file:
        description = json.loads(file.metadata()["description"])
        names = file.keys()  # the handle is no mapping: it has keys, but cannot be iterated over
        return description, {name: file.get_tensor(name) for name in names if name in ARRAYS}


def _safetensors() -> Any:
    try:
        import safetensors
        import safetensors.numpy
    except ImportError:
        raise ValueError(
            "`path` must be readable here; .safetensors needs the package safetensors. "
            'Run: pip install "geomsup[weights]"'
        ) from None
    return safetensors
