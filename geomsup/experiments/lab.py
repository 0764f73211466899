"""Where an experiment works: finished parts are kept on disk, so that nothing is computed twice."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from geomsup.files import replacing
from geomsup.training import TrainingRun, train_whole

__all__ = ["DATA", "Lab", "read_data", "write_data"]

DATA = "data.npz"  # what an experiment measured, in its folder


class Lab:
    """A folder for the finished parts of an experiment, and a trainer that uses it.

    Parameters
    ----------
    folder
        Where parts are kept; None keeps nothing.
    threads
        Threads that the experiment may use.
    report
        Called as ``report(name)`` when a part begins.
    others
        Folder that holds the folders of all experiments.
    """

    def __init__(
        self,
        folder: Path | None = None,
        threads: int = 1,
        report: Callable[[str], object] | None = None,
        others: Path | None = None,
    ) -> None:
        self.folder, self.threads, self.others = folder, threads, others
        self.report = report or (lambda name: None)

    def keep(self, name: str, function: Callable[[], Mapping[str, Any]]) -> dict[str, np.ndarray]:
        """Return the arrays that `function` returns; read them from the file of this name if they were made before.

        Examples
        --------
        >>> Lab().keep("squares", lambda: {"x": [1, 4, 9]})["x"]
        array([1, 4, 9])
        """
        path = self._path(name, ".npz")
        if path is not None and path.exists():
            return read_data(path)
        self.report(name)
        data = {key: np.asarray(value) for key, value in function().items()}
        if path is not None:
            write_data(path, data)
        return data

    def train(self, name: str, features: Any, n_hidden: Any, **options: Any) -> TrainingRun:
        """Train as `geomsup.train` does, or load the training of this name; an interrupted one is continued."""
        path = self._path(name, ".run.npz")
        if path is not None and path.exists():
            return TrainingRun.load(path)
        self.report(name)
        part = self._path(name, ".part.npz")
        run = train_whole(features, n_hidden, part=part, threads=self.threads, **options)
        if path is not None and part is not None:
            run.save(path)
            part.unlink(missing_ok=True)
        return run

    def data_of(self, id: str) -> dict[str, np.ndarray]:
        """Return the arrays that the experiment `id` has measured."""
        if self.others is None:
            raise ValueError("`others` must be the folder of all experiments to read from; got None. Run `reproduce`.")
        return read_data(self.others / id / DATA)

    def _path(self, name: str, suffix: str) -> Path | None:
        if self.folder is None:
            return None
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / (re.sub(r"[^\w.=,+-]+", "_", name) + suffix)


def write_data(path: Path, data: Mapping[str, np.ndarray]) -> None:
    """Write arrays to an .npz file, complete or not at all."""
    objects = [name for name, array in data.items() if np.asarray(array).dtype.hasobject]
    if objects:  # NumPy would pickle them
        raise TypeError(f"`data` must hold plain arrays; {objects[0]!r} holds objects. Split it.")
    with replacing(path) as temporary, open(temporary, "xb") as file:
        entries: dict[str, Any] = dict(data)
        np.savez_compressed(file, **entries)


def read_data(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays that `write_data` wrote."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
