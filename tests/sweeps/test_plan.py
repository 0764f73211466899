"""The plan: axes, points and their ids, and what is refused before anything runs."""

import functools
import itertools

import numpy as np
import pytest

import geomsup as gs
from geomsup.sweeps import plan as plans
from geomsup.sweeps.plan import Plan, make_plan
from geomsup.sweeps.specification import read_plan
from tests.sweeps import functions

TWO = {"n_features": 2, "n_hidden": 1}


def test_the_last_axis_varies_fastest():
    plan = Plan("m:f", {"x": (0, 1), "y": ("a", "b", "c")}, {"z": 9})
    assert (plan.shape, plan.size) == ((2, 3), 6)
    assert [plan.point(k) for k in (0, 1, 3)] == [
        {"z": 9, "x": 0, "y": "a"}, {"z": 9, "x": 0, "y": "b"}, {"z": 9, "x": 1, "y": "a"},
    ]  # fmt: skip


def test_ids_name_what_is_called_with_what_by_which_version(monkeypatch):
    def ids(what="m:f", axes=None, fixed=None, code=""):
        plan = Plan(what, axes or {"x": (0, 1)}, fixed or {}, code)
        return {plan.id(k) for k in range(plan.size)}

    first = ids()
    assert len(first) == 2
    assert first == ids()
    assert ids(axes={"x": (1, 2)}) & first  # the same point in another sweep
    others = [ids("m:g"), ids(fixed={"y": 1}), ids(code="1"), ids(axes={"z": (0, 1)})]
    assert not any(first & other for other in others)
    monkeypatch.setattr(plans, "__version__", "another")
    assert not first & ids()


def test_values_are_plain_whatever_they_came_as():
    law = gs.Uniform(0, 2)
    plan = make_plan(
        "train",
        {"probability": np.array([0.1, 0.2]), "seed": np.arange(2), "values": [law]},
        TWO | {"importance": (1, 2)},
    )
    assert plan.axes == {"probability": (0.1, 0.2), "seed": (0, 1), "values": (law.to_dict(),)}
    assert plan.fixed["importance"] == [1, 2]
    assert type(plan.axes["seed"][0]) is int


def test_public_functions_and_their_names_are_the_same_sweep():
    axes = {"probability": [0.1]}
    assert make_plan(gs.train, axes, TWO) == make_plan("train", axes, TWO) == make_plan("geomsup:train", axes, TWO)
    assert make_plan(gs.minimize_energy, {"n": [4]}, {}).what == "energy"


def test_a_function_is_known_by_its_place_and_text():
    plan = make_plan(functions.square, {"x": [1]}, {})
    assert (plan.what, len(plan.code)) == ("tests.sweeps.functions:square", 16)
    assert make_plan("tests.sweeps.functions:square", {"x": [1]}, {}) == plan
    assert make_plan(functions.waits, {"x": [1]}, {"seconds": 0}).code != plan.code


