"""What can be swept: trainings, optima, energies, the geometry of files of weights, and functions of the user's."""

import inspect
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.features import Features, Joint
from geomsup.loading import load
from geomsup.model import ToyModel
from geomsup.sweeps.outcome import Outcome, attempt

__all__ = ["DIMENSIONS", "KINDS", "UNITS", "Kind", "called_by_name", "evaluate", "features_of", "kind_of"]

Point = Mapping[str, Any]

# What describes the features of a point; "correlation" is that of the presences of all pairs.
FEATURES = (
    "n_features", "probability", "importance", "values", "correlated", "anticorrelated", "joint", "normalised",
    "correlation",
)  # fmt: skip
VARIED = (*FEATURES, "seed")  # in which the models of one training may differ
# Names of the axes of arrays that results hold, and units.
DIMENSIONS = {
    "W": ("feature", "hidden"), "W_out": ("feature", "hidden"), "b": ("feature",), "b_hidden": ("hidden",),
    "dimensionality": ("feature",),
}  # fmt: skip
DIVERGED = "the training left the range of single precision; lower `learning_rate`"
SQUARES = "squared error, summed over features"
UNITS = {
    "loss": SQUARES, "lower_bound": SQUARES, "dimensionality": "hidden dimensions per feature", "residual": "degrees",
    "W": "units of the hidden layer per unit of the input", "b": "units of the input",
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """Something of geomsup's that can be swept.

    Parameters
    ----------
    function
        Where the public function is: module and name.
    needed
        Arguments that every point must have.
    left_out
        Arguments of the function that points do not have.
    added
        Arguments that points have beside those of the function.
    run
        Returns what becomes of each of several points.
    """

    function: tuple[str, str]
    needed: tuple[str, ...]
    left_out: tuple[str, ...]
    added: tuple[str, ...]
    run: Callable[[Sequence[Point]], list[Outcome]]

    @property
    def known(self) -> tuple[str, ...]:
        """The arguments that a point may have."""
        module, name = self.function
        own = inspect.signature(getattr(import_module(module), name)).parameters
        return (*self.added, *(one for one in own if one not in self.left_out))

    def check(self, name: str, point: Point) -> None:
        """Refuse a point that lacks an argument, or has one that is not known."""
        for argument, value in point.items():
            if argument not in self.known:
                raise TypeError(checks.unknown(f'sweep("{name}", ...)', argument, value, self.known))
        for argument in self.needed:
            if argument not in point:
                raise ValueError(
                    f"`{argument}` must be an axis or fixed for a sweep of {name!r}; got {', '.join(point)}. Give it."
                )


def evaluate(what: str, function: Callable[..., Any] | None, points: Sequence[Point]) -> list[Outcome]:
    """Return what becomes of points; an error of one is its own. This is what workers are sent."""
    if what in KINDS:
        return KINDS[what].run(points)
    called = called_by_name(what) if function is None else function
    return [attempt(lambda point=point: called(**point)) for point in points]


def called_by_name(name: str) -> Callable[..., Any]:
    """Return the function of ``module:name``.

    Examples
    --------
    >>> called_by_name("math:sqrt")(4)
    2.0
    """
    module, _, rest = name.partition(":")
    try:
        found: Any = import_module(module)
        for part in rest.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"`what` must be module:function; {name!r} is not found: {error}. Check the name.") from None
    if not callable(found):
        raise TypeError(f"`what` must be a function; {name!r} is {checks.shown(found)}. Name another.")
    return found


def features_of(point: Point) -> Features:
    """Return the features of a point; one number as `importance` is that of the last, as in `phase_diagram`.

    Examples
    --------
    >>> features_of({"n_features": 3, "probability": 0.1, "importance": 0.5}).importance
    array([1. , 1. , 0.5])
    """
    known = {name: point[name] for name in FEATURES if name in point}
    n, importance = known.pop("n_features"), known.pop("importance", 1.0)
    checks.integer("n_features", n, minimum=1)
    if not isinstance(importance, list):
        importance = [1.0] * (n - 1) + [importance]
    correlation = known.pop("correlation", None)
    if correlation is not None:
        joint = Joint.correlated(range(n), known["probability"], correlation=correlation)
        known["joint"] = [*known.get("joint", ()), joint.to_dict()]
    return Features.from_dict({"n": n, "importance": importance} | known)


def _rest(point: Point) -> dict[str, Any]:
    return {name: value for name, value in point.items() if name not in FEATURES}


def _train(points: Sequence[Point]) -> list[Outcome]:
    """Train models; those that differ in features and seed only go through the kernels together."""
    found: dict[int, Outcome] = {}
    ready: list[tuple[int, Features]] = []
    for place, point in enumerate(points):
        try:
            ready.append((place, features_of(point)))
        except (TypeError, ValueError) as error:
            found[place] = Outcome(None, f"{type(error).__name__}: {error}", 0.0)

    def alike(one: tuple[int, Features]) -> str:
        place, features = one
        return repr((features.n, sorted((k, v) for k, v in points[place].items() if k not in VARIED)))

    for _, group in groupby(sorted(ready, key=alike), key=alike):
        members = list(group)
        begin = time.perf_counter()
        outcomes = _train_stack([points[place] for place, _ in members], [features for _, features in members])
        each = (time.perf_counter() - begin) / len(members)
        for (place, _), outcome in zip(members, outcomes, strict=True):
            found[place] = outcome._replace(seconds=each)
    return [found[place] for place in range(len(points))]


