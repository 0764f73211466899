"""What words mean, at their edges; and that no experiment has a meaning of its own."""

import ast
from pathlib import Path

import numpy as np
import pytest

from geomsup.experiments import definitions, experiments
from geomsup.experiments.criterion import rule, thresholds
from geomsup.experiments.threshold import Threshold

ROOM = Path(definitions.__file__).parent


def test_shared_features_are_stored_ones():
    W = np.array([[1.0, 0.0], [0.0, 1.0], [0.3, -0.1]])  # the last is too short to count, though it overlaps
    assert definitions.stored(W).tolist() == [True, True, False]
    assert definitions.shared(W).tolist() == [False, False, False]
    assert definitions.shared(np.array([[1.0, 0.0], [0.5, 0.8]])).tolist() == [True, True]


def test_neurons_in_use_and_those_of_one_feature():
    W = np.array([[1.0, 0.2, 0.7, 1e-6], [0.0, 1.0, 0.7, 0.0]])
    assert definitions.in_use(W, np.ones((2, 4))).tolist() == [True, True, True, False]
    assert definitions.monosemantic(W).tolist() == [True, True, False, False]


@pytest.mark.parametrize("file", sorted(ROOM.glob("*/*.py")), ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_no_experiment_defines_these_words_anew(file):
    names = {node.id for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Name) and _is_set(node)}
    assert not names & {"STORED", "SHARED", "GONE", "MONOSEMANTIC", "IN_USE"}


def _is_set(node):
    return isinstance(node.ctx, ast.Store)


@pytest.mark.parametrize("entry", experiments(), ids=lambda entry: entry.id)
def test_every_verdict_has_a_rule_and_thresholds_with_reasons(entry):
    assert rule(entry).startswith("Holds if")
    assert all(len(value.reason) > 20 for value in thresholds(entry).values())


def test_a_threshold_is_a_number_with_a_reason():
    half = Threshold(0.5, "part from which it is most")
    assert half == 0.5
    assert f"{half:g}" == "0.5"
    assert half.reason == "part from which it is most"
