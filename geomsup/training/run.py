"""The result of a training: weights, losses, and the features that it was trained on; and its file."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from geomsup import checks
from geomsup.features import Features
from geomsup.model import ToyModel
from geomsup.tables import Tabular
from geomsup.threads import Progress
from geomsup.training.layout import OPTIONAL
from geomsup.training.settings import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.comparison import Comparisons
    from geomsup.recognition import Geometries, Geometry

__all__ = ["TrainingRun"]

MOST_DRAWN, PANEL = 8, 3.5  # panels that fit beside each other, and their size in inches
SUFFIXES = (".npz", ".safetensors", "")  # of files of runs; without any they are .npz
ALWAYS = ("W", "b", "steps", "loss")  # arrays that every run has
PERHAPS = (  # arrays that a run may lack
    "W_history", "b_history", *OPTIONAL, *(f"{name}_history" for name in OPTIONAL), "diverged_at", "moments", "pending",
)  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class TrainingRun(Tabular):
    """Trained toy models, as `train` returns them; all arrays are read-only.

    Parameters
    ----------
    features
        What each run was trained on, one `Features` or `SampledFeatures` per run.
    W, b
        Final weights, ``(runs, n, m)`` and ``(runs, n)``, in the single precision they were trained in.
    steps
        Steps done at each record, ``(records,)``.
    loss
        Mean loss of the batches since the record before, ``(runs, records)``: with dropout and attacks as in training,
        without the penalties on hidden activations and on coherence; NaN after a run diverged.
    W_history, b_history
        Weights at each record, ``(runs, records, n, m)`` and ``(runs, records, n)``; None if none were recorded.
    config
        Settings of the training, and under "completed_steps" the number of steps done.
    W_out, b_hidden, W_between, b_between
        Final decoder ``(runs, n, m)``, bias of the hidden layer ``(runs, m)``, weights to the second hidden layer
        ``(runs, m, m2)`` and its bias ``(runs, m2)``, of models that have them; else None.
    W_out_history, b_hidden_history, W_between_history, b_between_history
        These at each record.
    diverged_at
        Step that took a run out of the range of single precision, ``(runs,)``; 0 where none did.
    moments, pending
        State of the optimiser, ``(runs, 2, weights)``, and losses not yet recorded, ``(runs,)``: what `resume` needs.
    source
        The file that the run was read from by ``geomsup.load``; else None.

    References
    ----------
    :cite:t:`elhage2022`.

    Examples
    --------
    >>> from geomsup import Features, train
    >>> run = train(Features(2, probability=0.5), 1, steps=20, batch=32, record=10)
    >>> run.steps, run.W_history.shape
    (array([10, 20]), (1, 2, 2, 1))
    >>> run.model(0)
    ToyModel(2 features in 1 dimension, relu)
    >>> import geomsup as gs
    >>> run = gs.train(gs.Features(2, 0.1), 1, models=2, steps=500, learning_rate=1e-2)
    >>> len(run), run.model(0), run.best()
    (2, ToyModel(2 features in 1 dimension, relu), ToyModel(2 features in 1 dimension, relu))
    >>> len(run.classify()), run.expected_loss().shape, len(run.to_rows())
    (2, (2,), 2)
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     run.save(f"{folder}/run.npz")
    ...     len(gs.TrainingRun.load(f"{folder}/run.npz"))
    2
    >>> len(run.plot())
    2
    """

    features: tuple[Any, ...]
    W: np.ndarray
    b: np.ndarray
    steps: np.ndarray
    loss: np.ndarray
    W_history: np.ndarray | None
    b_history: np.ndarray | None
    config: dict[str, Any]
    W_out: np.ndarray | None = None
    W_out_history: np.ndarray | None = None
    b_hidden: np.ndarray | None = None
    b_hidden_history: np.ndarray | None = None
    W_between: np.ndarray | None = None
    W_between_history: np.ndarray | None = None
    b_between: np.ndarray | None = None
    b_between_history: np.ndarray | None = None
    diverged_at: np.ndarray = None  # pyright: ignore[reportAssignmentType]
    moments: np.ndarray | None = None
    pending: np.ndarray | None = None
    source: str | None = None

    def __post_init__(self) -> None:
        if self.diverged_at is None:
            object.__setattr__(self, "diverged_at", np.zeros(len(self.W), np.int64))
        for name, array in self._arrays().items():
            view = array.view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def _arrays(self) -> dict[str, Any]:
        arrays = {name: getattr(self, name) for name in ALWAYS + PERHAPS}
        return {name: array for name, array in arrays.items() if array is not None}

    def __len__(self) -> int:
        return len(self.W)

    def __repr__(self) -> str:
        runs, n, m = self.W.shape
        size = checks.count(m, "dimension")
        if self.W_between is not None:
            size = f"{m} and {checks.count(self.W_between.shape[2], 'dimension')}"
        runs, features = checks.count(runs, "run"), checks.count(n, "feature")
        return f"TrainingRun({runs} of {features} in {size}, {checks.count(self.config['completed_steps'], 'step')})"

    @overload
    def __getitem__(self, index: int) -> ToyModel: ...
    @overload
    def __getitem__(self, index: slice) -> list[ToyModel]: ...
    def __getitem__(self, index: int | slice) -> ToyModel | list[ToyModel]:
        """Return the model of one run, counted from the end if negative, or those of a slice."""
        if isinstance(index, slice):
            return [self.model(run) for run in range(*index.indices(len(self)))]
        run = index + len(self) if isinstance(index, int) and -len(self) <= index < 0 else index
        return self.model(run)

    def __iter__(self) -> Iterator[ToyModel]:
        return (self.model(run) for run in range(len(self)))

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per run: mean sparsity (None on a data set), loss of the last batches, whether it diverged."""
        return [
            {
                "run": run,
                "sparsity": 1 - float(features.probability.mean()) if isinstance(features, Features) else None,
                "batch_loss": float(self.loss[run, -1]),
                "diverged": bool(self.diverged_at[run]),
            }
            for run, features in enumerate(self.features)
        ]

    def plot(self, axes: "Sequence[Axes] | np.ndarray | None" = None) -> "list[Axes]":
        """Draw the geometry of up to eight runs that did not diverge, side by side; return a list of axes."""
        from geomsup.plot.panels import panels

        chosen = [run for run in range(len(self)) if not self.diverged_at[run]][:MOST_DRAWN]
        if not chosen:
            raise ValueError("`run` must have models that did not diverge; got none. Lower `learning_rate`.")
        if axes is None:
            from matplotlib import pyplot

            solid = {"projection": "3d"} if self.W.shape[2] == 3 else {}
            size = (PANEL * len(chosen), PANEL)
            axes = pyplot.subplots(1, len(chosen), figsize=size, subplot_kw=solid, squeeze=False)[1].ravel()
        drawn = panels(axes, len(chosen))
        for run, ax in zip(chosen, drawn, strict=True):
            self.model(run).plot(ax)
        return drawn

    @cached_property
    def settings(self) -> Settings:
        """The settings of the training, as `config` names them."""
        return Settings.from_dict(self.config)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the training before its last step, or before its last exact descent had ended."""
        if self.settings.objective == "exact":
            return bool(np.isnan(self.loss).any())
        return self.config["completed_steps"] < self.settings.steps

    @property
    def diverged(self) -> tuple[int, ...]:
        """Indices of the runs that left the range of single precision. Their weights and losses mean nothing."""
        return tuple(np.flatnonzero(self.diverged_at).tolist())

    @property
    def dimensionality_history(self) -> np.ndarray | None:
        """Fractional dimensionality D_i of each feature at each record, ``(runs, records, n)``, or None."""
        from geomsup.dimensions import dimensionality

        if self.W_history is None:
            return None
        result = np.full(self.W_history.shape[:-1], np.nan)
        sound = np.isfinite(self.W_history).all(axis=(2, 3))
        if sound.any():
            result[sound] = dimensionality(self.W_history[sound], orientation="rows")
        return result

    def model(self, run: int, record: int | None = None) -> ToyModel:
        """Return the model of one run: as trained, or as it was at record number `record`.

        Raises
        ------
        IndexError
            If there is no such run or record.
        ValueError
            If the run diverged, or no history was asked for.
        """
        if checks.integer("run", run, minimum=0) >= len(self):
            raise IndexError(f"`run` must be below {len(self)}, the number of runs; got {run}. Count from 0.")
        suffix, at = "", (run,)
        if record is not None:
            if self.W_history is None:
                raise ValueError("`record` needs a history; this training kept none. Train with record=1000, say.")
            if checks.integer("record", record, minimum=0) >= len(self.steps):
                raise IndexError(f"`record` must be below {len(self.steps)}, the number of records; got {record}.")
            suffix, at = "_history", (run, record)
        parts = {name: getattr(self, name + suffix) for name in ("W", "b", *OPTIONAL)}
        weights = {name: part[at] for name, part in parts.items() if part is not None}
        if not np.isfinite(weights["W"]).all():
            raise ValueError(
                f"`run` must be one that did not diverge; run {run} did at step {self.diverged_at[run]}. "
                "Lower `learning_rate` and train it again."
            )
        settings = self.settings
        return ToyModel(**weights, activation=settings.activation, hidden_activation=settings.hidden_activation)

    def expected_loss(self) -> np.ndarray:
        """Return the expected loss of each run's final model on its features, ``(runs,)``; NaN where it diverged.

        The target and the criterion are those of the training; inputs are clean, and no unit is dropped. The loss is
        exact where `geomsup.expected_loss` is, to 1e-9 or what rounding allows. For nonlinear hidden layers, targets
        other than x, and cross-entropy it is the mean over 2¹⁸ samples, which are the same for all runs. On a data set
        it is the mean over all its samples.
        """
        return np.array([self._expected_loss_of(run) for run in range(len(self))])

    def resume(
        self, steps: int | None = None, *, threads: int | None = None, progress: Progress = None
    ) -> "TrainingRun":
        """Continue after an interruption, or beyond the end, to `steps` in all (by default as first planned).

        The weights have the same bits as without the interruption. With a schedule that falls this holds only if the
        number of steps planned stays the same. Records are made at the same steps, except those due between the last
        record and the interruption. A training on a GPU goes on there if there is one; else on the CPU, where it agrees
        to rounding. An exact training descends from the starts of the runs that have not ended. `threads` and
        `progress` are those of `train`.

        Raises
        ------
        ValueError
            If `steps` is below what is done, or other than planned though the training was exact.

        Examples
        --------
        >>> from geomsup import Features, train
        >>> half = train(Features(2, probability=0.5), 1, steps=20, batch=32)
        >>> whole = train(Features(2, probability=0.5), 1, steps=40, batch=32)
        >>> bool((half.resume(40).W == whole.W).all())
        True
        """
        from geomsup.training.resuming import resume

        return resume(self, steps, threads, progress)

    def best(self, entry: int | None = None) -> ToyModel:
        """Return the model of lowest `expected_loss`, among those that did not diverge.

        Parameters
        ----------
        entry
            Which of the `features` given to `train`, counted from 0; may be left out if there was one only.

        Raises
        ------
        ValueError
            If `entry` is left out although there were several: their losses do not compare; if every run of it
            diverged.
        IndexError
            If there is no such entry.
        """
        models = self.settings.models
        entries = len(self) // models
        if entry is None and entries > 1:
            raise ValueError(
                f"`entry` must be given, as {entries} different features were trained; got None. "
                "Pass the number of one, from 0."
            )
        entry = 0 if entry is None else checks.integer("entry", entry, minimum=0)
        if entry >= entries:
            raise IndexError(f"`entry` must be below {entries}, the number of features trained; got {entry}.")
        runs = [run for run in range(entry * models, (entry + 1) * models) if not self.diverged_at[run]]
        if not runs:
            raise ValueError(f"`entry` must have a run that did not diverge; got {entry}. Lower `learning_rate`.")
        return self.model(min(runs, key=self._expected_loss_of))

    def _expected_loss_of(self, run: int) -> float:
        from geomsup.training.measure import measured_loss

        if self.diverged_at[run]:
            return float("nan")
        settings = self.settings
        return measured_loss(self.model(run), self.features[run], settings.target, settings.criterion)

    def compare(
        self, *, coherence: float | None = None, weight_decay: float = 0.0, target: str | None = None,
        starts: int | None = None, rng: Any = 0, time_limit: float | None = None, progress: Progress = None,
    ) -> "Comparisons":  # fmt: skip
        """Compare every run that did not diverge with the theoretical optimum of its features.

        One optimum serves all runs with the same features; see ``geomsup.compare``, which takes the arguments. The
        penalty on coherence and the target are by default those of the training.

        Returns
        -------
        Comparisons
            A `Comparison` per run, in their order, without those that diverged; printed as a table.

        Raises
        ------
        ValueError
            If the runs were trained for cross-entropy, if `optimum` does not know losses to their target for so many
            features, or if all diverged.

        Examples
        --------
        >>> from geomsup import Features, train
        >>> run = train(Features(2, probability=0.1), 1, models=2, steps=3000, learning_rate=5e-3, batch=256)
        >>> bool(run.compare(starts=4).best.excess < 0.05)
        True
        """
        from geomsup.comparison import compare

        if self.settings.criterion != "squared":
            raise ValueError(
                f"`run` must be trained for criterion 'squared' to be compared; got {self.settings.criterion!r}. "
                "No optimum of other losses is known."
            )
        sound = [run for run in range(len(self)) if not self.diverged_at[run]]
        if not sound:
            raise ValueError("`run` must have models that did not diverge; got none. Lower `learning_rate`.")
        features = [self.features[run] for run in sound]
        models = [self.model(run) for run in sound]
        return compare(
            models, features, coherence=self.settings.coherence if coherence is None else coherence,
            weight_decay=weight_decay, target=self.settings.target if target is None else target, starts=starts,
            rng=rng, time_limit=time_limit, progress=progress,
        )  # fmt: skip

    def classify(self) -> "Geometries[Geometry | None]":
        """Return the `Geometry` of each run, as ``geomsup.classify`` gives it for W; None where the run diverged."""
        from geomsup.recognition import Geometries, classify

        return Geometries(tuple(
            None if diverged else classify(W, orientation="rows")
            for W, diverged in zip(self.W, self.diverged_at, strict=True)
        ))  # fmt: skip

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything, data sets too, to `path`, a file that `load` reads; replaces a file there in one move.

        Its name ends in .safetensors (extra ``weights``), or in .npz or without a suffix, which both make an .npz file.

        Raises
        ------
        ValueError
            If the name ends otherwise.
        """
        from geomsup.training.storage import described, write

        file = checks.folder_or_file("path", path)
        if file.suffix not in SUFFIXES:
            raise ValueError(f"`path` must end in .npz or .safetensors; got {file.name!r}. Rename it.")
        entries, data = described(self.features[:: self.settings.models])
        write(file, {"config": self.config, "features": entries}, self._arrays() | data)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "TrainingRun":
        """Return the run that `save` wrote.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is not one that `save` wrote, or of another format.
        """
        from geomsup.training.storage import read

        config, entries, arrays = read(checks.folder_or_file("path", path))
        features = tuple(entry for entry in entries for _ in range(config["models"]))
        fields: dict[str, Any] = {"W_history": None, "b_history": None} | arrays
        return cls(features=features, config=config, **fields)
