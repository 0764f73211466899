"""What hostile calls are made of: every public function and command with valid arguments, and the hostile values."""

import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import sympy

import geomsup as gs

__all__ = ["COMMANDS", "COVERED", "ORDERED", "TARGETS", "TEXTS", "VALUES", "Target"]

Maker = Callable[[], Any]


def _deep(levels: int = 500) -> list[Any]:
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested


def _raises(*_: Any, **__: Any) -> Any:
    raise AssertionError("called")


# Made anew for each call, so that none can spoil another; the names are what a fault is reported by.
VALUES: dict[str, Maker] = {
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "-inf": lambda: -float("inf"),
    "0": lambda: 0,
    "0.0": lambda: 0.0,
    "-0.0": lambda: -0.0,
    "-1": lambda: -1,
    "1": lambda: 1,
    "2": lambda: 2,
    "0.5": lambda: 0.5,
    "5.9": lambda: 5.9,
    "1e-310": lambda: 1e-310,
    "1e-160": lambda: 1e-160,
    "1e-30": lambda: 1e-30,
    "1e30": lambda: 1e30,
    "1e160": lambda: 1e160,
    "1e308": lambda: 1e308,
    "2**31": lambda: 2**31,
    "2**63": lambda: 2**63,
    "10**400": lambda: 10**400,
    "-10**5000": lambda: -(10**5000),
    "True": lambda: True,
    "False": lambda: False,
    "None": lambda: None,
    "1j": lambda: 1j,
    "''": lambda: "",
    "'a'": lambda: "a",
    "'5'": lambda: "5",
    "lines": lambda: "two\nlines",
    "long text": lambda: "x" * 10_000,
    "bytes": lambda: b"5",
    "[]": list,
    "()": tuple,
    "{}": dict,
    "set": lambda: {1, 2},
    "[[]]": lambda: [[]],
    "[1, 2]": lambda: [1, 2],
    "[1e308, 1e308]": lambda: [1e308, 1e308],
    "[0.5, nan]": lambda: [0.5, float("nan")],
    "[10**400]": lambda: [10**400, 1],
    "ragged": lambda: [[1.0], [1.0, 2.0]],
    "deep": _deep,
    "objects": lambda: np.array([1, None, "a"], dtype=object),
    "masked": lambda: np.ma.masked_array([[1.0], [-1.0], [0.5]], mask=[[False], [True], [False]]),
    "list of masked": lambda: [np.ma.masked_array([1.0, 2.0], mask=[True, False])],
    "complex array": lambda: np.ones((3, 1), complex),
    "nan array": lambda: np.full((3, 1), np.nan),
    "huge array": lambda: np.array([[1e200], [-1e200], [1e180]]),
    "tiny array": lambda: np.array([[1e-200], [-1e-200], [1e-180]]),
    "denormal array": lambda: np.array([[5e-324], [-5e-324], [1e-320]]),
    "mixed array": lambda: np.array([[1e150], [-1e-150], [1.0]]),
    "long double array": lambda: np.array([[1.0], [-1.0], [2.0]], np.longdouble) * np.longdouble(10) ** 400,
    "zero array": lambda: np.zeros((3, 1)),
    "empty array": lambda: np.empty((0, 3)),
    "bool array": lambda: np.ones((3, 1), bool),
    "dates": lambda: np.array(["2020-01-01"], "M8[D]"),
    "structured": lambda: np.zeros(2, [("a", float)]),
    "4 axes": lambda: np.ones((1, 1, 3, 1)),
    "int8": lambda: np.int8(3),
    "uint64": lambda: np.uint64(2**63),
    "float16": lambda: np.float16(0.5),
    "float32 nan": lambda: np.float32("nan"),
    "long double": lambda: np.longdouble(10) ** 400,
    "array of 1": lambda: np.array(1),
    "object": object,
    "type": lambda: int,
    "lambda": lambda: lambda *_: None,
    "raises": lambda: _raises,
    "symbol": lambda: sympy.Symbol("x"),
    "sympy nan": lambda: sympy.nan,
    "sympy matrix": lambda: sympy.Matrix([[1, -1], [-1, 1]]),
    "generator": lambda: (number for number in [1, 2]),
    "range": lambda: range(10**9),
    "Uniform": gs.Uniform,
    "huge Uniform": lambda: gs.Uniform(0, 1e140),
    "tiny Uniform": lambda: gs.Uniform(0, 1e-140),
    "Features": lambda: gs.Features(3, 0.3),
    "huge Features": lambda: gs.Features(3, 0.3, 1e100, gs.Uniform(0, 1e60)),
    "rare Features": lambda: gs.Features(3, 1e-310),
    "sure Features": lambda: gs.Features(3, 1.0),
    "never Features": lambda: gs.Features(3, 0.0),
    "worthless Features": lambda: gs.Features(3, 0.3, 0.0),
    "negative Features": lambda: gs.Features(3, 0.3, values=gs.Uniform(-1, 1)),
    "normalised Features": lambda: gs.Features(3, 0.3, normalised=True),
    "smooth Features": lambda: gs.Features(3, 0.3, values=gs.Normal(0.2, 0.5, cells=16)),
    "ToyModel": lambda: gs.ToyModel([[1.0], [-1.0], [0.0]]),
    "huge ToyModel": lambda: gs.ToyModel([[1e60], [-1e60], [1e50]]),
    "tiny ToyModel": lambda: gs.ToyModel([[1e-160], [-1e-170], [1e-310]]),
    "far ToyModel": lambda: gs.ToyModel([[1.0], [-1.0], [0.0]], [1e200, -1e200, 0.0]),
    "gelu ToyModel": lambda: gs.ToyModel([[1.0], [-1.0], [0.0]], activation="gelu"),
    "hidden ToyModel": lambda: gs.ToyModel([[1.0], [-1.0], [0.0]], hidden_activation="relu"),
    "SoLU ToyModel": lambda: gs.ToyModel([[1.0], [-1.0], [0.0]], hidden_activation="solu"),
    "SampledFeatures": lambda: gs.SampledFeatures([[0.5, 0.0, 0.0], [0.0, 0.2, 0.3]]),
    "huge SampledFeatures": lambda: gs.SampledFeatures(np.eye(3) * 1e150, 1e200),
}


