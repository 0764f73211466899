"""The files of trainings: .npz or .safetensors, without pickles; each holds arrays, and a description as JSON.

A data set that a training had is one of the arrays. The description has its fingerprint: another one is refused.
"""

import json
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from geomsup.checks import pip_install
from geomsup.features import Features
from geomsup.files import replacing
from geomsup.samples import SampledFeatures
from geomsup.training.run import ALWAYS, PERHAPS

__all__ = ["FORMAT", "described", "holds_training", "read", "write"]

FORMAT = 4  # of the files that `write` writes
ARRAYS = ALWAYS + PERHAPS  # others are not read, but for data sets
DATA = "data_"  # begins the name of a data set
# Settings that files of earlier formats do not hold, with the values that those trainings had.
SINCE_3 = {"optimizer": "adam", "momentum": 0.0, "coherence": 0.0, "init_scale": 1.0}
SINCE_2 = {"hidden_bias": False, "hidden_l1": 0.0, "dropout": 0.0, "criterion": "squared", "attack": 0.0}
LACKING: dict[int, dict[str, Any]] = {2: SINCE_2 | SINCE_3, 3: SINCE_3, FORMAT: {}}

Entry = Features | SampledFeatures


def described(entries: Sequence[Entry]) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """Return what describes features, ready for JSON, and the arrays of data sets among them, by name."""
    descriptions, names, arrays = [], {}, {}
    for entry in entries:
        if isinstance(entry, Features):
            descriptions.append(entry.to_dict())
            continue
        name = names.setdefault(entry.fingerprint, f"{DATA}{len(names)}")
        arrays[name] = entry.X
        descriptions.append({"data": name, "fingerprint": entry.fingerprint, "importance": entry.importance.tolist()})
    return descriptions, arrays


def _entry(description: dict[str, Any], arrays: dict[str, np.ndarray]) -> Entry:
    """Return the features of a description; raise ValueError if the data set is another."""
    if "data" not in description:
        return Features.from_dict(description)
    entry = SampledFeatures(arrays[description["data"]], description["importance"])
    if entry.fingerprint != description["fingerprint"]:
        raise ValueError("fingerprint")
    return entry


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


def read(path: Path) -> tuple[dict[str, Any], list[Entry], dict[str, np.ndarray]]:
    """Return the config, what was trained on, and the arrays, of a file that `write` wrote.

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
        if version in LACKING:
            _check(description, arrays)
            entries = [_entry(entry, arrays) for entry in description["features"]]
            config = LACKING[version] | description["config"]
            return config, entries, {name: array for name, array in arrays.items() if name in ARRAYS}
    except errors as error:
        raise ValueError(
            f"`path` must be a file written by TrainingRun.save; {os.fspath(path)!r} is not one. Check the path."
        ) from error
    raise ValueError(
        f"`path` must hold a training of format {min(LACKING)} to {FORMAT}; got format {version}. "
        + ("Update geomsup to read it." if version > FORMAT else "Train it again.")
    )


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
        return description, {name: file[name] for name in file.files if _is_read(name)}


def _read_safetensors(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    with _safetensors().safe_open(path, framework="np") as file:
        description = json.loads(file.metadata()["description"])
        names = file.keys()  # the handle is no mapping: it has keys, but cannot be iterated over
        return description, {name: file.get_tensor(name) for name in names if _is_read(name)}


def _is_read(name: str) -> bool:
    return name in ARRAYS or name.startswith(DATA)


def _safetensors() -> Any:
    try:
        import safetensors
        import safetensors.numpy
    except ImportError:
        raise ValueError(
            "`path` must be readable here; .safetensors needs the package safetensors. "
            f"Run: {pip_install('geomsup[weights]')}"
        ) from None
    return safetensors
