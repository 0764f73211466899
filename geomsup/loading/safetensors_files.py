"""Files of safetensors, read through a memory map: what nobody asks for stays on disk."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from geomsup.checks import pip_install
from geomsup.loading.broken import broken_file_named
from geomsup.loading.held import Entry, Held

__all__ = ["looks_like_safetensors", "open_safetensors"]

DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "C64": "<c8", "BOOL": "?",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1",
}  # fmt: skip


def looks_like_safetensors(path: Path) -> bool:
    """Return whether a file begins as the format demands: the length of a header, then the header, a JSON object."""
    with open(path, "rb") as file:
        start = file.read(9)
    return len(start) == 9 and start[8:] == b"{" and int.from_bytes(start[:8], "little") + 8 <= path.stat().st_size


def open_safetensors(path: Path) -> Held:
    """Return the tensors of a .safetensors file."""
    try:
        from safetensors import safe_open
    except ImportError:
        raise ValueError(
            f"`path` must be readable here; {path.name!r} needs the package safetensors. "
            f"Run: {pip_install('geomsup[weights]')}"
        ) from None
    with broken_file_named(path, ".safetensors"):
        with safe_open(path, framework="np"):
            pass  # checks the header: every tensor lies inside the file, none overlap
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header: dict[str, dict[str, Any]] = json.loads(file.read(length))
    about = header.pop("__metadata__", {})
    if "description" in about and path.suffix != ".safetensors":  # a training's, whose settings would be left out
        raise ValueError(
            f"`path` must end in .safetensors if `geomsup train` or TrainingRun.save wrote it; got {path.name!r}. "
            "Rename it."
        )
    entries = {name: _entry(path, name, entry, 8 + length) for name, entry in header.items()}
    return Held(repr(path.name), entries, about)


def _entry(path: Path, name: str, entry: dict[str, Any], start: int) -> Entry:
    kind, shape = entry["dtype"], tuple(entry["shape"])
    letter = np.dtype(DTYPES[kind]).kind if kind in DTYPES else "f"  # else BF16, or a float that NumPy lacks

    def read() -> np.ndarray:
        if kind != "BF16" and kind not in DTYPES:
            raise ValueError(
                f"`path` must hold numbers that NumPy knows; {name!r} of {path.name!r} is {kind}. Save it as float32."
            )
        dtype = np.dtype("<u2" if kind == "BF16" else DTYPES[kind])
        if 0 in shape:
            stored = np.zeros(shape, dtype)
        else:
            stored = np.memmap(path, dtype, "r", start + entry["data_offsets"][0], shape)
        if kind == "BF16":  # NumPy has no bfloat16: the upper half of a float32
            return np.left_shift(stored, 16, dtype="<u4").view("<f4", np.ndarray)
        return np.array(stored)

    return Entry(lambda: (shape, letter), read)