@dataclass(frozen=True)
class Target:
    """A function, makers of its valid arguments, and how it may end.

    `finite`: its result promises numbers. `documented`: errors it documents beside TypeError and ValueError.
    """

    function: Callable[..., Any]
    arguments: Mapping[str, Maker]
    finite: bool = True
    documented: tuple[type[BaseException], ...] = ()
    covers: tuple[str, ...] = field(default=())


def _is(value: Any) -> Maker:
    return lambda: value


def _W() -> np.ndarray:
    return np.array([[1.0], [-1.0], [0.1]])


def _plane() -> np.ndarray:
    turns = 2 * np.pi / 5 * np.arange(5)
    return np.stack([np.cos(turns), np.sin(turns)], axis=1)


def _features() -> gs.Features:
    return gs.Features(3, 0.3)


def _data() -> gs.SampledFeatures:
    return gs.SampledFeatures(_features().sample(9, 0))


def _model() -> gs.ToyModel:
    return gs.ToyModel(_W())


@cache
def _run() -> gs.TrainingRun:
    return gs.train(_features(), 1, models=2, steps=4, batch=8, record=2, threads=1, device="cpu")


@cache
def _diagram() -> gs.PhaseDiagram:
    return gs.phase_diagram(2, 1, [0.2, 0.5], [0.3, 3], starts=1)


@cache
def _plateaus() -> gs.Plateaus:
    return gs.plateaus([0.5, 0.2], largest_rank=1, starts=1)


@cache
def _compared() -> gs.Comparison:
    return gs.compare(_model(), _features(), starts=1)


@cache
def _certificate() -> gs.Certificate:
    return gs.certify(5, 2, limit=True)


@cache
def _proof() -> str:
    path = _folder() / "proof.json"
    _certificate().save(path)
    return str(path)


@cache
def _symbolic() -> Any:
    return gs.symbolic.optimum("digon")


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp())


def _crossing(first: Any, second: Any, features: Any, bracket: Any) -> Any:
    return gs.crossing(first, second, features, bracket)


def _triangle() -> gs.ToyModel:
    turns = 2 * np.pi / 3 * np.arange(3)
    return gs.ToyModel(np.stack([np.cos(turns), np.sin(turns)], axis=1))


def _pair() -> gs.ToyModel:
    return gs.ToyModel([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])


def _train(**given: Any) -> Any:
    return gs.train(**{"device": "cpu"} | given)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1)  # what is swept is hostile, not where


def _swept(what: Any, axes: Any, **given: Any) -> Any:
    return gs.sweep(what, axes, **given)


@cache
def _swept_already() -> gs.Sweep:
    return gs.sweep("optimum", {"probability": [0.1, 0.2]}, n_features=2, n_hidden=1, executor=_threads())


def _reproduced(ids: Any, size: Any, output: Any, jobs: Any) -> Any:
    return gs.reproduce(ids, size=size, output=output, jobs=jobs)


WEIGHTS = {"W": _W, "orientation": _is("rows")}
SEARCH = {"starts": _is(2), "rng": _is(0), "time_limit": _is(2.0), "threads": _is(1), "progress": _is(None)}

# How the arrays of a file or an object are read.
ROLES: dict[str, Maker] = {
    "weights": _is("W"), "bias": _is("b_final"), "decoder": _is(False), "hidden_bias": _is(False),
    "ignore": _is("note"), "run": _is(0), "instances": _is("auto"), "orientation": _is("rows"),
    "activation": _is("relu"), "hidden_activation": _is("linear"),
}  # fmt: skip

