"""Arguments of every kind that are refused, each in one line that names the argument."""

import functools
import json
import pkgutil
import re
from importlib import import_module

import numpy as np
import pytest

import geomsup
import geomsup as gs

FEATURES, MODEL = gs.Features(3, 0.3), gs.ToyModel([[1.0], [-1.0], [0.1]])
MASKED = np.ma.masked_array([[1.0], [-1.0]], mask=[[True], [False]])


def custom(value):
    return gs.Potential("custom", None, lambda t: value, lambda t: t).energy(np.eye(3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gs.classify(MASKED), "`W` must not be a masked array, whose mask would be lost"),
        (lambda: gs.ToyModel([[1.0]], b=np.ma.masked_array([1.0])), "`b` must not be a masked array"),
        (lambda: gs.Features(2, [MASKED[0]]), "`probability` must not be a masked array"),
        (lambda: gs.symmetry(MASKED), "`points` must not be a masked array"),
        (lambda: gs.symmetry([[np.nan, 1.0]]), "`points` must be finite; got nan"),
        (lambda: gs.symmetry([1.0, 2.0]), "`points` must have the shape"),
        (lambda: custom(1.0), "`function` must return an array of the shape it is given; it turned (3,) into ()"),
        (
            lambda: custom(np.ones(2)),
            "`function` must return an array of the shape it is given; it turned (3,) into (2,)",
        ),
        (lambda: custom(np.ones(3, complex)), "`function` must return real numbers; it returned dtype complex128"),
        (lambda: custom(np.full(3, np.nan)), "`function` must return numbers; it returned nan at 0"),
        (lambda: gs.optimum(FEATURES, 1, progress=[]), "`progress` must be callable; got []"),
        (lambda: gs.thomson(4, progress=[]), "`progress` must be callable; got []"),
        (lambda: gs.phase_diagram(2, 1, [0.5], [1.0], progress=1), "`progress` must be callable; got 1"),
        (lambda: gs.plateaus([0.5], progress=""), "`progress` must be callable; got ''"),
        (lambda: gs.reproduce("E6", progress=[]), "`progress` must be callable; got []"),
        (lambda: gs.train(FEATURES, 1, criterion=None), "`criterion` must be one of"),
        (lambda: gs.train(FEATURES, 1, dropout=None), "`dropout` must hold real numbers; got objects"),
        (lambda: gs.one_hot_loss([[1.0]], independent="yes"), "`independent` must be True or False; got 'yes'"),
        (lambda: gs.one_hot_loss([[1.0]], independent=1), "`independent` must be True or False; got 1"),
        (lambda: gs.expected_loss(MODEL, FEATURES, gradient=1), "`gradient` must be True or False; got 1"),
        (lambda: gs.symbolic.digon(-1), "`norm` must be at least 0; got -1"),
        (lambda: gs.symbolic.polygon(5, -0.5), "`norm` must be at least 0; got -0.5"),
        (lambda: gs.optimum(FEATURES, 1, rng="a"), "`rng` must be what numpy.random.default_rng takes; got 'a'"),
        (lambda: gs.thomson(4, rng=-1), "`rng` must be what numpy.random.default_rng takes; got -1"),
        (lambda: gs.phase_diagram(2, 1, [0.5], [1.0], rng=0.5), "`rng` must be what numpy"),
        (lambda: FEATURES.sample(2, rng="a"), "`rng` must be what numpy"),
        (
            lambda: gs.optimum(FEATURES, 1, guesses=1),
            "`guesses` must be ToyModels of 3 features in 1 dimension; got 1",
        ),
        (lambda: gs.Features.from_dict({}), "`data` must have the key 'n'; got {}"),
        (lambda: gs.Features.from_dict([]), "`data` must be a dictionary; got []"),
        (lambda: gs.Features.from_dict(FEATURES.to_dict() | {"values": {}}), "`values` must have the key 'law'"),
        (lambda: gs.reproduce([]), "`ids` must be an id or a list of them; got []"),
        (lambda: gs.Features(3, 10**400), "`probability` must be finite in double precision; got an integer of"),
        (lambda: gs.Features(10**400), "`n` must be at most 10000000; got an integer of 1329 bits"),
        (lambda: gs.thomson(4, time_limit=10**400), "`time_limit` must be positive and finite; got inf"),
        (lambda: gs.Features(3, values=[0] * 200), "`values` must be a distribution"),
        (lambda: gs.optimum(FEATURES, 1, starts=2**31), "`starts` must be at most 100000; got 2147483648"),
        (lambda: gs.thomson(4, starts=2**31), "`starts` must be at most 100000000; got 2147483648"),
        (lambda: gs.train(FEATURES, 1, models=2**63), "`models` must be at most 9223372036854775807"),
        (lambda: gs.train(FEATURES, 1, models=2**40), "`models` must leave arrays of at most 2^27 numbers"),
        (lambda: gs.train(FEATURES, 1, batch=2**40), "`batch` must leave arrays of at most 2^27 numbers"),
        (lambda: gs.train(FEATURES, 1, steps=2**40, record=1), "`record` must leave at most 10000000 records"),
        (lambda: gs.Features(2**31), "`n` must be at most 10000000; got 2147483648"),
        (lambda: gs.minimize_energy(10**5, 3), "`n` and `d` must keep n² d below 1e+09; got 100000 and 3"),
        (lambda: gs.optimum(FEATURES, 2**31), "`n_hidden` must leave arrays of at most 2^27 numbers"),
        (lambda: gs.Discrete(range(10**9)), "`values` must leave arrays of at most 2^27 numbers; got 1000000000"),
        (lambda: gs.Discrete((1, 2), (1e308, 1e308)), "`weights` must add to a double"),
        (lambda: gs.TrainingRun.load(5), "`path` must be a path; got 5 (int)"),
    ],
)
def test_what_is_refused_is_named_in_one_line(call, message):
    with pytest.raises((TypeError, ValueError), match=f"^{re.escape(message)}") as caught:
        call()
    assert "\n" not in str(caught.value)


