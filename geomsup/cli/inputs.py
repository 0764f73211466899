"""The options that state what the inputs are: everything that `Features` can be."""

import inspect
import json
import tomllib
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter

import geomsup as gs
from geomsup import checks
from geomsup.cli.options import Numbers, Texts, one_or_all, present_share
from geomsup.laws.reading import NAMES

__all__ = ["ASSUMED", "AssumedInputs", "EachInputs", "Inputs"]

ASSUMED = 0.05  # P(feature is present) where a command may assume one


@Parameter(name="*")  # the fields are options of the command, not options of an option
@dataclass(frozen=True)
class Inputs:
    """What is known of the features of the inputs; later options change what earlier ones say.

    Parameters
    ----------
    features
        A .toml or .json file with the arguments of Features, or what its `to_dict` returned.
    samples
        A .npy, .csv or .txt file with samples in rows, in place of a distribution.
    probability
        P(feature is present), one value or one per feature.
    sparsity
        P(feature is absent) = 1 - probability, in its place.
    importance
        One importance for all features, or one per feature.
    values
        Values of a present feature, for all or one per feature: "uniform:0,1" (the default) or "discrete:1,2,3", with
        weights "discrete:1,2,3:0.5,0.3,0.2"; or "normal:0,1" (mean, standard deviation), "half-normal:1" (scale),
        "exponential:1" (mean), "log-normal:1,0.5" (median, sigma), "power-law:2,1,10" (exponent, ends), with a number
        of cells "normal:0,1:128".
    groups
        Features that are present together, "correlated:0,1", or of which at most one is, "anticorrelated:2,3,4".
    normalised
        Divide every input by its length.
    """

    features: Path | None = field(default=None, kw_only=True)
    samples: Path | None = field(default=None, kw_only=True)
    probability: Numbers = field(default=None, kw_only=True)
    sparsity: Numbers = field(default=None, kw_only=True)
    importance: Numbers = field(default=None, kw_only=True)
    values: Texts = field(default=None, kw_only=True)
    groups: Texts = field(default=None, kw_only=True)
    normalised: Annotated[bool, Parameter(negative="")] = field(default=False, kw_only=True)

    def of(self, n: int, *, probability: Any = None, known: Any = None, file: str = "nothing") -> Any:
        """Return the features of n inputs: `Features`, or the data set that is known.

        `known` is what options change, and `probability` the default without it. `file` is what does not say it.
        Options that describe a distribution take the place of a data set.
        """
        given = {} if self.features is None else _arguments(self.features, n)
        given |= self._given()
        if self.samples is not None:
            return _data(self.samples, n, given)
        if known is not None and not (isinstance(known, gs.SampledFeatures) and set(given) - {"importance"}):
            return replace(known, **{name: value for name, value in given.items() if name != "n"})
        if given.setdefault("probability", probability) is None:
            raise ValueError(
                f"`--probability` must be given; {file} does not say what its model was trained on. "
                "Write P(feature is present), or give --sparsity."
            )
        arguments: dict[str, Any] = {"n": n} | given
        return gs.Features(**arguments)

    def _given(self) -> dict[str, Any]:
        """Return the arguments of `Features` that options state."""
        given: dict[str, Any] = {}
        stated = {"probability": present_share(self.probability, self.sparsity), "importance": self.importance}
        for name, value in stated.items():
            if value is not None:
                given[name] = one_or_all(value, None)
        if self.values is not None:
            given["values"] = one_or_all([_law(text) for text in self.values], None)  # pyright: ignore[reportArgumentType]
        if self.normalised:
            given["normalised"] = True
        if self.groups is not None:
            given |= {"correlated": [], "anticorrelated": []}
            for text in self.groups:
                kind, members = _group(text)
                given[kind].append(members)
        return given


@Parameter(name="*")
@dataclass(frozen=True)
class AssumedInputs(Inputs):
    """Inputs of a command that assumes a probability where none is stated."""

    __doc__ = Inputs.__doc__

    probability: Annotated[
        Numbers, Parameter(help=f"P(feature is present), one value or one per feature; {ASSUMED} by default.")
    ] = field(default=None, kw_only=True)

    def assumption(self, n: int) -> list[str]:
        """Return the line that says what was assumed; none where the probability was stated."""
        stated = self.probability is not None or self.sparsity is not None or self.samples is not None
        if stated or (self.features is not None and "probability" in _arguments(self.features, n)):
            return []
        return [f"inputs: {checks.count(n, 'feature')}, probability {ASSUMED} (assumed; --probability changes it)"]


