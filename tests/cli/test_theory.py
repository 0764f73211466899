"""Commands that search for optima."""

import numpy as np
import pytest
import sympy

import geomsup as gs
from tests.cli.common import strict


@pytest.mark.slow
def test_optimum(run, folder):
    result = strict(run("optimum", 2, 1, "--probability", 0.1, "--starts", 4, "--json", "-o", "best.json"))
    assert result["loss"] == pytest.approx(0.003319484, abs=1e-9)
    assert result["geometry"] == "digon"
    assert strict((folder / "best.json").read_text()) == result
    assert run("optimum", 2, 1, "--probability", 0.1).startswith("optimum 0.00331948399: digon\ncertified: a theorem")
    linear = strict(run("optimum", 3, 1, "--activation", "linear", "--importance", 3, 2, 1, "--json"))
    assert linear["loss"] == pytest.approx(3 * (0.05 / 3 - 0.05**2 / 4), rel=1e-12)  # default probability 0.05
    other = strict(run("optimum", 3, 1, "--probability", 0.1, 0.2, 0.3, "--seed", 1, "--starts", 4, "--json"))
    truth = gs.optimum(gs.Features(3, [0.1, 0.2, 0.3]), 1, starts=4, rng=1)
    assert other["loss"] == truth.loss


@pytest.mark.slow
def test_plateaus(run, folder):
    arguments = ("plateaus", "--points", 3, "--probability-range", 0.2, 0.5, "--largest-rank", 2)
    result = strict(run(*arguments, "--json", "-o", "plateaus.json", "--plot", "plateaus.svg"))
    assert strict((folder / "plateaus.json").read_text()) == result
    assert b"<svg" in (folder / "plateaus.svg").read_bytes()
    text = run(*arguments)
    assert "digon -> pentagon" in text
    assert "0.22487545" in text


@pytest.mark.slow
def test_phase_diagram(run, folder):
    arguments = ("phase-diagram", 2, 1, "--points", 5, "--probability-range", 0.05, 1)
    result = strict(run(*arguments, "--json", "-o", "phases.json", "--plot", "phases.svg"))
    assert np.array(result["loss"]).shape == (5, 5)
    assert result["probabilities"][-1] == 1.0
    assert strict((folder / "phases.json").read_text()) == result
    assert b"<svg" in (folder / "phases.svg").read_bytes()
    text = run(*arguments)
    assert text.startswith("2 features in 1 dimension, 5 probabilities x 5 importances")
    assert "of first order: extra in a digon | extra not represented" in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [("phase-diagram", 2, 1, "--points", 3), ("plateaus", "--points", 2, "--largest-rank", 1)]
)
def test_a_plot_can_be_a_page_to_zoom_into(run, folder, command):
    run(*command, "--plot", "page.html")
    assert (folder / "page.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_one_hot(run):
    (state,) = gs.one_hot_states("pentagon")
    assert strict(run("one-hot", "pentagon", "--json"))["states"][0]["loss"] == state.loss
    assert "pentagon +: " in run("one-hot", "pentagon", "--dead", 1)


def test_symbolic(run, refuse):
    formula = sympy.sympify(strict(run("symbolic", "digon", "--json"))["loss"])
    model, values = gs.ToyModel([[1.1], [-1.1]], [-0.05] * 2), {"r": 1.1, "b": -0.05, "p": 0.3}
    assert float(formula.subs(values)) == pytest.approx(gs.expected_loss(model, gs.Features(2, 0.3)).value, rel=1e-12)
    assert refuse("symbolic", "simplex").startswith("`SIZE` must come with")
    assert refuse("symbolic", "digon", 2).startswith("`SIZE` must not come with")


@pytest.mark.slow
def test_ranges_of_sparsity(run, refuse):
    arguments = ("phase-diagram", 2, 1, "--points", 2, "--json")
    one, other = (strict(run(*arguments, *ends)) for ends in (
        ("--probability-range", 0.1, 0.5), ("--sparsity-range", 0.5, 0.9),
    ))  # fmt: skip
    assert one == other
    assert refuse("plateaus", "--sparsity-range", 0, 1).startswith("`--sparsity-range` must be below 1; got 1.")
