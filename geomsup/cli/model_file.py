"""The model file that several commands read, and the flags that complete it."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from cyclopts import Parameter

import geomsup as gs
from geomsup.cli.options import Numbers, Whole, one_or_all

__all__ = ["ModelFile"]


@Parameter(name="*")  # the fields are options of the command, not options of an option
@dataclass(frozen=True)
class ModelFile:
    """A model in a file, and the features of its inputs.

    Parameters
    ----------
    path
        A file with W and b; files of `geomsup train` hold the features too.
    probability
        P(feature is present), one value or one per feature.
    importance
        One importance for all features, or one per feature.
    run
        Number of the model, if the file holds several.
    name
        Which array of the file is W.
    orientation
        "rows" (a row per feature), "columns", or "auto": the longer axis is the features.
    activation
        Output activation, "relu" or "linear"; by default what the model was trained with, or "relu".
    """

    path: Path
    probability: Numbers = field(default=None, kw_only=True)
    importance: Numbers = field(default=None, kw_only=True)
    run: Whole = field(default=0, kw_only=True)
    name: str | None = field(default=None, kw_only=True)
    orientation: str = field(default="auto", kw_only=True)
    activation: str | None = field(default=None, kw_only=True)

    def read(self) -> tuple[gs.ToyModel, gs.Features]:
        """Read the model; a file of `geomsup train` holds what the flags leave open."""
        from geomsup.files import read_model
        from geomsup.training.storage import holds_training

        if holds_training(self.path):
            return self._trained()
        if self.probability is None:
            raise ValueError(
                f"`--probability` must be given; {self.path.name!r} does not say what its model was trained on. "
                "Pass P(feature is present)."
            )
        model = read_model(
            self.path, run=self.run, activation=self.activation or "relu", name=self.name, orientation=self.orientation
        )
        p, weights = one_or_all(self.probability, None), one_or_all(self.importance, 1.0)
        return model, gs.Features(model.n_features, p, weights)

    def _trained(self) -> tuple[gs.ToyModel, gs.Features]:
        trained = gs.TrainingRun.load(self.path)
        if not 0 <= self.run < len(trained):
            raise ValueError(
                f"`--run` must be in 0 ... {len(trained) - 1}; got {self.run}. The file holds no such run."
            )
        model, known = trained.model(self.run), trained.features[self.run]
        if self.activation is not None:
            model = replace(model, activation=self.activation)
        return model, gs.Features(
            known.n,
            one_or_all(self.probability, known.probability),
            one_or_all(self.importance, known.importance),
            known.values,
        )
