"""The result: slices, rows, data sets, files and figures, also of sweeps that are not whole."""

import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import geomsup as gs
from geomsup.sweeps.journal import Journal
from geomsup.sweeps.outcome import attempt
from geomsup.sweeps.plan import Plan
from geomsup.sweeps.result import read_sweep

AXES = {"probability": (0.1, 0.2, 1.0), "importance": (0.1, 1.0, 10.0), "seed": (0, 1, 2), "values": ({"a": 1},)}
WORDS = ["extra in a digon", "extra not represented", ""]


def point(position, plan=None):
    plan = plan or PLAN
    labels = plan.labels(position)
    p, seed = labels["probability"], labels["seed"]
    return {"loss": p + seed, "phase": WORDS[0 if p < 0.15 or seed == 2 else 1], "W": np.full((3, 2), p)}


PLAN = Plan("train", AXES, {"n_hidden": 2})


def made(skipped=(), failed=(), plan=PLAN):
    with Journal.begun(None, plan) as journal:
        for position in range(plan.size):
            if position in failed:
                journal.write({position: attempt(lambda: 1 / 0)})
            elif position not in skipped:
                journal.write({position: attempt(lambda position=position: point(position, plan))})
        return read_sweep(journal)


@pytest.fixture(scope="module")
def found():
    return made(skipped=(0,), failed=(4, 26))


def test_arrays_have_the_axes_of_the_sweep_in_front(found):
    assert found.shape == (3, 3, 3, 1)
    assert found["W"].shape == (3, 3, 3, 1, 3, 2)
    assert found.dimensions("W") == (*AXES, "feature", "hidden")
    assert found["loss"][1, 2, 1, 0] == 1.2
    assert np.isnan(found["loss"][0, 0, 0, 0])
    assert found["phase"][0, 0, 0, 0] == ""
    assert not found.complete
    assert [labels["seed"] for labels, _ in found.failed] == [1, 2]
    with pytest.raises(ValueError, match="read-only"):
        found["loss"][0] = 1
    with pytest.raises(KeyError, match="`name` must be one of loss, phase, W; got 'los'"):
        found["los"]


def test_slices_keep_what_belongs_to_them(found):
    part = found.sel(probability=0.1, values={"a": 1})
    assert part.axes == {"importance": AXES["importance"], "seed": AXES["seed"]}
    assert part.fixed == {"n_hidden": 2, "probability": 0.1, "values": {"a": 1}}
    assert (part["loss"] == found["loss"][0, :, :, 0])[found.done[0, :, :, 0] & np.isfinite(part["loss"])].all()
    assert part.failed == (({"importance": 1.0, "seed": 1}, "ZeroDivisionError: division by zero"),)
    assert found.sel(seed=2).failed[0][0] == {"probability": 1.0, "importance": 10.0, "values": {"a": 1}}
    assert (
        len(found.sel(probability=0.30000000000000004 - 0.1, seed=np.int64(1)).axes) == 2
    )  # rounding is no difference
    with pytest.raises(ValueError, match=r"`seed` must be one of \[0, 1, 2\]; got 3. Pick one"):
        found.sel(seed=3)
    with pytest.raises(ValueError, match=r"`values` must be one of .*; got 'sed'"):
        found.sel(sed=3)


def test_rows_are_those_that_are_done(found):
    rows = found.to_rows()
    assert len(rows) == 26
    assert rows[0] == {
        "probability": 0.1, "importance": 0.1, "seed": 1, "values": '{"a": 1}', "loss": 1.1,
        "phase": "extra in a digon", "error": None,
    }  # fmt: skip
    assert rows[3] | {"loss": None, "error": "ZeroDivisionError: division by zero"} == rows[3]


def test_it_prints_what_failed(found):
    lines = str(found).splitlines()
    assert lines[:3] == [
        "sweep of train: 27 points, 26 done", "  probability: 3 values from 0.1 to 1",
        "  importance: 3 values from 0.1 to 10",
    ]  # fmt: skip
    assert lines[-2].startswith("  failed at probability = 0.1, importance = 1.0, seed = 1")
    assert repr(found) == "Sweep(train: 3 probability x 3 importance x 3 seed x 1 values)"
    assert str(made(failed=range(10))).splitlines()[-1] == "  and 5 more failed"


