"""The demo in small."""

import io
import json

import numpy as np
import pytest

from geomsup import classify, expected_loss
from geomsup.demo import IMPORTANCE, PROBABILITIES, run_demo


@pytest.fixture(scope="module")
def reports():
    return []


@pytest.fixture(scope="module")
def demo(reports):
    return run_demo(models=2, steps=60, batch=64, starts=2, progress=lambda *report: reports.append(report))


def test_sparsities_and_importances_are_those_of_the_paper():
    assert PROBABILITIES[0] == 1
    assert PROBABILITIES[-1] == pytest.approx(1 / 20)
    ratios = PROBABILITIES[1:] / PROBABILITIES[:-1]
    np.testing.assert_allclose(ratios, 20 ** (-1 / 9))
    np.testing.assert_allclose(IMPORTANCE, [1, 0.9, 0.81, 0.729, 0.6561])


@pytest.mark.slow
def test_the_best_model_of_each_sparsity_is_compared(demo):
    assert len(demo.comparisons) == len(demo.names) == 10
    assert demo.losses.shape == (10, 2)
    for comparison, losses, names, p in zip(demo.comparisons, demo.losses, demo.names, PROBABILITIES, strict=True):
        assert comparison.optimum.features.probability.tolist() == [p] * 5
        np.testing.assert_array_equal(comparison.optimum.features.importance, IMPORTANCE)
        assert comparison.loss == pytest.approx(losses.min(), rel=1e-9)
        truth = expected_loss(comparison.model, comparison.optimum.features)
        assert comparison.loss == truth.value
        assert comparison.excess >= 0
        assert len(names) == 2
        assert classify(comparison.model).name in names


def test_rows_are_the_numbers_of_the_comparisons(demo):
    rows = demo.rows()
    assert len(rows) == 10
    json.dumps(rows, allow_nan=False)
    for row, comparison, p, names in zip(rows, demo.comparisons, PROBABILITIES, demo.names, strict=True):
        assert row["sparsity"] == pytest.approx(1 - p)
        assert row["geometry"] == comparison.geometry.name
        assert row["optimal_geometry"] == comparison.optimum.geometry.name
        assert (row["loss"], row["optimum"]) == (comparison.loss, comparison.optimum.loss)
        assert row["excess"] == pytest.approx(row["loss"] / row["optimum"] - 1)
        assert row["models"] == f"{names.count(row['geometry'])}/2"
        assert 0 < row["D"] <= 1


def test_progress_is_reported_to_the_end(demo, reports):
    for stage in ("training", "comparing"):
        fractions = [fraction for name, fraction in reports if name == stage]
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1
    assert {stage for stage, _ in reports} == {"training", "comparing"}


@pytest.mark.slow
def test_the_figure_has_a_column_per_sparsity(demo):
    figure = demo.plot()
    assert len(figure.axes) == 11
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=30)
    assert buffer.getvalue().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_rows(demo):
    again = run_demo(models=2, steps=60, batch=64, starts=2)
    assert again.rows() == demo.rows()
