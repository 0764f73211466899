"""NumPy's files: an array (.npy), or an archive of arrays (.npz); never a pickle."""

import weakref
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from geomsup.loading.broken import broken_file_named
from geomsup.loading.held import Entry, Held, entry_of
from geomsup.loading.texts import speaks_of_activations

__all__ = ["open_archive", "open_array"]

# Bytes of an array from which its compression is checked: weights are not compressed by a large factor.
LARGE = 100_000_000
# An array that was compressed by more than this factor is a bomb.
MOST_SQUEEZED = 100


def open_array(path: Path) -> Held:
    """Return the array of an .npy file under the name "W"."""
    with broken_file_named(path, ".npy"), open(path, "rb") as file:
        return Held(repr(path.name), {"W": entry_of(np.load(file, allow_pickle=False))})


def open_archive(path: Path) -> Held:
    """Return the arrays of an .npz file."""
    with broken_file_named(path, ".npz"):
        archive = _Archive(path)
    told = [name for name in archive.members if speaks_of_activations(name) and archive.look(name) == ((), "U")]
    entries = {name: archive.entry(name) for name in archive.members if name not in told}
    return Held(repr(path.name), entries, {name: str(archive.read(name)) for name in told})


class _Archive:
    """Arrays of an .npz file, each read when needed: others in the file may be large, or broken."""

    def __init__(self, path: Path) -> None:
        self.path = path
        file = open(path, "rb")  # noqa: SIM115  (open as long as this is: the name may get another file meanwhile)
        weakref.finalize(self, file.close)
        self.archive = zipfile.ZipFile(file)
        arrays = [info for info in self.archive.infolist() if info.filename.endswith(".npy")]
        self.members = {info.filename.removesuffix(".npy"): info for info in arrays}
        if len(self.members) < len(arrays):
            raise ValueError("it holds two arrays of one name")

    def entry(self, name: str) -> Entry:
        return Entry(lambda: self.look(name), lambda: self.read(name))

    def look(self, name: str) -> tuple[tuple[int, ...], str]:
        """Read the shape and the kind from the head of an array."""
        with self._opened(name) as member:
            version = np.lib.format.read_magic(member)
            header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = header(member)
        return shape, dtype.kind

    def read(self, name: str) -> np.ndarray:
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
        with broken_file_named(self.path, ".npz"), self.archive.open(self.members[name]) as member:
            yield member