@Parameter(name="*")
@dataclass(frozen=True)
class EachInputs(AssumedInputs):
    """Inputs of trainings, of which each probability has its own."""

    __doc__ = Inputs.__doc__

    probability: Annotated[
        Numbers,
        Parameter(
            help=f"P(feature is present), {ASSUMED} by default. Several: the models are trained for each, with all "
            "features alike. For one per feature, write probability = [0.1, 0.2, 0.3] to a .toml file, and give it "
            "as --features."
        ),
    ] = field(default=None, kw_only=True)
    sparsity: Annotated[
        Numbers, Parameter(help="P(feature is absent) = 1 - probability, in its place; several as there.")
    ] = field(default=None, kw_only=True)

    def each_of(self, n: int) -> list[gs.Features | gs.SampledFeatures]:
        """Return the features for each probability given, of trainings."""
        stated = present_share(self.probability, self.sparsity)
        if stated is None:
            return [self.of(n, probability=ASSUMED)]
        return [replace(self, probability=[value], sparsity=None).of(n) for value in stated]


def _law(text: str) -> gs.Law:
    name, *lists = text.split(":")
    try:
        numbers = [tuple(float(number) for number in part.split(",")) for part in lists]
        if name == "uniform" and [len(part) for part in numbers] == [2]:
            return gs.Uniform(*numbers[0])
        if name == "discrete" and len(numbers) in (1, 2):
            return gs.Discrete(*numbers)
        if name in NAMES and name not in ("uniform", "discrete") and len(numbers) in (1, 2):
            made, needed = NAMES[name]
            if len(numbers[0]) == len(needed) and all(len(part) == 1 for part in numbers[1:]):
                return made(*numbers[0], **({"cells": int(numbers[1][0])} if len(numbers) == 2 else {}))
    except ValueError as error:
        if str(error).startswith("`"):
            raise
    raise ValueError(
        f"`--values` must be like uniform:0,1, discrete:1,2,3:0.5,0.3,0.2, normal:0,1 or another of "
        f"{', '.join(NAMES)}; got {text[:40]!r}. Name its numbers in order."
    )


def _group(text: str) -> tuple[str, tuple[int, ...]]:
    kind, _, members = text.partition(":")
    if kind not in ("correlated", "anticorrelated") or not all(one.strip().isdecimal() for one in members.split(",")):
        raise ValueError(
            f"`--groups` must be like correlated:0,1 or anticorrelated:2,3; got {text[:40]!r}. Count features from 0."
        )
    return kind, tuple(int(one) for one in members.split(","))


def _data(path: Path, n: int, given: dict[str, Any]) -> gs.SampledFeatures:
    """Return the data set in a file, with the importance given; raise if a distribution is described too."""
    other = sorted(set(given) - {"n", "importance"})
    if other:
        raise ValueError(
            f"`--samples` must not come with {other[0]}: samples have it already; got both. Leave one out."
        )
    if path.suffix not in (".npy", ".csv", ".txt") or not path.is_file():
        raise ValueError(f"`--samples` must be an existing .npy, .csv or .txt file; got {str(path)!r}. Check the name.")
    try:
        if path.suffix == ".npy":
            X = np.load(path, allow_pickle=False)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of an empty file, which is refused below
                X = np.loadtxt(path, delimiter="," if path.suffix == ".csv" else None, ndmin=2)
    except (ValueError, EOFError, OSError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise ValueError(f"`--samples` must hold numbers; {path.name!r} does not: {reason}. Correct it.") from None
    if X.ndim != 2 or X.shape[1] != n:
        raise ValueError(f"`--samples` must have {n} columns, one per feature; {path.name!r} has shape {X.shape}. "
                         "Write a row per sample.")  # fmt: skip
    try:
        return gs.SampledFeatures(X, given.get("importance", 1.0))
    except ValueError as error:
        raise ValueError(str(error).replace("`X`", f"`--samples` {path.name!r}", 1)) from None


def _arguments(path: Path, n: int) -> dict[str, Any]:
    """Return the arguments of `Features` that a file holds."""
    content = _content(path)
    known = list(inspect.signature(gs.Features).parameters)
    strange = [name for name in content if name not in known]
    if strange:
        raise ValueError(
            f"`--features` must hold arguments of Features; {path.name!r} has {strange[0]!r}. "
            f"Pick from: {', '.join(known)}."
        )
    if content.setdefault("n", n) != n:
        raise ValueError(f"`--features` must be about {n} features, as W is; {path.name!r} has n = {content['n']}.")
    missing = {"probability": 1.0, "importance": 1.0}
    made = gs.Features.from_dict(missing | content)
    return {name: getattr(made, name) for name in content}


def _content(path: Path) -> dict[str, Any]:
    readers = {".toml": tomllib.loads, ".json": json.loads}
    if path.suffix not in readers or not path.is_file():
        raise ValueError(f"`--features` must be an existing .toml or .json file; got {str(path)!r}. Check the name.")
    try:
        content = readers[path.suffix](path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise ValueError(f"`--features` must be valid; {path.name!r} is broken: {reason}. Correct it.") from None
    if not isinstance(content, dict):
        raise ValueError(f"`--features` must hold names and values; {path.name!r} holds none. Write n = 5, say.")
    return content