TARGETS: dict[str, Target] = {
    "Uniform": Target(gs.Uniform, {"low": _is(0.0), "high": _is(1.0)}),
    "Uniform.sample": Target(lambda size, rng: gs.Uniform().sample(size, rng), {"size": _is(3), "rng": _is(0)}),
    "Discrete": Target(gs.Discrete, {"values": _is((1, 2)), "weights": _is((1, 3))}),
    "Normal": Target(gs.Normal, {"mean": _is(0.5), "std": _is(1.0), "cells": _is(16)}),
    "HalfNormal": Target(gs.HalfNormal, {"scale": _is(1.0), "cells": _is(16)}),
    "Exponential": Target(gs.Exponential, {"mean": _is(1.0), "cells": _is(16)}, covers=("Law",)),
    "Exponential.sample": Target(lambda size, rng: gs.Exponential().sample(size, rng), {"size": _is(3), "rng": _is(0)}),
    "LogNormal": Target(gs.LogNormal, {"median": _is(1.0), "sigma": _is(0.5), "cells": _is(16)}),
    "PowerLaw": Target(gs.PowerLaw, {"exponent": _is(2.0), "low": _is(1.0), "high": _is(10.0), "cells": _is(16)}),
    "zipf": Target(gs.zipf, {"n": _is(3), "exponent": _is(1.0), "largest": _is(0.5)}),
    "Joint": Target(gs.Joint, {"members": _is((0, 1)), "table": _is({(0, 1): 0.1, (0,): 0.2})}),
    "Joint.correlated": Target(
        gs.Joint.correlated, {"members": _is((0, 1)), "probability": _is(0.3), "correlation": _is(0.5)}
    ),
    "Joint.hierarchy": Target(
        gs.Joint.hierarchy, {"parents": _is({0: [], 1: [0]}), "probability": _is(0.3), "need": _is("any")}
    ),
    "Joint.exactly": Target(gs.Joint.exactly, {"members": _is((0, 1, 2)), "count": _is(2)}),
    "Joint.ring": Target(gs.Joint.ring, {"members": _is((0, 1, 2)), "width": _is(1.5), "probability": _is(0.5)}),
    "Joint.mixture": Target(
        gs.Joint.mixture,
        {"members": _is((0, 1)), "probability": _is([[0.1, 0.5], [0.4, 0.2]]), "weights": _is((1.0, 2.0))},
    ),
    "Mixture": Target(
        gs.Mixture, {"members": _is((0, 1)), "given": _is([[0.1, 0.5], [0.4, 0.2]]), "weights": _is((1.0, 2.0))}
    ),
    "Joint.independent": Target(gs.Joint.independent, {"members": _is((0, 1)), "probability": _is(0.3)}),
    "Joint.one_at_least": Target(gs.Joint.one_at_least, {"members": _is((0, 1)), "probability": _is(0.3)}),
    "Features": Target(
        gs.Features,
        {
            "n": _is(3),
            "probability": _is(0.3),
            "importance": _is(1.0),
            "values": gs.Uniform,
            "correlated": _is(()),
            "anticorrelated": _is([(0, 1)]),
            "normalised": _is(False),
        },
    ),
    "SampledFeatures": Target(
        gs.SampledFeatures, {"X": lambda: _features().sample(9, 0), "importance": _is(1.0)}, finite=False
    ),
    "SampledFeatures.sample": Target(lambda size, rng: _data().sample(size, rng), {"size": _is(3), "rng": _is(0)}),
    "SampledFeatures.from_dict": Target(gs.SampledFeatures.from_dict, {"data": lambda: _data().to_dict()}),
    "expected_loss of samples": Target(
        lambda X, importance: gs.expected_loss(_model(), gs.SampledFeatures(X, importance)),
        {"X": lambda: _features().sample(9, 0), "importance": _is(1.0)},
    ),
    "Features.sample": Target(lambda size, rng: _features().sample(size, rng), {"size": _is(3), "rng": _is(0)}),
    "Features.from_dict": Target(gs.Features.from_dict, {"data": lambda: _features().to_dict()}),
    "Features.from_dict entries": Target(
        lambda **entries: gs.Features.from_dict(_features().to_dict() | entries),
        {
            "n": _is(3),
            "probability": _is([0.3] * 3),
            "importance": _is([1.0] * 3),
            "correlated": _is([]),
            "values": lambda: gs.Uniform().to_dict(),
        },
    ),
    "ToyModel": Target(
        gs.ToyModel,
        {
            "W": _W,
            "b": _is([0.0, 0.0, 0.0]),
            "activation": _is("relu"),
            "hidden_activation": _is("linear"),
            "W_out": _W,
            "b_hidden": _is([0.0]),
        },
    ),
    "ToyModel.__call__": Target(lambda x: _model()(x), {"x": _is([0.1, 0.2, 0.3])}),
    "ToyModel.widen": Target(
        lambda n, noise, rng: _model().widen(n, noise, rng), {"n": _is(2), "noise": _is(0.1), "rng": _is(0)}
    ),
    "ToyModel.from_state": Target(
        gs.ToyModel.from_state,
        {"state": lambda: {"W": _W(), "b_final": [0.0, 0.0, 0.0], "note": [1.0]}} | ROLES,
    ),
    "ToyModel.from_state entries": Target(
        lambda **state: gs.ToyModel.from_state(state),
        {"W": _W, "b": _is([0.0, 0.0, 0.0]), "W_out": _W, "other": _is("text")},
    ),
    "load": Target(gs.load, {"path": lambda: _stored()} | ROLES),
    "as_rows": Target(gs.as_rows, WEIGHTS),
    "dimensionality": Target(gs.dimensionality, WEIGHTS),
    "dimensions_per_feature": Target(gs.dimensions_per_feature, WEIGHTS, finite=False),
    "frame_spectrum": Target(gs.frame_spectrum, WEIGHTS),
    "leverage": Target(gs.leverage, WEIGHTS),
    "expected_loss": Target(
        gs.expected_loss,
        {
            "model": _model,
            "features": _features,
            "method": _is("auto"),
            "rtol": _is(1e-9),
            "gradient": _is(True),
            "target": _is("abs"),
            "power": _is(4),
            "by_active": _is(True),
            "samples": _is(100),
            "rng": _is(0),
        },
        covers=("ExpectedLoss",),
    ),
    "expected_loss of W": Target(
        lambda W, b, values, probability, importance: gs.expected_loss(
            gs.ToyModel(W, b), gs.Features(3, probability, importance, values), gradient=True
        ),
        {
            "W": _W,
            "b": _is([0.1, 0.0, -0.1]),
            "values": gs.Uniform,
            "probability": _is(0.3),
            "importance": _is(1.0),
        },
    ),
    "expected_loss of power 4": Target(
        lambda W, b, values, probability, importance: gs.expected_loss(
            gs.ToyModel(W, b),
            gs.Features(3, probability, importance, values),
            gradient=True,
            target="square",
            power=4,
            by_active=True,
        ),
        {
            "W": _W,
            "b": _is([0.1, 0.0, -0.1]),
            "values": gs.Uniform,
            "probability": _is(0.3),
            "importance": _is(1.0),
        },
    ),
    "expected_loss sampled": Target(
        lambda samples, rng: gs.expected_loss(_model(), _features(), method="sampled", samples=samples, rng=rng),
        {"samples": _is(100), "rng": _is(0)},
    ),
    "hessian": Target(gs.hessian, {"model": _model, "features": _features, "rtol": _is(1e-9)}, covers=("Hessian",)),
    "interference": Target(
        gs.interference,
        {
            "model": _model,
            "features": _features,
            "threshold": _is(0.1),
            "samples": _is(200),
            "rng": _is(0),
            "progress": _is(None),
        },
        covers=("Interference",),
    ),
    "Interference.tail": Target(lambda t: gs.interference(_model(), _features()).tail(t), {"t": _is(0.1)}),
    "probes": Target(gs.probes, {"model": _model, "features": _features}, covers=("Probes",)),
    "computation": Target(
        gs.computation,
        {
            "model": lambda: gs.ToyModel(_W(), activation="linear", hidden_activation="relu"),
            "probability": _is(0.1),
            "power": _is(4),
            "pairs": _is(2),
            "samples": _is(100),
            "rng": _is(0),
        },
        covers=("Computation",),
    ),
    "attack": Target(
        gs.attack,
        {
            "model": _model,
            "output": _is(0),
            "neuron": _is(None),
            "x": _is([0.1, 0.2, 0.3]),
            "eps": _is(0.1),
            "norm": _is("l2"),
        },
        covers=("Attack",),
    ),
    "symmetry": Target(gs.symmetry, {"points": _plane, "tolerance": _is(1e-6)}, covers=("Symmetry",)),
    "polytope": Target(gs.polytope, {"name": _is("cube")}, covers=("Polytope",)),
    "polytopes": Target(gs.polytopes, {"dimension": _is(3), "n_vertices": _is(6)}),
    "classify": Target(
        gs.classify,
        {
            "W": _plane,
            "orientation": _is("rows"),
            "noise": _is(0.01),
            "represented": _is(0.1),
            "memory": _is(2**30),
        },
        covers=("Geometries", "Geometry", "Component", "Outline"),
    ),
    "classify many": Target(
        lambda n, represented: gs.classify(np.random.default_rng(0).normal(size=(120, 8)), represented=represented),
        {"represented": _is(0.1), "n": _is(1)},
        covers=("Description",),
    ),
    "find_shapes": Target(
        gs.find_shapes,
        {
            "W": _plane,
            "false_discovery_rate": _is(0.01),
            "null": _is("rotation"),
            "largest": _is(12),
            "rng": _is(0),
            "memory": _is(2**30),
            "progress": _is(None),
        },
        covers=("Discoveries", "Discovery"),
    ),
    "find_shapes of many": Target(
        lambda null, rng: gs.find_shapes(np.random.default_rng(0).normal(size=(60, 8)), null=null, rng=rng),
        {"null": _is("shuffled"), "rng": _is(0)},
    ),
    "match": Target(
        gs.match,
        {"a": _W, "b": _W, "null": _is("rotation"), "rng": _is(0), "progress": _is(None)},
        covers=("Matching",),
    ),
    "match of many": Target(
        lambda a, null: gs.match(a, np.random.default_rng(0).normal(size=(9, 4)), null=null),
        {"a": lambda: np.random.default_rng(1).normal(size=(7, 4)), "null": _is("shuffled")},
    ),
    "Matching.partner": Target(lambda row: gs.match(_W(), _W()).partner(row), {"row": _is(1)}),
    "subspaces": Target(
        gs.subspaces,
        {
            "matrices": lambda: {"a": _plane(), "b": _plane()[:1]},
            "rank": _is(1),
            "rotations": _is(99),
            "rng": _is(0),
            "progress": _is(None),
        },
        covers=("Subspaces",),
    ),
    "subspaces entries": Target(
        lambda a, b, rank: gs.subspaces({"a": a, "b": b}, rank={"a": rank, "b": 0.5}, rotations=99),
        {"a": _W, "b": _W, "rank": _is(1)},
    ),
    "Subspaces.principal_angles": Target(
        lambda first, second: gs.subspaces({"a": _W(), "b": _W()}, rotations=99).principal_angles(first, second),
        {"first": _is("a"), "second": _is("b")},
    ),
    "local_bases": Target(
        gs.local_bases,
        {"W": _plane, "level": _is(0.05), "seeds": _is(9), "rng": _is(0), "progress": _is(None)},
        covers=("LocalBases",),
    ),
    "motifs": Target(
        gs.motifs,
        {
            "W_in": _W,
            "W_out": _W,
            "ratio": _is(2.0),
            "share": _is(0.2),
            "shuffles": _is(19),
            "rng": _is(0),
            "progress": _is(None),
        },
        covers=("Motifs",),
    ),
    "motifs that are there": Target(
        lambda ratio, share, shuffles: gs.motifs(
            [[2.0, 1.0], [-0.5, 0.0]], [[0.5, 0.0], [2.0, -4.5]], ratio=ratio, share=share, shuffles=shuffles
        ),
        {"ratio": _is(2.0), "share": _is(0.2), "shuffles": _is(19)},
    ),
    "polysemanticity": Target(
        gs.polysemanticity,
        {
            "W_in": _W,
            "W_out": _W,
            "activations": lambda: np.random.default_rng(0).normal(size=(20, _W().shape[1])),
            "threshold": _is(0.1),
            "rectified": _is(False),
        },
        covers=("Polysemanticity",),
    ),
    "superposition_test": Target(
        gs.superposition_test,
        {
            "H": lambda: np.random.default_rng(0).choice([0.0, 1.0], (40, 2)),
            "level": _is(0.01),
            "tolerance": _is(1e-6),
            "zero": _is(0.0),
            "progress": _is(None),
        },
        covers=("SuperpositionTest",),
    ),
    "Geometry.symmetry": Target(
        lambda component, tolerance: gs.classify(_plane()).symmetry(component, tolerance=tolerance),
        {"component": _is(0), "tolerance": _is(1e-6)},
    ),
    "block_table": Target(
        gs.block_table,
        {"n_features": _is(5), "n_hidden": _is(2)},
        covers=("BlockTable", "TabulatedBlock"),
    ),
    "BlockTable.at": Target(
        lambda probability: gs.block_table(5, 2).at(probability),
        {"probability": _is(0.05)},
    ),
    "optimum": Target(
        gs.optimum,
        {
            "features": _features,
            "n_hidden": _is(1),
            "activation": _is("relu"),
            "tied": _is(True),
            "coherence": _is(0.1),
            "max_cosine": _is(None),
            "weight_decay": _is(0.01),
            "hidden_activation": _is("linear"),
            "starts": _is(2),
            "rng": _is(0),
            "guesses": _is(()),
            "time_limit": _is(None),
            "progress": _is(None),
        },
        covers=("Optimum", "Block"),
    ),
    "compare": Target(
        gs.compare,
        {
            "model": _model,
            "features": _features,
            "coherence": _is(0.0),
            "weight_decay": _is(0.0),
            "starts": _is(1),
            "rng": _is(0),
            "time_limit": _is(None),
            "progress": _is(None),
        },
        finite=False,
        covers=("Comparison",),
    ),
    "compare several": Target(
        lambda model, features: gs.compare([model, _model()], features, starts=1),
        {"model": _model, "features": _features},
        finite=False,
        covers=("Comparisons",),
    ),
    "Comparison.plot": Target(lambda axes: _compared().plot(axes), {"axes": _is(None)}, finite=False),
    "crossing": Target(
        _crossing,
        {
            "first": _pair,
            "second": _triangle,
            "features": _is(lambda p: gs.Features(3, p)),
            "bracket": _is((0.45, 0.53)),
        },
        covers=("Crossing",),
    ),
    "paper_prediction": Target(
        gs.paper_prediction,
        {"n_features": _is(2), "n_hidden": _is(1), "probabilities": _is([0.5]), "importances": _is([1.0])},
        covers=("PaperPrediction",),
    ),
    "phase_diagram": Target(
        gs.phase_diagram,
        {
            "n_features": _is(2),
            "n_hidden": _is(1),
            "probabilities": _is([0.2, 0.5]),
            "importances": _is([0.3]),
            "activation": _is("relu"),
            "starts": _is(1),
            "rng": _is(0),
            "progress": _is(None),
        },
        covers=("PhaseDiagram", "Transition"),
    ),
    "PhaseDiagram.transitions_at": Target(
        lambda **given: _diagram().transitions_at(**given),
        {"probability": _is(0.4), "importance": _is(None), "between": _is((0.5, 1)), "points": _is(3)},
    ),
    "PhaseDiagram.model": Target(
        lambda i, j: _diagram().model(i, j), {"i": _is(0), "j": _is(1)}, documented=(IndexError,)
    ),
    "plateaus": Target(
        gs.plateaus,
        {
            "probabilities": _is([0.5, 0.2]),
            "values": gs.Uniform,
            "n_features": _is(5),
            "n_hidden": _is(2),
            "largest_rank": _is(1),
            "starts": _is(1),
            "progress": _is(None),
        },
        finite=False,
        covers=("Plateaus", "PlateauBlock", "PlateauCrossing", "PlateauMixture"),
    ),
    "Plateaus.table": Target(lambda probability: _plateaus().table(probability), {"probability": _is(0.3)}),
    "Plateaus.gains": Target(lambda name: _plateaus().gains(name), {"name": _is("digon")}, finite=False),
    "Plateaus.span": Target(lambda name: _plateaus().span(name), {"name": _is("digon")}, finite=False),
    "one_hot_loss": Target(
        gs.one_hot_loss,
        {"W": _W, "b": _is([0.0, 0.0, 0.0]), "importance": _is(1.0), "independent": _is(False)},
        covers=("OneHotLoss",),
    ),
    "one_hot_features": Target(gs.one_hot_features, {"n": _is(3)}),
    "one_hot_state": Target(
        gs.one_hot_state, {"shape": _is(5), "dead": _is(1), "silent": _is(0)}, covers=("OneHotState",)
    ),
    "one_hot_states": Target(gs.one_hot_states, {"shape": _is("square"), "dead": _is(1), "silent": _is(0)}),
    "one_hot_polygons": Target(
        gs.one_hot_polygons, {"ks": _is([5]), "dead": _is(0), "silent": _is(0)}, covers=("OneHotTable",)
    ),
    "one_hot_codes": Target(gs.one_hot_codes, {"dimension": _is(2), "n_features": _is(6)}),
    "certify": Target(
        gs.certify,
        {"n_features": _is(5), "n_hidden": _is(2), "probability": _is(None), "limit": _is(True), "unequal": _is(False)}
        | {"coherence": _is(False), "progress": _is(None)},
        covers=("Certificate",),
    ),
    "bound": Target(gs.bound, {"shape": _is("pentagon")}, covers=("CodeBound",)),
    "Certificate.save": Target(
        lambda path: _certificate().save(path), {"path": lambda: _folder() / "saved.json"}, documented=(OSError,)
    ),
    "verify": Target(gs.verify, {"certificate": _certificate, "progress": _is(None)}, covers=("Theorem",)),
    "minimize_energy": Target(
        gs.minimize_energy,
        {"n": _is(4), "d": _is(3), "energy": _is("coulomb")} | SEARCH,
        covers=("Configuration",),
    ),
    "thomson": Target(gs.thomson, {"n": _is(4)} | SEARCH),
    "best_known": Target(gs.best_known, {"n": _is(4), "d": _is(3), "energy": _is("coulomb")}, covers=("Record",)),
    "Potential": Target(
        gs.Potential, {"name": _is("riesz"), "exponent": _is(2.0), "function": _is(None), "derivative": _is(None)}
    ),
    "Potential of the user's": Target(
        lambda value, slope: gs.minimize_energy(4, energy=(lambda t: value, lambda t: slope), starts=1, threads=1),
        {"value": _is(np.ones(6)), "slope": _is(np.ones(6))},
    ),
    "Potential of what it returns": Target(
        lambda value: gs.Potential("custom", None, lambda t: value, lambda t: t).energy(np.eye(3)),
        {"value": _is(np.ones(3))},
    ),
    "Potential.energy": Target(lambda points: gs.Potential("log").energy(points), {"points": _is(np.eye(3))}, False),
    "train": Target(
        _train,
        {
            "features": _features,
            "n_hidden": _is(1),
            "models": _is(1),
            "steps": _is(4),
            "batch": _is(8),
            "optimizer": _is("sgd"),
            "momentum": _is(0.9),
            "learning_rate": _is(1e-3),
            "schedule": _is("constant"),
            "weight_decay": _is(0.0),
            "clip": _is(1.0),
            "preset": _is("adam"),
            "objective": _is("sampled"),
            "target": _is("identity"),
            "activation": _is("relu"),
            "hidden_activation": _is("linear"),
            "tied": _is(True),
            "hidden_bias": _is(False),
            "hidden_l1": _is(0.0),
            "coherence": _is(0.1),
            "dropout": _is(0.0),
            "criterion": _is("squared"),
            "attack": _is(0.0),
            "init_scale": _is(1.0),
            "seed": _is(0),
            "record": _is(0),
            "model": _is(None),
            "threads": _is(1),
            "device": _is("cpu"),
            "progress": _is(None),
        },
        finite=False,
        documented=(FloatingPointError,),
        covers=("TrainingRun",),
    ),
    "TrainingRun.model": Target(
        lambda run, record: _run().model(run, record), {"run": _is(0), "record": _is(0)}, documented=(IndexError,)
    ),
    "TrainingRun.best": Target(lambda entry: _run().best(entry), {"entry": _is(0)}, documented=(IndexError,)),
    "TrainingRun.compare": Target(
        lambda starts, rng, time_limit, progress: _run().compare(
            starts=starts, rng=rng, time_limit=time_limit, progress=progress
        ),
        {"starts": _is(1), "rng": _is(0), "time_limit": _is(None), "progress": _is(None)},
        finite=False,
    ),
    "TrainingRun.resume": Target(
        lambda **given: _run().resume(**given),
        {"steps": _is(6), "threads": _is(1), "progress": _is(None)},
        finite=False,
    ),
    "TrainingRun.load": Target(
        gs.TrainingRun.load, {"path": lambda: _saved()}, finite=False, documented=(FileNotFoundError, OSError)
    ),
    "report": Target(
        gs.report,
        {
            "source": _W,
            "title": _is("W"),
            "date": _is("2026"),
            "orientation": _is("rows"),
            "optimum": _is(False),
            "starts": _is(2),
            "rng": _is(0),
            "progress": _is(None),
        },
        finite=False,
        covers=("Page",),
    ),
    "report of a model": Target(
        gs.report, {"source": lambda: _model(), "features": lambda: _features(), "optimum": _is(False)}, finite=False
    ),
    "reproduce": Target(
        _reproduced,
        {"ids": _is("E6"), "size": _is("quick"), "output": lambda: _folder() / "results", "jobs": _is(1)},
        finite=False,
        documented=(OSError,),
        covers=("Report",),
    ),
    "sweep": Target(
        _swept,
        {
            "what": _is("optimum"),
            "axes": _is({"probability": [0.1, 0.2]}),
            "output": lambda: _folder() / "run.sqlite",
            "executor": lambda: _threads(),
            "workers": _is(1),
            "unit_seconds": _is(1.0),
            "retries": _is(1),
            "again": _is(False),
            "progress": _is(None),
            "n_features": _is(2),
            "n_hidden": _is(1),
        },
        finite=False,  # points that failed have NaN
        documented=(OSError,),
        covers=("Sweep",),
    ),
    "Sweep.sel": Target(lambda **given: _swept_already().sel(**given), {"probability": _is(0.1)}, finite=False),
    "Sweep.dimensions": Target(lambda **given: _swept_already().dimensions(**given), {"name": _is("W")}, finite=False),
    "plot.plot_sweep": Target(
        lambda **given: gs.plot.plot_sweep(_swept_already(), **given),
        {"name": _is("loss"), "optimum": _is(None), "ax": _is(None)},
        finite=False,
    ),
    "Verdict": Target(
        gs.Verdict,
        {
            "status": _is("holds"),
            "summary": _is("It does."),
            "numbers": _is({"a": 1.0}),
            "checks": _is(()),
            "compared": _is({"a": ("It is 1.", "It is.")}),
        },
        finite=False,
    ),
    "plot.plot_angles": Target(gs.plot.plot_angles, {"W": _W}, finite=False, covers=("plot",)),
    "plot.plot_gram": Target(gs.plot.plot_gram, {"W": _W, "b": _is([0, 0, 1])}, finite=False),
    "plot.plot_interference": Target(gs.plot.plot_interference, {"W": _W, "ax": _is(None)}, finite=False),
    "plot.plot_dimensions": Target(
        lambda W, probability: gs.plot.plot_dimensions([W], [probability]),
        {"W": _W, "probability": _is(0.5)},
        finite=False,
    ),
    "symbolic.loss": Target(
        gs.symbolic.loss,
        {
            "W": _is([[1], [-1]]),
            "b": _is(0),
            "probability": _is(0.5),
            "importance": _is(1),
            "values": gs.Uniform,
            "gram": _is(None),
            "activation": _is("relu"),
            "at": _is(None),
        },
        covers=("symbolic",),
    ),
    "symbolic.chamber": Target(
        gs.symbolic.chamber,
        {"W": _is([[1], [-1]]), "b": _is(0), "probability": _is(0.5), "gram": _is(None), "at": _is({})},
    ),
    "symbolic.digon": Target(gs.symbolic.digon, {"norm": _is(1)}),
    "symbolic.polygon": Target(gs.symbolic.polygon, {"k": _is(5), "norm": _is(1)}),
    "symbolic.simplex": Target(gs.symbolic.simplex, {"d": _is(2), "norm": _is(1)}),
    "symbolic.cross_polytope": Target(gs.symbolic.cross_polytope, {"d": _is(2), "norm": _is(1)}),
    "symbolic.optimum": Target(
        gs.symbolic.optimum,
        {"shape": _is("digon"), "probability": _is(0.1), "at": _is(None)},
        covers=("symbolic.SymbolicOptimum",),
    ),
    "symbolic.SymbolicOptimum.evaluate": Target(
        lambda **given: _symbolic().evaluate(**given),
        {"probability": _is(0.1), "digits": _is(10)},
        covers=("symbolic.OptimumPoint",),
    ),
    "symbolic.SymbolicOptimum.series": Target(
        lambda **given: _symbolic().series(**given),
        {"n_terms": _is(2), "digits": _is(10)},
        covers=("symbolic.OptimumSeries",),
    ),
    "symbolic.SymbolicOptimum.polynomial": Target(lambda of: _symbolic().polynomial(of), {"of": _is("ratio")}),
    "symbolic.superposition_onset": Target(
        gs.symbolic.superposition_onset, {"probability": _is(0.5)}, covers=("symbolic.SuperpositionOnset",)
    ),
    "symbolic.symmetry_breaking": Target(
        gs.symbolic.symmetry_breaking, {"digits": _is(10)}, covers=("symbolic.SymmetryBreaking",)
    ),
}

