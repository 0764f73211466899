"""A sample of the hostile calls of `benchmarks.hostile_calls`, which keeps that program alive."""

import pytest

import geomsup as gs
from benchmarks.hostile_calls import Call, call_of, fault_of
from benchmarks.hostile_targets import COVERED, TARGETS, VALUES

# Those whose every call is a matter of milliseconds.
QUICK = {
    name: TARGETS[name]
    for name in (
        "Uniform", "Uniform.sample", "Discrete", "Features", "Features.sample", "Features.from_dict", "ToyModel",
        "ToyModel.__call__", "as_rows", "dimensionality", "leverage", "frame_spectrum", "dimensions_per_feature",
        "expected_loss", "expected_loss of W",
        "expected_loss of samples", "SampledFeatures", "SampledFeatures.sample",
        "symmetry", "polytope", "paper_prediction", "one_hot_loss",
        "one_hot_features", "one_hot_state", "best_known", "Potential", "Potential.energy",
        "Potential of what it returns", "Verdict", "symbolic.digon", "symbolic.simplex",
    )
}  # fmt: skip


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEOMSUP_CACHE", str(tmp_path))


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_hostile_calls_end_well(first):
    calls = [call_of(14, number, QUICK) for number in range(first, first + 50)]
    assert {str(call): fault for call in calls if (fault := fault_of(call))} == {}


@pytest.mark.parametrize("name", QUICK)
def test_valid_calls_are_valid(name):
    assert fault_of(Call(name, ())) is None


def test_every_public_name_is_called():
    assert set(gs.__all__) <= COVERED
    assert {f"symbolic.{name}" for name in gs.symbolic.__all__} <= COVERED


def test_a_call_is_the_same_for_the_same_seed_and_number():
    assert [call_of(1, number) for number in range(100)] == [call_of(1, number) for number in range(100)]
    assert {value for call in map(call_of, [0] * 3000, range(3000)) for _, value in call.replaced} >= set(VALUES)


def test_faults_are_seen(monkeypatch):
    from benchmarks import hostile_targets

    def refused(message, error=ValueError):
        def function(x):
            raise error(message)

        return function

    endings = {
        "good": (refused("`x` must be 1; got 2. Pass 1."), None),
        "foreign": (refused("low >= high"), "words: ValueError: low >= high"),
        "key": (refused("a", KeyError), "KeyError: 'a'"),
        "lines": (refused("`x` must be\n1"), "lines: "),
        "nan": (lambda x: float("nan"), "result: not finite"),
        "warns": (lambda x: str(gs.as_rows([[1.0], [2.0]]) / 0), "warning: divide by zero"),
    }
    for name, (function, fault) in endings.items():
        monkeypatch.setitem(hostile_targets.TARGETS, name, hostile_targets.Target(function, {"x": lambda: 1}))
        found = fault_of(Call(name, ()))
        assert found is None if fault is None else found is not None and found.startswith(fault)
