"""The files that several commands read, with weights or with a model, and the flags that complete them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter

import geomsup as gs
from geomsup.cli.inputs import Inputs
from geomsup.cli.options import Texts, Whole

__all__ = ["ModelFile", "WeightsFile"]

Named = Annotated[str | None, Parameter(name=("--weights", "--name"))]
Absent = Annotated[bool, Parameter(negative="")]


@Parameter(name="*")  # the fields are options of the command, not options of an option
@dataclass(frozen=True)
class WeightsFile:
    """Weights in a file.

    Parameters
    ----------
    path
        A file with W (.npy, .npz, .safetensors, .pt, .pth, .csv, .txt, .json), one model or a batch.
    weights
        Which array of the file is W.
    orientation
        "rows" (a row per feature), "columns", or "auto": the longer axis is the features.
    run
        Number of the model, if the file holds several; `geomsup classify` takes all by default.
    """

    path: Path
    weights: Named = field(default=None, kw_only=True)
    orientation: str = field(default="auto", kw_only=True)
    run: Whole | None = field(default=None, kw_only=True)

    def read(self, instances: str = "auto") -> tuple[np.ndarray, str]:
        """Return W, or a batch of them, rows are features, and what was taken for it."""
        from geomsup.loading.arrangement import check_run
        from geomsup.loading.load import read_weights

        W, source = read_weights(self.path, weights=self.weights, orientation=self.orientation, instances=instances)
        if W.ndim > 3:
            raise ValueError(
                f"`W` of {self.path.name!r} must have the shape (n_features, n_hidden) or one batch axis more; "
                f"got shape {W.shape}. Save one batch."
            )
        check_run(self.run, len(W) if W.ndim == 3 else 1)
        return (W, source) if self.run is None or W.ndim < 3 else (W[self.run], f"{source}, run {self.run}")

    def read_one(self) -> tuple[np.ndarray, str]:
        """Return the W of a file that holds one model, and what was taken for it."""
        W, source = self.read()
        if W.ndim > 2 and len(W) > 1:
            raise ValueError(
                f"`PATH` must hold one model; got {len(W)} in {self.path.name!r}. "
                f"Pick one: --run 0{' or' if len(W) == 2 else ', ...,'} --run {len(W) - 1}."
            )
        return W.reshape(W.shape[-2:]), source


@Parameter(name="*")
@dataclass(frozen=True)
class ModelFile:
    """A model in a file, and the features of its inputs.

    Parameters
    ----------
    path
        A file with a model (.npz, .npy, .safetensors, .pt, .pth, .csv, .txt, .json); files of `geomsup train` hold the
        features too.
    run
        Number of the model, if the file holds several; by default the first, or for `geomsup compare` all.
    weights
        Which array of the file is W.
    bias
        Which array is the bias of the output.
    no_bias
        The model has no bias.
    decoder
        Which array is the decoder.
    no_decoder
        The decoder is W.
    hidden_bias
        Which array is the bias of the hidden layer.
    no_hidden_bias
        The hidden layer has no bias.
    ignore
        Arrays that are no part of the model; "opt" stands for every one whose name begins with "opt.".
    orientation
        "rows" (a row per feature), "columns", or "auto": the longer axis is the features.
    instances
        Axis that counts the models of a batch: "first", "last", or "auto": what all arrays agree on.
    activation
        Output activation, "relu" or "linear"; by default what the model was trained with, or "relu".
    hidden_activation
        Activation of the hidden layer; by default what the model was trained with, or "linear". Must be given if the
        file has a hidden bias and does not say it.
    """

    path: Path
    inputs: Inputs = field(default_factory=Inputs, kw_only=True)
    run: Whole | None = field(default=None, kw_only=True)
    weights: Named = field(default=None, kw_only=True)
    bias: str | None = field(default=None, kw_only=True)
    no_bias: Absent = field(default=False, kw_only=True)
    decoder: str | None = field(default=None, kw_only=True)
    no_decoder: Absent = field(default=False, kw_only=True)
    hidden_bias: str | None = field(default=None, kw_only=True)
    no_hidden_bias: Absent = field(default=False, kw_only=True)
    ignore: Texts = field(default=None, kw_only=True)
    orientation: str = field(default="auto", kw_only=True)
    instances: str = field(default="auto", kw_only=True)
    activation: str | None = field(default=None, kw_only=True)
    hidden_activation: str | None = field(default=None, kw_only=True)

    def read(self, *, or_unknown: bool = False, any_target: bool = False) -> tuple[gs.ToyModel, Any]:
        """Read the model and its features; a file of `geomsup train` holds what the flags leave open.

        If neither states the features, they are None where that is allowed. Models that were trained for another target
        than their inputs are refused, unless any will do.
        """
        model = gs.load(
            self.path, weights=self.weights, bias=self._said("bias"), decoder=self._said("decoder"),
            hidden_bias=self._said("hidden_bias"), ignore=self.ignore or (), run=self.run or 0,
            instances=self.instances, orientation=self.orientation, activation=self.activation,
            hidden_activation=self.hidden_activation,
        )  # fmt: skip
        assert isinstance(model, gs.ToyModel)  # as a run was named
        known = self._trained_on(any_target)
        if or_unknown and known is None and self.inputs == Inputs():
            return model, None
        return model, self.inputs.of(model.n_features, known=known, file=repr(self.path.name))

    def all_runs(self) -> gs.TrainingRun | None:
        """Return all models of a file of `geomsup train`, if nothing is said that is about one of them."""
        from geomsup.training.storage import holds_training

        plain = type(self)(self.path)
        if self != plain or not holds_training(self.path):
            return None
        found = gs.load(self.path)
        return found if isinstance(found, gs.TrainingRun) and len(found) > 1 else None

    def target(self) -> str:
        """Return what the models of a file of `geomsup train` were trained for, and "identity" of other files."""
        from geomsup.training.storage import holds_training

        return gs.TrainingRun.load(self.path).settings.target if holds_training(self.path) else "identity"

    def _said(self, role: str) -> Any:
        """Return a role's array, False for none, or None where no flag speaks of it."""
        name, absent = getattr(self, role), getattr(self, f"no_{role}")
        if absent and name is not None:
            flag = role.replace("_", "-")
            raise ValueError(f"`--no-{flag}` must not come with `--{flag}`; got both. Leave one out.")
        return False if absent else name

    def _trained_on(self, any_target: bool) -> gs.Features | gs.SampledFeatures | None:
        """Return the features of the run, if `geomsup train` wrote the file."""
        from geomsup.training.storage import holds_training

        if not holds_training(self.path):
            return None
        trained = gs.TrainingRun.load(self.path)
        settings = trained.settings
        usual = any_target or settings.target == "identity"
        if not usual or settings.criterion != "squared":
            raise ValueError(
                f"`path` must hold models trained for the squared error of x; those of {self.path.name!r} were for the "
                f"target {settings.target!r} and criterion {settings.criterion!r}. Use TrainingRun.expected_loss."
            )
        return trained.features[self.run or 0]