COVERED = {name for key, target in TARGETS.items() for name in (key, *target.covers)}


@cache
def _saved() -> Path:
    path = _folder() / "run.npz"
    _run().save(path)
    return path


@cache
def _stored() -> Path:
    path = _folder() / "stored.npz"
    np.savez(path, W=_W(), b_final=[0.0, 0.0, 0.0], note=[1.0])
    return path


@cache
def _weights() -> str:
    path = _folder() / "W.npy"
    np.save(path, _plane())
    return str(path)


@cache
def _broken() -> str:
    path = _folder() / "broken.npz"
    path.write_bytes(b"PK\x03\x04 and then nothing of the kind")
    return str(path)


# Texts of the command line. Nothing here can be a large and valid number of things: it would rightly take long.
TEXTS: dict[str, Maker] = {
    text: _is(text)
    for text in (
        "nan", "inf", "-inf", "0", "-1", "1", "2", "5.9", "1e400", "1e-400", "1e308", "1e-310", "x", "", "true", "None",
        "1j", "0x10", "1e3", "1_0", "9223372036854775808", "[1]", "two\nlines", "-", "--", "/", "no/such/file.npz",
        "a.b", "\x00",
    )
}  # fmt: skip
TEXTS |= {"10**400": _is(str(10**400)), "a broken file": lambda: _broken(), "a folder": lambda: str(_folder())}