@pytest.mark.parametrize(
    ("what", "axes", "fixed", "message"),
    [
        ("trian", {"seed": [0]}, {}, '`what` must be one of "train", "optimum", "energy", "classify"; got .trian'),
        (3, {"seed": [0]}, {}, "`what` must be a function or one of train, .*; got 3"),
        ("nowhere:f", {"x": [0]}, {}, "`what` must be module:function; 'nowhere:f' is not found"),
        ("math:pi", {"x": [0]}, {}, "`what` must be a function; 'math:pi' is 3.14"),
        ("train", {}, TWO, "`axes` must be values by name; got {}"),
        ("train", [1], TWO, r"`axes` must be values by name; got \[1\]"),
        ("train", {3: [1]}, TWO, "`axes` must have texts as names; got 3"),
        ("train", {"seed": 3}, TWO, "`seed` must be a list of values; got 3"),
        ("train", {"seed": "012"}, TWO, "`seed` must be a list of values; got '012'"),
        ("train", {"seed": []}, TWO, "`seed` must have at least one value"),
        ("train", {"seed": [1, 1]}, TWO, r"`seed` must have different values; got \[1, 1\]"),
        ("train", {"probability": [1, 0.5, 1.0]}, {}, r"`probability` must have different values; got \[1, 0.5, 1.0\]"),
        ("train", {"optimizer": {"adam", "sgd"}}, TWO, r"`optimizer` must have an order; got {'"),
        ("train", {"seed": range(10**12)}, TWO, "`seed` must have at most 1048576 values"),
        ("train", {"seed": itertools.count()}, TWO, "`seed` must have at most 1048576 values"),
        ("train", {"seed": [object()]}, TWO, "`seed` must hold finite numbers, texts or lists; got <object"),
        ("train", {"seed": [float("nan")]}, TWO, "`seed` must hold finite numbers, texts or lists; got nan"),
        ("train", {"n_hidden": [1]}, TWO, "`n_hidden` must be an axis or fixed; got both"),
        ("train", {"seed": [1]}, TWO, "`probability` must be an axis or fixed for a sweep of 'train'; got n_features"),
        ("train", {"lr": [1]}, TWO, r'`sweep\("train", ...\)` has no argument `lr`; got lr=1. Pass `learning_rate`'),
        ("train", {"sparsity": [0.9]}, TWO, "no argument `sparsity`.*Pass `probability`, which is 1 - sparsity"),
        (functions.square, {"y": [1]}, {}, "`axes` must be arguments of .*square, which got y: missing a required"),
        (
            "train",
            {name: range(1, 2**11) for name in ("seed", "steps", "batch")},
            TWO,
            "`axes` must make at most 2147483648 points",
        ),
    ],
)
def test_what_cannot_be_swept_is_refused(what, axes, fixed, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make_plan(what, axes, fixed)


def spec(folder, text):
    path = folder / "spec.toml"
    path.write_text(text)
    return path


def test_a_file_says_the_same_as_python(tmp_path):
    text = """
        what = "train"
        [axes]
        probability = {from = 0.01, to = 1.0, points = 5, spacing = "log"}
        importance = {from = 0.0, to = 1.0, points = 3}
        seed = {from = 0, to = 3}
        optimizer = ["adam", "sgd"]
        [fixed]
        n_features = 2
        n_hidden = 1
    """
    axes = {
        "probability": np.geomspace(0.01, 1, 5).clip(0.01, 1), "importance": [0.0, 0.5, 1.0], "seed": range(4),
        "optimizer": ["adam", "sgd"],
    }  # fmt: skip
    assert read_plan(spec(tmp_path, text)) == make_plan("train", axes, TWO)


def test_files_are_sorted_and_seen_from_the_description(tmp_path):
    for name in ("b.npy", "a.npy", "c.txt"):
        (tmp_path / name).touch()
    plan = read_plan(spec(tmp_path, 'what = "classify"\n[axes]\npath = {files = "*.npy"}'))
    assert plan.axes["path"] == tuple(str(tmp_path / name) for name in ("a.npy", "b.npy"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("what =", "`spec` must be valid TOML; 'spec.toml' is broken"),
        ('axes = {seed = [1]}', "`spec` must hold 'what'"),
        ('what = "train"', "`spec` must hold 'axes'"),
        ('what = "train"\naxes = 3', "`axes` must be a table; got 3"),
        ('what = "train"\nfixed = 3\naxes = {seed = [1]}', "`fixed` must be a table; got 3"),
        ('what = "train"\nsteps = 3\naxes = {}', "`spec` must hold what, axes, fixed; 'spec.toml' has 'steps'"),
        ('what = "train"\n[axes]\nseed = {a = 1}', "`seed` must be a list, or a table with from, to"),
        ('what = "train"\n[axes]\nseed = {from = 2, to = 1}', "`seed` must be at least 2; got 1"),
        ('what = "train"\n[axes]\nseed = {from = 0.5, to = 1}', "`seed` must be an integer; got 0.5"),
        ('what = "train"\n[axes]\nprobability = {from = 0, to = 1, points = 3, spacing = "log"}',
         "`probability` must be positive"),
        ('what = "train"\n[axes]\nprobability = {from = 0, to = 1, points = 3, spacing = "x"}',
         '`probability` must be one of "linear", "log"'),
        ('what = "classify"\n[axes]\npath = {files = "*.no"}', "`path` must name files that exist; got '\\*.no'"),
    ],
)  # fmt: skip
def test_descriptions_that_are_none_are_refused(tmp_path, text, message):
    with pytest.raises((TypeError, ValueError), match=message):
        read_plan(spec(tmp_path, text))


def test_a_description_must_be_there(tmp_path):
    with pytest.raises(ValueError, match=r"`spec` must be an existing .toml file"):
        read_plan(tmp_path / "nothing.toml")


def test_functions_without_a_text_are_known_by_their_place():
    assert make_plan(max, {"x": [1]}, {}).code == ""


def test_what_a_function_holds_is_part_of_its_text():
    def codes(make):
        return [make_plan(make(number), {"x": [1]}, {}).code for number in (0, 0, 5)]

    def inner(seconds):
        return lambda x: x + seconds

    for make in (inner, lambda seconds: functools.partial(functions.waits, seconds=seconds)):
        first, same, other = codes(make)
        assert first == same != other
