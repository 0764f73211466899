"""Reading weights and writing results; never pickle."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.model import ToyModel, as_rows

__all__ = ["read_arrays", "read_model", "read_weights", "write_json"]

READERS = ".npy, .npz or .safetensors"


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Return the arrays of a .npy (named "W"), .npz or .safetensors file.

    Raises
    ------
    ValueError
        If the file is missing, of another kind, broken, or holds pickled objects.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"`path` must be an existing file; got {str(path)!r}. Check the spelling.")
    if path.suffix not in (".npy", ".npz", ".safetensors"):
        raise ValueError(f"`path` must end in {READERS}; got {path.name!r}. Save the weights as one of them.")
    try:
        return _read_safetensors(path) if path.suffix == ".safetensors" else _read_numpy(path)
    except ValueError as error:
        if "pickle" in str(error).lower():
            raise ValueError(
                f"`path` must hold plain arrays; got {path.name!r} with pickled objects. Save it again with numbers only."
            ) from None
        raise ValueError(
            f"`path` must be a valid {path.suffix} file; {path.name!r} is broken: {error}."
        ) from error
    except (OSError, EOFError) as error:
        raise ValueError(
            f"`path` must be a valid {path.suffix} file; {path.name!r} is broken: {error}."
        ) from error


def _read_numpy(path: Path) -> dict[str, np.ndarray]:
    from zipfile import BadZipFile

    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {"W": loaded}
        with loaded:
            return {name: loaded[name] for name in loaded.files}
    except BadZipFile as error:
        raise ValueError(str(error)) from error


def _read_safetensors(path: Path) -> dict[str, np.ndarray]:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError:
        raise ValueError(
            f"`path` must be readable here; {path.name!r} needs the package safetensors. "
            'Run: pip install "geomsup[weights]"'
        ) from None
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def read_weights(path: str | Path, *, name: str | None = None, orientation: str = "auto") -> np.ndarray:
    """Return W ``(..., n_features, n_hidden)`` of a file; `name` picks one of several arrays."""
    arrays = read_arrays(path)
    if name is None:
        name = _only_matrix(arrays, Path(path).name)
    elif name not in arrays:
        raise ValueError(
            f"`name` must be an array of {Path(path).name!r} ({', '.join(arrays)}); got {name!r}."
        )
    return as_rows(arrays[name], orientation=orientation)


def _only_matrix(arrays: dict[str, np.ndarray], file: str) -> str:
    if "W" in arrays:
        return "W"
    matrices = [name for name, array in arrays.items() if array.ndim >= 2]
    if len(matrices) != 1:
        raise ValueError(
            f"`name` must say which array of {file!r} is W; it holds {', '.join(arrays) or 'none'}. Pass --name."
        )
    return matrices[0]


def read_model(path: str | Path, *, run: int = 0, activation: str = "relu") -> ToyModel:
    """Return the model of a file with arrays W and (if it has one) b; `run` picks one of a batch."""
    arrays = read_arrays(path)
    W = arrays[_only_matrix(arrays, Path(path).name)]
    b = arrays.get("b")
    if W.ndim > 3:
        raise ValueError(
            f"`W` must be one model or a batch (runs, n_features, n_hidden); got shape {W.shape}."
        )
    if W.ndim == 3:
        run = checks.integer("run", run, minimum=0)
        if run >= len(W):
            raise ValueError(f"`run` must be below the number of runs in the file, {len(W)}; got {run}.")
        W, b = W[run], None if b is None else b[run]
    return ToyModel(W, b, activation=activation)


def write_json(path: str | Path, data: Any) -> None:
    """Write `data` as JSON, complete or not at all."""
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(data, indent=2) + "\n")
    partial.replace(path)
