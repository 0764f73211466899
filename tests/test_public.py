"""The public surface: what it is, that it works, and what importing it costs."""

import ast
import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import geomsup as gs

# Removing or adding a public name is a decision: it shows here.
PUBLIC = [
    "Attack",
    "Block",
    "BlockTable",
    "Certificate",
    "CodeBound",
    "Comparison",
    "Comparisons",
    "Component",
    "Computation",
    "Configuration",
    "Crossing",
    "Description",
    "Discoveries",
    "Discovery",
    "Discrete",
    "ExpectedLoss",
    "Exponential",
    "Features",
    "Geometries",
    "Geometry",
    "HalfNormal",
    "Hessian",
    "Interference",
    "Joint",
    "Law",
    "LocalBases",
    "LogNormal",
    "Matching",
    "Mixture",
    "Motifs",
    "Normal",
    "OneHotLoss",
    "OneHotState",
    "OneHotTable",
    "Optimum",
    "Outline",
    "Page",
    "PaperPrediction",
    "PhaseDiagram",
    "PlateauBlock",
    "PlateauCrossing",
    "PlateauMixture",
    "Plateaus",
    "Polysemanticity",
    "Polytope",
    "Potential",
    "PowerLaw",
    "Probes",
    "Record",
    "Report",
    "SampledFeatures",
    "Subspaces",
    "SuperpositionTest",
    "Sweep",
    "Symmetry",
    "TabulatedBlock",
    "Theorem",
    "ToyModel",
    "TrainingRun",
    "Transition",
    "Uniform",
    "Verdict",
    "as_rows",
    "attack",
    "best_known",
    "block_table",
    "bound",
    "certify",
    "classify",
    "compare",
    "computation",
    "crossing",
    "dimensionality",
    "dimensions_per_feature",
    "expected_loss",
    "find_shapes",
    "frame_spectrum",
    "hessian",
    "interference",
    "leverage",
    "load",
    "local_bases",
    "match",
    "minimize_energy",
    "motifs",
    "one_hot_codes",
    "one_hot_features",
    "one_hot_loss",
    "one_hot_polygons",
    "one_hot_state",
    "one_hot_states",
    "optimum",
    "paper_prediction",
    "phase_diagram",
    "plateaus",
    "polysemanticity",
    "polytope",
    "polytopes",
    "probes",
    "report",
    "reproduce",
    "subspaces",
    "superposition_test",
    "sweep",
    "symmetry",
    "thomson",
    "train",
    "verify",
    "zipf",
]
SUBMODULES = ["plot", "symbolic"]  # public as modules: gs.symbolic.loss
FUNCTIONS = [name for name in PUBLIC if name.islower()]
MODULES = sorted(info.name for info in pkgutil.walk_packages(gs.__path__, "geomsup."))
HEAVY = {"numba", "sympy", "matplotlib", "networkx", "scipy", "rich", "cyclopts", "plotly", "jinja2"}


def run(code):
    """Run code in a fresh interpreter where warnings are errors; return what it prints as JSON."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_public_names_are_those_listed():
    assert gs.__all__ == sorted(PUBLIC + SUBMODULES)
    assert sorted(gs._HOMES) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_resolves_to_its_home_and_is_documented(name):
    value = getattr(gs, name)
    home = importlib.import_module(f"geomsup.{gs._HOMES[name]}")
    assert getattr(home, name) is value
    assert name in home.__all__
    assert value.__name__ == name
    assert inspect.getdoc(value)
    for member in (m for m in vars(value) if not m.startswith("_")) if inspect.isclass(value) else ():
        described = getattr(value, member)
        if callable(described) or isinstance(described, property):
            assert inspect.getdoc(described), f"{name}.{member} has no docstring"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_has_an_example_and_says_what_it_returns(name):
    function = getattr(gs, name)
    assert callable(function)
    assert ">>>" in function.__doc__
    assert "Examples\n" in function.__doc__
    assert inspect.signature(function).return_annotation is not inspect.Signature.empty


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_no_docstring_holds_what_sphinx_takes_for_a_substitution(name):
    """|word| outside code is one, and ends the build of the docs."""
    value = getattr(gs, name)
    texts = [inspect.getdoc(value) or ""]
    if inspect.isclass(value):
        texts += [inspect.getdoc(member) or "" for key, member in vars(value).items() if not key.startswith("_")]
    for text in texts:
        prose = "\n".join(line for line in text.splitlines() if ">>>" not in line)
        assert not re.search(r"\|\w[^|\n`]*\w\|", re.sub(r"``.*?``|`.*?`|:math:`.*?`", "", prose)), name


def test_dir_lists_the_public_names():
    assert dir(gs) == sorted([*PUBLIC, *SUBMODULES, "__version__"])


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"^module 'geomsup' has no attribute 'clasify'$"):
        gs.clasify  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'clasify'"):
        from geomsup import clasify  # noqa: F401


def test_type_checkers_see_the_same_names():
    """The imports under TYPE_CHECKING are for tools that do not run __getattr__."""
    tree = ast.parse(Path(gs.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.asname: node.module for node in block.body for alias in node.names}
    homes = {name: f"geomsup.{home}" for name, home in gs._HOMES.items()}
    assert seen == homes | dict.fromkeys(SUBMODULES, "geomsup")


@pytest.mark.slow
def test_importing_every_module_hides_no_function():
    code = (
        "import importlib, json, pkgutil, geomsup as gs\n"
        "for info in pkgutil.walk_packages(gs.__path__, 'geomsup.'): importlib.import_module(info.name)\n"
        "print(json.dumps({name: callable(getattr(gs, name)) for name in gs._HOMES}))"
    )
    assert run(code) == dict.fromkeys(PUBLIC, True)


def test_public_submodules_are_modules():
    assert gs.symbolic.__name__ == "geomsup.symbolic"


def test_no_room_has_the_name_of_a_public_name():
    rooms = {module.split(".")[1] for module in MODULES}
    assert not rooms & set(PUBLIC)


def test_importing_geomsup_loads_nothing_heavy():
    loaded = run("import json, sys, geomsup; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))")
    assert not HEAVY & set(loaded)


def test_features_and_models_load_nothing_heavy_either():
    loaded = run(
        "import json, sys, geomsup as gs;"
        "gs.Features(2).sample(3); gs.ToyModel([[1]])([1]); gs.as_rows([[1], [2]]);"
        "print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    )
    assert not HEAVY & set(loaded)


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_holds_and_holds_what_it_says(name):
    """`__all__` names things that exist, and all that the module defines without an underscore."""
    if name == "geomsup.__main__":
        return
    module = importlib.import_module(name)
    assert inspect.getdoc(module)
    assert all(hasattr(module, entry) for entry in module.__all__)
    assert len(set(module.__all__)) == len(module.__all__)
    own = [
        entry
        for entry, value in vars(module).items()
        if not entry.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == name
    ]
    assert set(own) <= set(module.__all__)


def test_type_information_is_shipped():
    assert (Path(gs.__file__).parent / "py.typed").is_file()
