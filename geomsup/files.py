"""Reading weights and writing results; never pickle."""

import json
import os
import uuid
import weakref
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from geomsup import checks
from geomsup.arrays import as_rows
from geomsup.model import ToyModel

__all__ = ["read_arrays", "read_model", "read_weights", "replacing", "write_json", "write_text"]

# Names of arrays that an error lists.
MOST_NAMES = 120

# Bytes of an array from which its compression is checked: weights are not compressed by a large factor.
LARGE = 100_000_000
# An array that was compressed by more than this factor is a bomb.
MOST_SQUEEZED = 100

READERS = ".npy, .npz or .safetensors"
SAFETENSORS_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "C64": "<c8", "BOOL": "?",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1",
}  # fmt: skip


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Return the arrays of a .npy (named "W"), .npz or .safetensors file.

    Raises
    ------
    ValueError
        If the file is missing, of another kind, broken, or holds pickled objects.
    """
    return dict(_open(Path(path)))


def _open(path: Path) -> Mapping[str, np.ndarray]:
    if not path.is_file():
        raise ValueError(f"`path` must be an existing file; got {str(path)!r}. Check the spelling.")
    if path.suffix not in (".npy", ".npz", ".safetensors"):
        raise ValueError(f"`path` must end in {READERS}; got {path.name!r}. Save the weights as one of them.")
    if path.suffix == ".safetensors":
        return _Tensors(path)
    with _broken_file_named(path):
        return _read_numpy(path)


@contextmanager
def _broken_file_named(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # on broken bytes readers raise anything, from zlib.error to MemoryError
        if str(error).startswith("Object arrays"):
            raise ValueError(
                f"`path` must hold plain arrays; got {path.name!r} with pickled objects. "
                "Save it again with numbers only."
            ) from None
        # What NumPy says of any file that does not begin like one of its own.
        unknown = "pickled" in str(error)
        reason = "it does not begin like one, or is a pickle" if unknown else str(error).rstrip(".")
        raise ValueError(
            f"`path` must be a valid {path.suffix} file; {path.name!r} is broken: {reason}. Save it again."
        ) from error


def _read_numpy(path: Path) -> Mapping[str, np.ndarray]:
    with open(path, "rb") as file:
        is_archive = file.read(2) == b"PK"
        file.seek(0)
        if not is_archive:
            return {"W": np.load(file, allow_pickle=False)}
    return _Archive(path)


class _Archive(Mapping[str, np.ndarray]):
    """Arrays of an .npz file, each read when needed: others in the file may be large, or broken."""

    def __init__(self, path: Path) -> None:
        self.path = path
        file = open(path, "rb")  # noqa: SIM115  (open as long as this is: the name may get another file meanwhile)
        weakref.finalize(self, file.close)
        self.archive = zipfile.ZipFile(file)
        self.members = {
            info.filename.removesuffix(".npy"): info
            for info in self.archive.infolist()
            if info.filename.endswith(".npy")
        }

    def __iter__(self) -> Iterator[str]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def ndim(self, name: str) -> int:
        with self._opened(name) as member:
            version = np.lib.format.read_magic(member)
            header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            return len(header(member)[0])

    def __getitem__(self, name: str) -> np.ndarray:
        info = self.members[name]
        if info.file_size > max(LARGE, MOST_SQUEEZED * info.compress_size):
            raise ValueError(
                f"`path` must hold arrays of plausible size; {name!r} of {self.path.name!r} is "
                f"{info.file_size / 1e6:.0f} MB out of {info.compress_size / 1e6:.1f}. Save it uncompressed."
            )
        with self._opened(name) as member:
            return np.lib.format.read_array(member, allow_pickle=False)

    @contextmanager
    def _opened(self, name: str) -> Iterator[IO[bytes]]:
        with _broken_file_named(self.path), self.archive.open(self.members[name]) as member:
            yield member


class _Tensors(Mapping[str, np.ndarray]):
    """Tensors of a .safetensors file, each read when asked for through a memory map: the others stay on disk."""

    def __init__(self, path: Path) -> None:
        try:
            from safetensors import safe_open
        except ImportError:
            raise ValueError(
                f"`path` must be readable here; {path.name!r} needs the package safetensors. "
                'Run: pip install "geomsup[weights]"'
            ) from None
        self.path = path
        with _broken_file_named(path):
            with safe_open(path, framework="np"):
                pass  # checks the header: every tensor lies inside the file, none overlap
            with open(path, "rb") as file:
                length = int.from_bytes(file.read(8), "little")
                header = json.loads(file.read(length))
        self.start = 8 + length
        self.header: dict[str, dict[str, Any]] = {k: entry for k, entry in header.items() if k != "__metadata__"}

    def __iter__(self) -> Iterator[str]:
        return iter(self.header)

    def __len__(self) -> int:
        return len(self.header)

    def ndim(self, name: str) -> int:
        return len(self.header[name]["shape"])

    def __getitem__(self, name: str) -> np.ndarray:
        entry = self.header[name]
        kind, shape = entry["dtype"], tuple(entry["shape"])
        if kind != "BF16" and kind not in SAFETENSORS_DTYPES:
            raise ValueError(
                f"`path` must hold numbers that NumPy knows; {name!r} of {self.path.name!r} is {kind}. "
                "Save it as float32."
            )
        dtype = np.dtype("<u2" if kind == "BF16" else SAFETENSORS_DTYPES[kind])
        if 0 in shape:
            stored = np.zeros(shape, dtype)
        else:
            stored = np.memmap(self.path, dtype, "r", self.start + entry["data_offsets"][0], shape)
        if kind == "BF16":  # NumPy has no bfloat16: the upper half of a float32
            return np.left_shift(stored, 16, dtype="<u4").view("<f4", np.ndarray)
        return np.array(stored)


def read_weights(path: str | Path, *, name: str | None = None, orientation: str = "auto") -> np.ndarray:
    """Return W ``(..., n_features, n_hidden)`` of a file; `name` picks one of several arrays.

    Of a .safetensors file only that tensor is read, whatever the size of the file; float16 and bfloat16 become
    float64 like everything else.
    """
    arrays = _open(Path(path))
    return as_rows(_pick(arrays, name, Path(path).name), orientation=orientation)


def _pick(arrays: Mapping[str, np.ndarray], name: str | None, file: str) -> np.ndarray:
    if name is None:
        name = _only_matrix(arrays, file)
    elif name not in arrays:
        raise ValueError(f"`name` must be an array of {file!r}; got {name!r}. Pick one of: {_held(arrays)}.")
    return arrays[name]


def _only_matrix(arrays: Mapping[str, np.ndarray], file: str) -> str:
    if "W" in arrays:
        return "W"
    ndim = arrays.ndim if isinstance(arrays, _Tensors | _Archive) else lambda name: arrays[name].ndim
    matrices = [name for name in arrays if ndim(name) >= 2]
    if len(matrices) != 1:
        raise ValueError(f"`name` must say which array of {file!r} is W; it holds {_held(arrays)}. Pass --name.")
    return matrices[0]


def _held(arrays: Mapping[str, np.ndarray]) -> str:
    """Names of the arrays, the first ones when many."""
    names = list(arrays)
    shown = names if len(names) <= MOST_NAMES else [*names[:MOST_NAMES], f"... ({len(names)} in all)"]
    return ", ".join(shown) or "none"


def read_model(
    path: str | Path,
    *,
    run: int = 0,
    activation: str = "relu",
    name: str | None = None,
    orientation: str = "auto",
) -> ToyModel:
    """Return the model of a file with arrays W and (if it has one) b; `run` picks one of a batch."""
    arrays = _open(Path(path))
    W = as_rows(_pick(arrays, name, Path(path).name), orientation=orientation)
    b = arrays.get("b")
    if W.ndim > 3:
        raise ValueError(
            f"`W` must be one model or a batch (runs, n_features, n_hidden); got shape {W.shape}. Save one batch."
        )
    if b is not None and b.shape != W.shape[:-1]:
        raise ValueError(
            f"`b` must have one entry per feature, shape {W.shape[:-1]}; got shape {b.shape}. Transpose `W`?"
        )
    runs = W if W.ndim == 3 else W[None]
    run = checks.integer("run", run, minimum=0)
    if run >= len(runs):
        raise ValueError(f"`run` must be below the number of runs in the file, {len(runs)}; got {run}. Count from 0.")
    decoder = arrays.get("W_out")
    if decoder is not None and "W_between" not in arrays:
        decoder = as_rows(decoder, orientation=orientation).reshape(W.shape)
    others = {name: arrays.get(name) for name in ("b_hidden", "W_between", "b_between")} | {"W_out": decoder}
    own: dict[str, Any] = {
        name: None if part is None else part[run] if W.ndim == 3 else part for name, part in others.items()
    }
    return ToyModel(
        runs[run],
        None if b is None else b.reshape(runs.shape[:-1])[run],
        activation=activation,
        **own,
    )


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a name to write to, and put what was written there in the place of `path` in one move.

    Who reads `path` meanwhile finds all of the old file or all of the new one, however many write it at the same time.
    If writing fails, the old file stays. The name has the suffix of `path`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "a.txt") as temporary:
    ...         _ = temporary.write_text("all of it")
    ...     (Path(folder) / "a.txt").read_text()
    'all of it'
    """
    path = Path(path)
    temporary = path.with_name(f".{uuid.uuid4().hex}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write text, complete or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, data: Any) -> None:
    """Write `data` as JSON, complete or not at all."""
    write_text(path, json.dumps(data, indent=2, allow_nan=False) + "\n")
