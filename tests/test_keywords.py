"""Keywords that a function does not have: the error names the one that was meant."""

import inspect

import pytest

import geomsup as gs


@pytest.mark.parametrize(
    ("name", "keyword", "meant"),
    [
        ("train", "lr", "learning_rate"), ("train", "n_steps", "steps"), ("train", "rng", "seed"),
        ("train", "batch_size", "batch"), ("optimum", "seed", "rng"), ("compare", "seed", "rng"),
        ("phase_diagram", "seed", "rng"), ("minimize_energy", "seed", "rng"),
        ("plateaus", "probability", "probabilities"),
        ("Features", "sparsity", "probability"), ("Features", "p", "probability"), ("ToyModel", "bias", "b"),
        ("expected_loss", "tol", "rtol"), ("symmetry", "tol", "tolerance"), ("classify", "orientaton", "orientation"),
    ],
)  # fmt: skip
def test_a_near_name_is_named(name, keyword, meant):
    function = getattr(gs, name)
    with pytest.raises(TypeError, match=f"^`{name}` has no argument `{keyword}`; got {keyword}=1. .*`{meant}`"):
        function(**{keyword: 1})
    assert meant in inspect.signature(function).parameters


def test_what_is_like_nothing_gets_the_list():
    with pytest.raises(TypeError, match="It takes model, features, method, rtol,"):
        gs.expected_loss(None, None, zzz=1)