def test_large_seeds_are_no_counts():
    assert gs.train(FEATURES, 1, steps=1, batch=4, seed=2**62, device="cpu").config["seed"] == 2**62


def test_a_small_integer_type_does_not_spoil_what_an_int_gives():
    # 56 < 128 is an int8, but 56 - 1 times its like is none: listings keyed by it would hold wrong orders.
    few = gs.polytopes(None, np.int8(56))
    plain = gs.polytopes(None, 56)
    assert [shape.name for shape in few] == [shape.name for shape in plain]
    assert all(shape.symmetry_order > 0 for shape in plain)
    assert all(type(shape.n_vertices) is int for shape in plain)


def test_caches_tell_arguments_of_unlike_types_apart():
    for room in ("shapes", "energy", "recognition", "plot", "phases", "experiments"):
        package = import_module(f"geomsup.{room}")
        for found in pkgutil.iter_modules(package.__path__):
            module = import_module(f"geomsup.{room}.{found.name}")
            for name, value in vars(module).items():
                own = isinstance(value, functools._lru_cache_wrapper) and value.__module__ == module.__name__
                if own and value.__wrapped__.__code__.co_argcount:
                    assert value.cache_parameters()["typed"], f"{module.__name__}.{name}"


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["{}", "[]", '{"W": 1}', "[" * 20_000 + "]" * 20_000, '{"W": [[1]], "b": null}'])
def test_a_damaged_result_on_disk_is_computed_again(monkeypatch, tmp_path, damage):
    monkeypatch.setenv("GEOMSUP_CACHE", str(tmp_path))
    for name in ("DIRECT", "FEW_KINDS"):  # so few features would be searched whole, and nothing kept
        monkeypatch.setattr(import_module("geomsup.optima.optimum"), name, 3)
    features = gs.Features(5, 0.4)
    truth = gs.optimum(features, 1).loss
    files = list(tmp_path.glob("*/*.json"))
    assert files
    for file in files:
        inputs = json.dumps(json.loads(file.read_text())["inputs"])
        file.write_text(f'{{"inputs": {inputs}, "result": {damage}}}')
    assert gs.optimum(features, 1).loss == truth


def test_every_error_shows_values_in_one_short_line():
    deep = functools.reduce(lambda inner, _: [inner], range(5000), [])
    for value in (deep, "x" * 10**6, np.arange(10**4), 10**5000, "a\nb", object()):
        text = geomsup.checks.shown(value)
        assert len(text) <= 80
        assert "\n" not in text