def test_an_error_of_many_lines_prints_in_one():
    def fails():
        raise RuntimeError("first\nsecond " + "z" * 999)

    def is_empty():
        raise MemoryError

    with Journal.begun(None, Plan("m:f", {"x": (0, 1)}, {})) as journal:
        journal.write({0: attempt(fails), 1: attempt(is_empty)})
        told = read_sweep(journal)
    assert [len(line) < 250 for line in str(told).splitlines()] == [True] * 4
    assert str(told).endswith("...\n  failed at x = 1: MemoryError")
    assert told.failed[0][1].startswith("RuntimeError: first\nsecond")
    with pytest.raises(ValueError, match="`sweep` must have found something to draw"):
        told.plot()


def test_results_with_the_names_of_axes_stay_apart_from_them(tmp_path):
    pytest.importorskip("xarray")
    with Journal.begun(None, Plan("m:f", {"x": (2**40, 2**41)}, {})) as journal:
        journal.write({k: attempt(lambda k=k: {"x": k, "done": 5, "error": 6}) for k in range(2)})
        made = read_sweep(journal)
    assert made.to_rows()[1] == {"x": 2**41, "x_found": 1.0, "done_found": 5.0, "error_found": 6.0, "error": None}
    assert made.to_dataset().x_found.sel(x=2**41) == 1
    made.save(tmp_path / "run.nc")
    import xarray

    with xarray.open_dataset(tmp_path / "run.nc") as data:
        assert data.x.values.tolist() == [2**40, 2**41]
    with pytest.raises(ValueError, match="`path` must be in an existing folder"):
        made.save(tmp_path / "no" / "run.zarr")


def test_a_line_is_of_numbers_if_nothing_else_is_asked_for(found):
    assert found.sel(importance=1.0).plot().get_ylabel() == "loss"


def test_the_majority_is_that_of_the_texts(found):
    most = found.majority("phase")
    assert most[:, :, 0].tolist() == [["extra in a digon"] * 3, *[["extra not represented"] * 3] * 2]
    assert found.majority("phase", over="importance").shape == (3, 3, 1)
    with pytest.raises(ValueError, match="`name` must be a text for each point; 'loss' is not"):
        found.majority("loss")
    with pytest.raises(ValueError, match="`over` must be one of"):
        found.majority("phase", over="x")


def test_a_data_set_has_coordinates_and_units(found):
    xarray = pytest.importorskip("xarray")
    data = found.to_dataset()
    assert data.loss.attrs["units"] == "squared error, summed over features"
    assert data.W.dims == (*AXES, "feature", "hidden")
    assert float(data.loss.sel(probability=0.2, importance=1.0, seed=1).item()) == 1.2
    assert data.attrs["what"] == "train"
    assert isinstance(data, xarray.Dataset)


@pytest.mark.parametrize("name", ["run.nc", "run.zarr"])
def test_files_hold_the_data_set(found, tmp_path, name):
    xarray = pytest.importorskip("xarray")
    found.save(tmp_path / name)
    found.save(tmp_path / name)  # again
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = xarray.open_zarr(tmp_path / name, consolidated=False) if name.endswith("zarr") else (
            xarray.open_dataset(tmp_path / name)
        )  # fmt: skip
        with read:
            assert np.array_equal(read.loss.values, found["loss"], equal_nan=True)
            assert np.array_equal(read.W.values, found["W"], equal_nan=True)
            assert read.phase.values.astype(str).tolist() == found["phase"].tolist()
            assert read.probability.values.tolist() == list(AXES["probability"])


@pytest.mark.parametrize("broken", [{"axes": {"x": [1]}}, {"arrays": {"loss": [1, 2]}}, {"done": [True]}])
def test_a_dictionary_whose_shapes_differ_is_refused(found, broken):
    with pytest.raises(ValueError, match=r"`data` must have the shape .* of its axes; '(loss|done)' has"):
        gs.Sweep.from_dict(found.to_dict() | broken)


def test_what_is_no_sweep_is_no_optimum(found):
    with pytest.raises(TypeError, match="`optimum` must be a Sweep; got 3"):
        found.plot("phase", optimum=3)


def test_files_of_other_kinds_are_refused(found, tmp_path):
    with pytest.raises(ValueError, match=r"`path` must end in .nc or .zarr; got 'run.csv'"):
        found.save(tmp_path / "run.csv")


