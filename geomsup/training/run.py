"""What a training leaves behind: weights, losses, the inputs that made them, and a file of it all."""

import json
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from geomsup import checks
from geomsup.features import Features
from geomsup.model import ToyModel

__all__ = ["TrainingRun"]

FORMAT = 1
ALWAYS, HISTORY = ("W", "b", "steps", "loss"), ("W_history", "b_history")


@dataclass(frozen=True, eq=False, repr=False)
class TrainingRun:
    """Trained toy models, as `train` returns them; all arrays are read-only.

    Parameters
    ----------
    features
        What each run was trained on, one `Features` per run.
    W, b
        Final weights, ``(runs, n, m)`` and ``(runs, n)``, in the single precision they were trained in.
    steps
        Steps done at each record, ``(records,)``.
    loss
        Mean batch loss since the record before, ``(runs, records)``.
    W_history, b_history
        Weights at each record, ``(runs, records, n, m)`` and ``(runs, records, n)``; None if not asked for.
    config
        Settings of the training, and under "completed_steps" how far it came.

    References
    ----------
    Elhage et al. 2022, "Toy models of superposition".

    Examples
    --------
    >>> from geomsup.training import train
    >>> run = train(Features(2, probability=0.5), 1, steps=20, batch=32, record=10)
    >>> run.steps, run.W_history.shape
    (array([10, 20]), (1, 2, 2, 1))
    >>> run.model(0)
    ToyModel(2 features in 1 dimensions, relu)
    """

    features: tuple[Features, ...]
    W: np.ndarray
    b: np.ndarray
    steps: np.ndarray
    loss: np.ndarray
    W_history: np.ndarray | None
    b_history: np.ndarray | None
    config: dict[str, Any]

    def __post_init__(self) -> None:
        for name, array in self._arrays().items():
            view = array.view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def _arrays(self) -> dict[str, Any]:
        arrays = {name: getattr(self, name) for name in ALWAYS + HISTORY}
        return {name: array for name, array in arrays.items() if array is not None}

    def __len__(self) -> int:
        return len(self.W)

    def __repr__(self) -> str:
        runs, n, m = self.W.shape
        counted = "1 run" if runs == 1 else f"{runs} runs"
        steps = self.config["completed_steps"]
        return f"TrainingRun({counted} of {n} features in {m} dimensions, {steps} steps)"

    def model(self, run: int) -> ToyModel:
        """Return the trained model of one run."""
        if checks.integer("run", run, minimum=0) >= len(self):
            raise IndexError(f"`run` must be below {len(self)}, the number of runs; got {run}. Count from 0.")
        return ToyModel(self.W[run], self.b[run], self.config["activation"])

    def expected_loss(self) -> np.ndarray:
        """Return the exact expected loss of each run's final model on its features, ``(runs,)``."""
        return np.array([self._expected_loss_of(run) for run in range(len(self))])

    def best(self, entry: int | None = None) -> ToyModel:
        """Return the model of lowest exact expected loss.

        Parameters
        ----------
        entry
            Which of the `features` given to `train`, counted from 0; may be left out if there was one only.

        Raises
        ------
        ValueError
            If `entry` is left out although there were several: their losses do not compare.
        IndexError
            If there is no such entry.
        """
        models = self.config["models"]
        entries = len(self) // models
        if entry is None and entries > 1:
            raise ValueError(
                f"`entry` must be given, as {entries} different features were trained; got None. "
                "Pass the number of one, from 0."
            )
        entry = 0 if entry is None else checks.integer("entry", entry, minimum=0)
        if entry >= entries:
            raise IndexError(f"`entry` must be below {entries}, the number of features trained; got {entry}.")
        return self.model(min(range(entry * models, (entry + 1) * models), key=self._expected_loss_of))

    def _expected_loss_of(self, run: int) -> float:
        from geomsup.loss import expected_loss

        return float(expected_loss(self.model(run), self.features[run]))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to `path`, an .npz file that `load` reads; replaces a file there in one move."""
        path = Path(path)
        entries = self.features[:: self.config["models"]]
        description = {
            "format": FORMAT,
            "config": self.config,
            "features": [entry.to_dict() for entry in entries],
        }
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            with open(temporary, "xb") as file:
                np.savez(file, description=np.array(json.dumps(description)), **self._arrays())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "TrainingRun":
        """Read a run that `save` wrote.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is not one that `save` wrote, or a newer version wrote it.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                description = json.loads(str(file["description"]))
                if description["format"] == FORMAT:
                    return cls._from_file(file, description)
        except (AttributeError, BadZipFile, EOFError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"`path` must be a file written by TrainingRun.save; {os.fspath(path)!r} is not one. Check the path."
            ) from error
        raise ValueError(
            f"`path` must hold a training of format {FORMAT}; got format {description['format']}. "
            "Update geomsup to read it."
        )

    @classmethod
    def _from_file(cls, file: Any, description: dict[str, Any]) -> "TrainingRun":
        config = description["config"]
        entries = [Features.from_dict(entry) for entry in description["features"]]
        return cls(
            features=tuple(entry for entry in entries for _ in range(config["models"])),
            **{name: file[name] for name in ALWAYS},
            **{name: file.get(name) for name in HISTORY},
            config=config,
        )
