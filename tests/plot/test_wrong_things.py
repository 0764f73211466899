"""Every figure answers wrong arguments in one line that names the argument."""

import functools

import numpy as np
import pytest

import geomsup as gs

NAN = float("nan")
RAGGED = [[1.0, 0.0], [1.0]]
NOTHING = [None, "text", 3, NAN, [], {}, [None], RAGGED, np.zeros((2, 0)), np.zeros((2, 2, 2, 2)), [[NAN, 1.0]], object]
AXES = ["text", 3, [None], [], np.zeros(3), {}]


@functools.cache
def made(kind):
    """Return one result of a kind; few starts make it cheap."""
    digon, features = gs.ToyModel([[1.0], [-1.0]]), gs.Features(2, 0.1)
    return {
        "comparison": lambda: gs.compare(digon, features, starts=2),
        "comparisons": lambda: gs.compare([digon, digon], features, starts=2),
        "configuration": lambda: gs.thomson(4),
        "geometry": lambda: gs.classify(digon.W),
        "geometries": lambda: gs.Geometries((gs.classify(digon.W),)),
        "table": lambda: gs.block_table(n_hidden=1),
        "diagram": lambda: gs.phase_diagram(2, 1, [0.2, 0.5], [0.3, 0.4]),
        "plateaus": lambda: gs.plateaus([0.5, 0.3], largest_rank=2),
        "polytope": lambda: gs.polytope("square"),
        "optimum": lambda: gs.optimum(features, 1, starts=2),
        "model": lambda: digon,
        "run": lambda: gs.train(features, 1, models=2, steps=2),
    }[kind]()


# The first argument of every figure: its name, and things that do not do.
SUBJECTS = {
    "plot_angles": ("W", NOTHING),
    "plot_bases": ("found", NOTHING),
    "plot_block_table": ("table", NOTHING),
    "plot_comparison": ("comparison", NOTHING),
    "plot_comparisons": ("comparisons", NOTHING),
    "plot_components": ("geometry", NOTHING),
    "plot_configuration": ("configuration", NOTHING),
    "plot_dimensions": ("models", NOTHING),
    "plot_geometry": ("geometry", NOTHING),
    "plot_gram": ("W", NOTHING),
    "plot_graph": ("geometry", NOTHING),
    "plot_interference": ("W", NOTHING),
    "plot_losses": ("comparisons", NOTHING),
    "plot_matching": ("matching", NOTHING),
    "plot_motifs": ("motifs", NOTHING),
    "plot_orbits": ("symmetry", NOTHING),
    "plot_phases": ("diagram", NOTHING),
    "plot_plateaus": ("plateaus", NOTHING),
    "plot_polytope": ("polytope", NOTHING),
    "plot_sheet": ("shapes", NOTHING),
    "plot_sparsities": ("comparisons", NOTHING),
    "plot_subspaces": ("found", NOTHING),
    "plot_sweep": ("sweep", NOTHING),
    "plot_tally": (
        "tally",
        [*(one for one in NOTHING if not isinstance(one, dict)), {"a": NAN}, {"a": -1}, {3: 1}],
    ),
}
MORE = {"plot_dimensions": ([0.1],), "plot_sparsities": ([[0.1]],)}


def refused(call, *names):
    """Check that a call is refused in one line that begins with the name of an argument, in backticks."""
    with pytest.raises((TypeError, ValueError)) as refusal:
        call()
    words = str(refusal.value)
    assert "\n" not in words
    assert words.startswith(tuple(f"`{name}" for name in names)), words


def test_every_figure_is_here():
    assert sorted(SUBJECTS) == gs.plot.__all__


@pytest.mark.parametrize("name", SUBJECTS)
def test_wrong_subjects_are_named(name):
    argument, wrong = SUBJECTS[name]
    names = (argument, "probabilities") if name == "plot_dimensions" else (argument,)
    for value in wrong:
        refused(lambda value=value: getattr(gs.plot, name)(value, *MORE.get(name, ())), *names, "W")


@pytest.mark.parametrize(("name", "kind"), [
    ("plot_losses", "comparison"), ("plot_sheet", "polytope"), ("plot_sparsities", "comparison"),
])  # fmt: skip
def test_one_wrong_item_of_a_list_is_named_by_its_place(name, kind):
    more = ([[0.1], [0.1]],) if name == "plot_sparsities" else ()
    for wrong in (None, "text", 3, [], made("geometry")):
        argument = SUBJECTS[name][0]
        refused(lambda wrong=wrong: getattr(gs.plot, name)([made(kind), wrong], *more), f"{argument}[1]")


def test_one_wrong_model_or_probability_among_several():
    good = made("model")
    for wrong in (None, "text", RAGGED, [[NAN]], []):
        refused(lambda wrong=wrong: gs.plot.plot_dimensions([good, wrong], [0.1, 0.2]), "models[1]", "W")
    for wrong in (None, "ab", [0.1], [0.1, NAN], [0.1, 2.0], [0.1, "x"], [[0.1, 0.2]]):
        refused(lambda wrong=wrong: gs.plot.plot_dimensions([good, good], wrong), "probabilities")


def test_wrong_losses_biases_and_columns():
    for wrong in (None, "a", 3, [], [None], ["x"], [[NAN]], [[]], [[[0.1]]], [[0.1], [0.2]]):
        refused(lambda wrong=wrong: gs.plot.plot_sparsities([made("comparison")], wrong), "losses")
    for wrong in ("text", [1.0], [NAN, 1.0], [None, 1.0], [[1.0, 2.0]], 3):
        refused(lambda wrong=wrong: gs.plot.plot_gram([[1.0], [-1.0]], wrong), "b")
    for wrong in (None, 0, -1, 1.5, NAN, "2"):
        refused(lambda wrong=wrong: gs.plot.plot_sheet([made("polytope")], columns=wrong), "columns")


@pytest.mark.parametrize(("name", "kind"), [
    ("plot_angles", "model"), ("plot_block_table", "table"), ("plot_comparison", "comparison"),
    ("plot_comparisons", "comparisons"),
    ("plot_configuration", "configuration"), ("plot_geometry", "geometry"), ("plot_gram", "model"),
    ("plot_graph", "geometry"), ("plot_interference", "model"), ("plot_phases", "diagram"),
    ("plot_plateaus", "plateaus"), ("plot_polytope", "polytope"),
])  # fmt: skip
def test_wrong_axes_are_named(name, kind):
    several = name in ("plot_block_table", "plot_comparison", "plot_phases", "plot_plateaus")
    argument = "axes" if several else "ax"
    for wrong in AXES:
        refused(lambda wrong=wrong: getattr(gs.plot, name)(made(kind), **{argument: wrong}), argument)


@pytest.mark.parametrize("kind", [
    "comparison", "comparisons", "configuration", "diagram", "geometries", "geometry", "model", "optimum", "plateaus",
    "polytope", "run", "table",
])  # fmt: skip
def test_wrong_axes_of_results_are_named(kind):
    for wrong in AXES:
        refused(lambda wrong=wrong: made(kind).plot(wrong), "ax")


def test_switches_are_true_or_false():
    for wrong in (None, "no", 2, [True]):
        refused(lambda wrong=wrong: gs.plot.plot_geometry(made("geometry"), title=wrong), "title")
        refused(lambda wrong=wrong: gs.plot.plot_geometry(made("geometry"), labels=wrong), "labels")
        refused(lambda wrong=wrong: gs.plot.plot_polytope(made("polytope"), title=wrong), "title")
        refused(lambda wrong=wrong: gs.plot.plot_configuration(made("configuration"), title=wrong), "title")