def _train_stack(points: Sequence[Point], features: list[Features]) -> list[Outcome]:
    from geomsup.training import train_whole

    options: dict[str, Any] = _rest(points[0]) | {"seed": [point.get("seed", 0) for point in points]}
    units, named = options.pop("n_hidden"), options.pop("geometry", True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Training must stay finite", RuntimeWarning)  # each is told below
            run = train_whole(features, units, threads=1, **options)
    except FloatingPointError:  # all of them diverged
        return [Outcome(None, f"FloatingPointError: {DIVERGED}", 0.0)] * len(points)
    except Exception as error:
        return [Outcome(None, f"{type(error).__name__}: {error}", 0.0)] * len(points)

    def told(number: int) -> dict[str, Any]:
        if run.diverged_at[number]:
            raise FloatingPointError(DIVERGED)
        loss = {"loss": float(run._expected_loss_of(number)), "batch_loss": float(run.loss[number, -1])}
        return loss | _described(run.model(number), points[number], named)

    return [attempt(lambda number=number: told(number)) for number in range(len(run))]


def _described(model: ToyModel, point: Point, named: bool) -> dict[str, Any]:
    """Return weights, the dimensionality of every feature, and names: of the geometry, and of the phase."""
    from geomsup.dimensions import dimensionality
    from geomsup.phases.names import phase_in_words
    from geomsup.recognition import classify

    arrays = {name: getattr(model, name) for name in ("W", "b", "W_out", "b_hidden")}
    found: dict[str, Any] = {name: array for name, array in arrays.items() if array is not None}
    found["dimensionality"] = dimensionality(model.W, orientation="rows")
    if named:
        geometry = classify(model.W, orientation="rows")
        found["geometry"] = geometry.name
        if "importance" in point and not isinstance(point["importance"], list):
            found["phase"] = phase_in_words(geometry)
    return found


def _one_by_one(function: Callable[[Point], Any]) -> Callable[[Sequence[Point]], list[Outcome]]:
    return lambda points: [attempt(lambda point=point: function(point)) for point in points]


def _optimum(point: Point) -> dict[str, Any]:
    from geomsup.optima import optimum

    options = _rest(point)
    units, named = options.pop("n_hidden"), options.pop("geometry", True)
    best = optimum(features_of(point), units, **options)
    bounds = {"loss": best.loss, "lower_bound": best.lower_bound, "status": best.status}
    return bounds | _described(best.model, point, named)


def _energy(point: Point) -> dict[str, Any]:
    from geomsup.energy import minimize_energy

    options = dict(point)
    if isinstance(options.get("energy"), list):
        options["energy"] = tuple(options["energy"])
    found = minimize_energy(threads=1, **options)
    known = np.nan if found.best_known is None else found.best_known.value
    return {"energy": found.energy, "best_known": known, "hits": found.hits, "geometry": found.geometry.name}


def _classify(point: Point) -> dict[str, Any]:
    from geomsup.recognition import classify

    options = dict(point)
    held = load(options.pop("path"))
    models = [held] if isinstance(held, ToyModel) else list(held)
    found = [classify(model.W, orientation="rows", **options) for model in models]
    told = {
        "geometry": [one.name for one in found],
        "components": [len(one.components) for one in found],
        "not_represented": [len(one.not_represented) for one in found],
        "residual": [_largest([part.residual for part in one.components]) for one in found],
    }
    return {name: values[0] for name, values in told.items()} if isinstance(held, ToyModel) else told


def _largest(residuals: Sequence[float | None]) -> float:
    return max((one for one in residuals if one is not None), default=np.nan)


KINDS = {
    "train": Kind(
        ("geomsup.training", "train"), ("n_features", "n_hidden", "probability"),
        ("features", "models", "record", "model", "threads", "progress"), (*FEATURES, "geometry"), _train,
    ),
    "optimum": Kind(
        ("geomsup.optima", "optimum"), ("n_features", "n_hidden", "probability"),
        ("features", "guesses", "progress"), (*FEATURES, "geometry"), _one_by_one(_optimum),
    ),
    "energy": Kind(
        ("geomsup.energy", "minimize_energy"), ("n",), ("threads", "progress"), (), _one_by_one(_energy)
    ),
    "classify": Kind(
        ("geomsup.recognition", "classify"), ("path",), ("W", "orientation", "memory"), ("path",),
        _one_by_one(_classify),
    ),
}  # fmt: skip


def kind_of(function: Any) -> str | None:
    """Return the name of the kind that a public function is; None if it is none."""
    for name, kind in KINDS.items():
        module, own = kind.function
        if getattr(function, "__name__", "") == own and function is getattr(import_module(module), own):
            return name
    return None
