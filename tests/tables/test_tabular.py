"""Results as rows, data frames, HTML, and read back from `to_dict`."""

import json
import re
import sys
import types

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot

import geomsup as gs
from geomsup.tables.tabular import MOST_ROWS, html_table

mpl.use("agg")
DIGON = gs.ToyModel([[1.0], [-1.0]], [0.1, 0.2])
PAIR = gs.Features(2, 0.1)


@pytest.fixture(scope="module")
def results():
    run = gs.train(PAIR, 1, models=2, steps=3, batch=8, model=DIGON)
    return {
        "model": DIGON, "features": PAIR, "loss": gs.expected_loss(DIGON, PAIR), "run": run,
        "optimum": gs.optimum(PAIR, 1, starts=2), "comparison": gs.compare(DIGON, PAIR, starts=2),
        "comparisons": gs.compare([DIGON, DIGON], PAIR, starts=2), "geometry": gs.classify(DIGON),
        "geometries": gs.classify([DIGON.W, DIGON.W], orientation="rows"), "polytope": gs.polytope("cube"),
        "symmetry": gs.symmetry(gs.polytope("cube").vertices), "diagram": gs.phase_diagram(2, 1, [0.2, 0.5], [0.5, 2]),
        "plateaus": gs.plateaus([0.5, 0.2], largest_rank=1), "points": gs.thomson(4),
    }  # fmt: skip


LENGTHS = {
    "model": 2, "features": 2, "loss": 2, "run": 2, "optimum": 1, "comparison": 1, "comparisons": 2, "geometry": 1,
    "geometries": 2, "polytope": 8, "symmetry": 1, "diagram": 4, "plateaus": 2, "points": 4,
}  # fmt: skip


@pytest.mark.parametrize("name", LENGTHS)
def test_rows_are_plain_values_with_the_same_keys(results, name):
    rows = results[name].to_rows()
    assert len(rows) == LENGTHS[name]
    assert len({tuple(row) for row in rows}) == 1
    assert json.loads(json.dumps(rows)) == rows


@pytest.mark.parametrize("name", LENGTHS)
def test_notebooks_get_a_table(results, name):
    html = results[name]._repr_html_()
    assert html.startswith("<table><caption>")
    assert html.count("<tr>") == html.count("</tr>") > 1


@pytest.mark.parametrize("name", LENGTHS)
def test_a_repr_is_a_line_without_arrays(results, name):
    text = repr(results[name])
    assert "\n" not in text
    assert "array(" not in text


def test_a_repr_has_the_headline(results):
    assert re.search(r"^Comparison\(digon against digon, loss .*, excess .* %\)$", repr(results["comparison"]))
    assert repr(results["optimum"]).startswith("Optimum(0.0033194")
    assert repr(results["diagram"]).startswith("PhaseDiagram(2 features in 1 dimension, 2 x 2 cells, ")


def test_html_is_escaped_and_short():
    html = html_table("<b>", [{"a&b": "<i>", "none": None}] * (MOST_ROWS + 5))
    assert "<b>" not in html
    assert "<i>" not in html
    assert "... and 5 more" in html
    assert html.count("<tr>") == MOST_ROWS + 2


def test_a_data_frame_has_the_rows(results, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", types.SimpleNamespace(DataFrame=list))
    assert results["comparisons"].to_dataframe() == results["comparisons"].to_rows()


def test_without_pandas_one_line_says_what_to_install(results, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"^`to_dataframe` needs pandas.*geomsup\[tables\]"):
        results["model"].to_dataframe()


@pytest.mark.parametrize("name", ["model", "optimum", "run"])
def test_drawings_return_axes(results, name):
    drawn = results[name].plot()
    axes = drawn if isinstance(drawn, list) else [drawn]
    assert len(axes) == (2 if name == "run" else 1)
    assert all(isinstance(one, mpl.axes.Axes) for one in axes)
    pyplot.close("all")


def test_a_training_run_is_a_sequence_of_models(results):
    run = results["run"]
    assert [model.W.tolist() for model in run] == [run[0].W.tolist(), run[-1].W.tolist()]
    assert [model.b.tolist() for model in run[::-1]] == [run[1].b.tolist(), run[0].b.tolist()]
    for index in (2, -3):
        with pytest.raises((IndexError, ValueError)):
            run[index]
    with pytest.raises(TypeError):
        run["0"]


@pytest.mark.parametrize("name", ["a.pt", "a.npy", "a.json"])
def test_a_run_is_not_saved_under_a_name_that_says_something_else(results, name, tmp_path):
    with pytest.raises(ValueError, match=r"^`path` must end in \.npz or \.safetensors"):
        results["run"].save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_interference_is_with_the_feature_that_changes_an_output_most():
    model = gs.ToyModel(np.array([[1.0, 0.0], [-0.9, 0.1], [0.0, 1.0], [0.1, -1.0]]))
    assert [row["interferes_with"] for row in model.to_rows()] == [1, 0, 3, 2]
