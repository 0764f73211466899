"""What a report is about: from files, folders and objects to geometries, with comparisons where inputs are known."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.comparison import Comparison, compare
from geomsup.loading import load
from geomsup.loading.formats import OPENERS
from geomsup.loading.load import read_weights
from geomsup.model import ToyModel
from geomsup.recognition import Geometries, Geometry, classify
from geomsup.threads import Report
from geomsup.training import TrainingRun

__all__ = ["Chapter", "Model", "Wanted", "chapters"]

# Of several models in one file, as many get sections of their own: enough for ten sparsities.
MOST_MODELS = 10

NO_COMPARISON = "The page does not compare with the optimum: {}"


@dataclass(frozen=True, eq=False)
class Model:
    """One W, with sections of its own.

    Attributes
    ----------
    title
        What the sections are under.
    geometry
        What its rows form.
    comparison
        With the optimum; None where that is not possible.
    remark
        Why it is not, as a sentence; None where nobody asked.
    """

    title: str
    geometry: Geometry
    comparison: Comparison | None = None
    remark: str | None = None


@dataclass(frozen=True, eq=False)
class Chapter:
    """A file, or an object: one model or several.

    Attributes
    ----------
    title
        Name of the file, or what the object is.
    origin
        What was read from where.
    models
        Those that get sections of their own.
    geometries
        All of them, if there are several; else None.
    comparisons
        A comparison for each of `geometries`, None for those that diverged; None where there are none.
    failure
        Why the file could not be read; None where it was.
    """

    title: str
    origin: str
    models: tuple[Model, ...]
    geometries: Geometries[Any] | None = None
    comparisons: tuple[Comparison | None, ...] | None = None
    failure: str | None = None


@dataclass(frozen=True)
class Wanted:
    """The options of `report` about what is read, and how."""

    features: Any = None
    title: str | None = None
    weights: str | None = None
    orientation: str = "auto"
    instances: str = "auto"
    optimum: bool = True
    starts: int | None = None
    time_limit: float | None = None
    rng: Any = 0
    tell: Report = lambda stage, fraction: None

    @property
    def search(self) -> dict[str, Any]:
        """How optima are searched."""
        return {"starts": self.starts, "time_limit": self.time_limit, "rng": self.rng}


def chapters(source: Any, wanted: Wanted) -> list[Chapter]:
    """Return a chapter for an object or a file, and one for each file of a folder."""
    if not isinstance(source, str | Path):
        return [_of_object(source, wanted)]
    path = checks.folder_or_file("source", source)
    if not path.is_dir():
        return [_of_file(path, wanted)]
    if wanted.features is not None:
        raise ValueError("`features` must be left out for a folder, whose models may have others. Pass one file.")
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in OPENERS and file.is_file())
    read = list(_each(files, wanted))
    if not any(chapter.failure is None for chapter in read):
        raise ValueError(
            f"`source` must hold a file with weights ({', '.join(OPENERS)}); the folder {path.name!r} has "
            f"{f'{len(files)} that cannot be read' if files else 'none'}. "
            f"{read[0].failure if read else 'Check the spelling.'}"
        )
    return read


def _each(files: list[Path], wanted: Wanted) -> Iterator[Chapter]:
    for count, file in enumerate(files):
        wanted.tell("reading", count / len(files))
        try:
            yield _of_file(file, wanted)
        except (ValueError, TypeError) as error:  # one broken file must not hide the others
            yield Chapter(file.name, file.name, (), failure=str(error))


def _of_file(path: Path, wanted: Wanted) -> Chapter:
    from geomsup.training.storage import holds_training

    if path.is_file() and holds_training(path):
        run = load(path)
        assert isinstance(run, TrainingRun)  # as no run was named
        return _of_run(run, path.name, wanted)
    if wanted.features is not None:
        model = load(path, weights=wanted.weights, orientation=wanted.orientation, instances=wanted.instances)
        assert isinstance(model, ToyModel)  # others were sent away above
        return _of_model(model, path.name, wanted)
    W, origin = read_weights(path, weights=wanted.weights, orientation=wanted.orientation, instances=wanted.instances)
    return _of_weights(W, path.name, origin, wanted, "rows")


def _of_object(source: Any, wanted: Wanted) -> Chapter:
    if isinstance(source, TrainingRun):
        return _of_run(source, wanted.title or "Training run", wanted)
    if isinstance(source, ToyModel):
        return _of_model(source, wanted.title or "Model", wanted)
    if wanted.features is not None:
        raise ValueError(
            f"`features` must come with a ToyModel or a file with one: a loss needs biases; got "
            f"{type(source).__name__}. Pass ToyModel(W, b), or leave `features` out."
        )
    if isinstance(source, Geometry):
        title = wanted.title or "W"
        return Chapter(title, _size(source), (Model(title, source),))
    if isinstance(source, Geometries):
        return _of_several(source, wanted.title or "Models", f"{len(source)} geometries")
    return _of_weights(source, wanted.title or "W", "", wanted, wanted.orientation)


def _of_weights(W: Any, title: str, origin: str, wanted: Wanted, orientation: str) -> Chapter:
    wanted.tell("classifying", 0.0)
    found = classify(W, orientation=orientation)
    wanted.tell("classifying", 1.0)
    if isinstance(found, Geometries):
        return _of_several(found, title, origin or f"a batch of {checks.count(len(found), 'model')}")
    return Chapter(title, origin or _size(found), (Model(title, found),))


def _of_model(model: ToyModel, title: str, wanted: Wanted) -> Chapter:
    size = f"{checks.count(model.n_features, 'feature')} in {checks.count(model.n_hidden, 'dimension')}"
    origin = model.source or f"a model of {size}"
    comparison, remark = None, None
    if wanted.features is not None:
        if wanted.features.n != model.n_features:
            raise ValueError(
                f"`features` must be about {model.n_features} features, as the model is; got {wanted.features.n}. "
                "Pass a distribution of as many."
            )
        search = partial(compare, model, wanted.features, **wanted.search)
        comparison, remark = _compared(search, wanted)
    wanted.tell("classifying", 0.0)
    geometry = classify(model.W, orientation="rows") if comparison is None else comparison.geometry
    wanted.tell("classifying", 1.0)
    return Chapter(title, origin, (Model(title, geometry, comparison, remark),))


def _of_run(run: TrainingRun, title: str, wanted: Wanted) -> Chapter:
    """Return all models of a training, with sections for the best of each entry of its features."""
    if wanted.features is not None:
        raise ValueError(
            "`features` must be left out for a training, which knows its own. Pass one of its models, run.model(0)."
        )
    found, remark = _compared(partial(run.compare, **wanted.search), wanted)
    sound = [i for i in range(len(run)) if not run.diverged_at[i]]
    comparisons: dict[int, Comparison] = {} if found is None else dict(zip(sound, found, strict=True))
    wanted.tell("classifying", 0.0)
    geometries = {
        i: comparisons[i].geometry if i in comparisons else classify(run.W[i], orientation="rows") for i in sound
    }
    wanted.tell("classifying", 1.0)
    losses = run.expected_loss() if remark is None else run.loss[:, -1]
    models = [
        Model(_of_entry(run, i, title), geometries[i], comparisons.get(i), remark)
        for i in _best(run, losses)[:MOST_MODELS]
    ]
    if len(run) == 1:
        return Chapter(title, run.source or repr(run), tuple(models))
    every = Geometries(tuple(map(geometries.get, range(len(run)))))
    several = None if found is None else tuple(map(comparisons.get, range(len(run))))
    return Chapter(title, run.source or repr(run), tuple(models), every, several)


def _best(run: TrainingRun, losses: np.ndarray) -> list[int]:
    """Return the index of the model of least loss of each entry of the features."""
    each = run.settings.models
    entries = [range(first, first + each) for first in range(0, len(run), each)]
    sound = [[i for i in entry if not run.diverged_at[i] and np.isfinite(losses[i])] for entry in entries]
    return [min(entry, key=lambda i: losses[i]) for entry in sound if entry]


def _of_entry(run: TrainingRun, index: int, title: str) -> str:
    if len(run) == 1:
        return title
    sparsity = 1 - float(np.mean(run.features[index].probability))
    return f"Model {index}, the best at sparsity {sparsity:.3g}"


def _of_several(found: Geometries[Any], title: str, origin: str) -> Chapter:
    """Return a batch, with sections for the first model of each name, the most frequent first."""
    firsts = [found.names.index(name) for name in found.tally]
    models = [
        Model(f"Model {i}" + (f", one of {found.tally[found.names[i]]}" if found.tally[found.names[i]] > 1 else ""),
              found[i])
        for i in firsts if found[i] is not None
    ]  # fmt: skip
    return Chapter(title, origin, tuple(models[:MOST_MODELS]), found)


def _compared(work: Any, wanted: Wanted) -> tuple[Any, str | None]:
    """Return the comparison; or None, and why there is none: not every loss has a known optimum."""
    if not wanted.optimum:
        return None, NO_COMPARISON.format("this was not asked for.")
    wanted.tell("comparing", 0.0)
    try:
        found = work()
    except (ValueError, TypeError) as error:
        return None, NO_COMPARISON.format(" ".join(str(error).split()))
    wanted.tell("comparing", 1.0)
    return found, None


def _size(geometry: Geometry) -> str:
    return f"W of shape ({geometry.n_features}, {geometry.n_hidden}), rows are features"
