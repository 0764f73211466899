"""A fingerprint changes with what is computed, and with nothing else."""

import sys
from itertools import count
from types import ModuleType

import pytest

from geomsup.experiments import Experiment, experiment
from geomsup.experiments.fingerprint import fingerprints
from geomsup.experiments.reach import reached

NUMBERS = count()  # a name of its own for every module: texts are read once a name

PLAIN = """
from math import sqrt
from geomsup.experiments.threshold import Threshold

LEVEL = 2.0

def helper(x):
    return LEVEL * sqrt(x)

def measure(lab, points):
    return {"y": helper(points)}

def draw(data):
    return data

def judge(data):
    return LIMIT < data["y"]

LIMIT = 3
"""


def make_module(folder, text, name=""):
    """Return a module of experiments with this text."""
    name = name or f"made_{next(NUMBERS)}"
    path = folder / f"{name}.py"
    path.write_text(text)
    module = sys.modules[f"geomsup.experiments.{name}"] = ModuleType(f"geomsup.experiments.{name}")
    module.__file__ = str(path)
    exec(compile(text, path, "exec"), vars(module))
    return module


def prints(folder, text):
    """Return the fingerprints of an experiment of this text."""
    module = make_module(folder, text)
    entry = Experiment(id="X1", title="t", claim="c", source="s", module=module)
    return fingerprints(entry, {"points": 3}, "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    return LEVEL", '    """Say what it does."""\n    return LEVEL'),
        ("LEVEL = 2.0", "LEVEL = 2.0  # said anew"),
        ("LIMIT = 3", 'LIMIT = Threshold(3, "since it is 3")'),
        ("from math import sqrt", "import numpy as np\nfrom math import sqrt"),
        ("LEVEL * sqrt(x)", "(\n        LEVEL\n        * sqrt(x)\n    )"),
        ("LIMIT = 3", "LIMIT = 3\nUNUSED = 4\n\n\ndef nobody():\n    return UNUSED"),
    ],
)
def test_words_imports_and_what_is_not_used_cost_nothing(tmp_path, old, new):
    assert prints(tmp_path, PLAIN) == prints(tmp_path, PLAIN.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "measured_anew"),
    [
        ("LEVEL = 2.0", "LEVEL = 2.5", True),
        ("sqrt(x)", "sqrt(x + 1)", True),
        ("LIMIT = 3", "LIMIT = 4", False),
        ('LIMIT < data["y"]', 'LIMIT <= data["y"]', False),
    ],
)
def test_code_costs_what_it_changes(tmp_path, old, new, measured_anew):
    before, after = prints(tmp_path, PLAIN), prints(tmp_path, PLAIN.replace(old, new))
    assert (before[0] != after[0]) is measured_anew
    assert before[1] != after[1]


def test_moving_a_definition_to_another_file_costs_nothing(tmp_path):
    moved = "LEVEL = 2.0\n\ndef helper(x):\n    return LEVEL * sqrt(x)\n"
    make_module(tmp_path, "from math import sqrt\n" + moved, "elsewhere")
    rest = "from geomsup.experiments.elsewhere import helper\n" + PLAIN[PLAIN.index("def measure") :]
    assert prints(tmp_path, PLAIN) == prints(tmp_path, rest)


def test_what_experiments_of_other_groups_lend_is_seen():
    """Also what their own helpers take from elsewhere."""
    seen = {module.removeprefix("geomsup.experiments.") for module, _ in reached(experiment("E24").measure)}
    assert seen == {"privileged.neuron_regimes", "privileged.neurons", "definitions"}