FEATURES = {
    "--probability": _is("0.3"), "--importance": _is("1"), "--values": _is("uniform:0,1"),
    "--groups": _is("correlated:0,1"),
}  # fmt: skip
NAMES = {
    "--weights": _is("W"), "--bias": _is("b_final"), "--ignore": _is("note"), "--orientation": _is("rows"),
    "--instances": _is("auto"), "--activation": _is("relu"), "--hidden-activation": _is("linear"),
}  # fmt: skip
RESULT = {"--output": lambda: str(_folder() / "result.json")}
ENERGY = {"--starts": _is("2"), "--seed": _is("0"), "--time-limit": _is("2"), "--threads": _is("1")} | RESULT

COMMANDS: dict[str, dict[str, Maker]] = {
    "demo": {
        "--models": _is("1"), "--steps": _is("2"), "--seed": _is("0"),
        "--output": lambda: str(_folder() / "demo.png"),
    },
    "train": {
        "n_features": _is("3"), "n_hidden": _is("1"), "--models": _is("1"), "--steps": _is("4"), "--batch": _is("8"),
        "--optimizer": _is("sgd"), "--momentum": _is("0.9"), "--coherence": _is("0.1"), "--init-scale": _is("2"),
        "--learning-rate": _is("0.001"), "--schedule": _is("linear"), "--weight-decay": _is("0"), "--clip": _is("1"),
        "--preset": _is("adam"), "--objective": _is("sampled"), "--target": _is("identity"),
        "--activation": _is("relu"), "--hidden-l1": _is("0"), "--dropout": _is("0"),
        "--criterion": _is("squared"), "--attack": _is("0"),
        "--seed": _is("0"), "--record": _is("0"), "--threads": _is("1"), "--device": _is("cpu"),
        "--output": lambda: str(_folder() / "trained.npz"),
    } | FEATURES,
    "classify": {"path": lambda: _weights(), "--orientation": _is("rows"), "--noise": _is("0.01")}
    | {"--weights": _is("W"), "--represented": _is("0.1")} | RESULT,
    "loss": {"path": lambda: str(_stored()), "--method": _is("auto"), "--rtol": _is("1e-9"), "--run": _is("0"),
             "--target": _is("identity"), "--power": _is("2")}
    | NAMES | FEATURES | RESULT,
    "compare": {"path": lambda: _weights(), "--starts": _is("1"), "--seed": _is("0"), "--run": _is("0")} | FEATURES,
    "report": {"path": lambda: _weights(), "--output": lambda: str(_folder() / "page.html"), "--starts": _is("1"),
               "--seed": _is("0"), "--run": _is("0"), "--title": _is("W"), "--date": _is("2026")} | FEATURES,
    "symmetry": {"path": lambda: _weights(), "--weights": _is("W"), "--orientation": _is("rows")}
    | {"--tolerance": _is("0.01")} | RESULT,
    "dimensionality": {"path": lambda: _weights(), "--weights": _is("W"), "--orientation": _is("rows")} | RESULT,
    "polytope": {"name": _is("cube")} | RESULT,
    "one-hot": {"shape": _is("pentagon"), "--dead": _is("1"), "--silent": _is("0")} | RESULT,
    "symbolic": {"family": _is("simplex"), "size": _is("2")} | RESULT,
    "certify --limit": {"n_features": _is("5"), "n_hidden": _is("2")} | RESULT,
    "verify": {"path": lambda: _proof()} | RESULT,
    "doctor": dict(RESULT),
    "optimum": {"n_features": _is("3"), "n_hidden": _is("1"), "--activation": _is("relu"), "--starts": _is("2")}
    | {"--seed": _is("0"), "--coherence": _is("0.1"), "--max-cosine": _is("1"), "--weight-decay": _is("0.01")}
    | FEATURES | RESULT,
    "phase-diagram": {"n_features": _is("2"), "n_hidden": _is("1"), "--points": _is("2"), "--starts": _is("1")}
    | {"--seed": _is("0"), "--activation": _is("relu")} | RESULT,
    "plateaus": {"--points": _is("2"), "--largest-rank": _is("1"), "--n-features": _is("5"), "--n-hidden": _is("2")},
    "thomson": {"n": _is("4")} | ENERGY,
    "energy": {"--n": _is("4"), "--d": _is("3"), "--energy": _is("riesz"), "--exponent": _is("2")} | ENERGY,
    "reproduce --quick": {"ids": _is("e6"), "--jobs": _is("1"), "--output": lambda: str(_folder() / "experiments")},
}  # fmt: skip

# Arguments by which a user asks for any amount of work: such a call may take long.
ORDERED = {
    ("expected_loss sampled", "samples"),
    ("geomsup plateaus", "--largest-rank"),
    ("motifs that are there", "shuffles"),
    ("plateaus", "largest_rank"),
    ("subspaces", "rotations"),
}