def test_without_xarray_one_line_says_what_to_install(found, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "xarray", None)
    for call in (found.to_dataset, lambda: found.save(tmp_path / "run.nc")):
        with pytest.raises(ImportError, match=r"^`to_dataset` needs xarray.*geomsup\[sweep\]"):
            call()


def test_without_dask_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"^`executor` needs Dask for an address.*geomsup\[dask\]"):
        gs.sweep("train", {"seed": [0]}, n_features=2, n_hidden=1, probability=0.1, executor="tcp://127.0.0.1:1")


def test_a_diagram_shows_the_majority_and_what_is_not_done(found):
    ax = found.plot()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["extra not represented", "extra in a digon"]
    colours = ax.collections[0].get_array().reshape(3, 3)
    assert colours.T.tolist() == [[1, 1, 1], [0, 0, 0], [0, 0, 0]]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.xaxis.get_inverted()
    left, right = ax.get_xlim()
    assert left > 1.0 > 0.1 > right


def test_a_diagram_shows_medians_and_the_excess(found):
    ax = found.plot("loss")
    assert ax.collections[0].get_array()[0].tolist() == pytest.approx([1.6, 1.2, 2.0])  # of two seeds; of three
    best = made(plan=Plan("optimum", {name: AXES[name] for name in ("probability", "importance")} | {"seed": (0,)}, {}))
    excess = found.plot("loss", optimum=best.sel(seed=0)).collections[0].get_array()
    assert excess[2, 1] == pytest.approx(100 * (1.2 / 0.2 - 1))
    with pytest.raises(ValueError, match="`optimum` must have a loss at each value of probability, importance"):
        found.plot("loss", optimum=found)


def test_points_of_which_nothing_is_done_are_drawn_without_a_warning():
    assert made(skipped=range(9)).plot("loss").collections


def test_a_line_shows_every_seed_and_the_median(found):
    ax = found.sel(importance=10.0).plot("loss", optimum=made().sel(importance=1.0, seed=0))
    dots, median, optimum = ax.lines
    assert len(dots.get_xdata()) == 9
    assert median.get_ydata() == pytest.approx([1.1, 1.2, 1.5])  # the last of p = 1 failed
    assert optimum.get_ydata() == pytest.approx([0.1, 0.2, 1.0])


def test_axes_of_texts_have_names():
    plan = Plan("train", {"optimizer": ("adam", "sgd"), "probability": (0.1,), "seed": (0,)}, {})
    ax = made(plan=plan).plot("loss")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["adam", "sgd"]


@pytest.mark.parametrize(
    ("cut", "name", "message"),
    [
        ({}, "los", '`name` must be one of "loss", "phase", "W"; got \'los\''),
        ({}, "W", "`name` must be one number or text at each point; 'W' is an array"),
        ({"importance": 1.0}, "phase", "`name` must be a number at each point to be drawn as a line; 'phase' is not"),
        ({"importance": 1.0, "probability": 0.1}, "loss", "`sweep` must have one or two axes to draw over; got none"),
    ],
)
def test_what_cannot_be_drawn_is_named(found, cut, name, message):
    with pytest.raises(ValueError, match=message):
        found.sel(**cut).plot(name)


@pytest.mark.slow
def test_dimensions_are_drawn_against_sparsity():
    with ThreadPoolExecutor(1) as pool:
        best = gs.sweep("optimum", {"probability": [0.05, 0.5]}, n_features=2, n_hidden=1, executor=pool)
    ax = best.plot("dimensionality")
    assert ax.lines[-1].get_xdata().tolist() == [2.0, 20.0]  # 1/p, as plot_dimensions has it


def test_texts_are_empty_where_nothing_is_done_even_after_numbers():
    with Journal.begun(None, Plan("m:f", {"x": (0, 1, 2)}, {})) as journal:
        journal.write({0: attempt(lambda: 1), 2: attempt(lambda: "a")})
        assert read_sweep(journal)["value"].tolist() == ["1.0", "", "a"]


def test_arrays_of_different_sizes_are_filled_up():
    plan = Plan("m:f", {"x": (0, 1, 2)}, {})
    with Journal.begun(None, plan) as journal:
        journal.write({k: attempt(lambda value=value: value) for k, value in enumerate([[1, 2], 5, [[1], [2], [3]]])})
        values = read_sweep(journal)["value"]
    nan = np.nan
    expected = [[[1], [2], [nan]], [[5], [nan], [nan]], [[1], [2], [3]]]
    assert np.array_equal(values, expected, equal_nan=True)
