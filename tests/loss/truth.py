"""Exact-rational truths (tests/data/exact_losses.json, made by make_exact_losses.py) and random models."""

import json
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from geomsup import Features, ToyModel, Uniform

CASES = json.loads((Path(__file__).parents[1] / "data" / "exact_losses.json").read_text())["cases"]


def problem(case):
    """Return the (model, features) of a stored case."""
    law = Uniform(case["low"], case["high"])
    features = Features(len(case["b"]), case["probability"], case["importance"], law)
    return ToyModel(case["W"], case["b"]), features


@st.composite
def problems(draw, max_features=6):
    """Draw models of every temper: sparse and dense, tiny and large couplings, dead rows, big biases."""
    n = draw(st.integers(1, max_features))
    m = draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    W = rng.normal(size=(n, m)) / np.sqrt(m)
    W *= 10.0 ** draw(st.lists(st.sampled_from([0, 0, 0, -3, -9, 1]), min_size=n, max_size=n).map(np.array))[:, None]
    if draw(st.booleans()):
        W[rng.random(n) < 0.3] = 0
    if draw(st.booleans()):
        W = np.round(W, 1)  # exact zeros and ties among couplings
    b = rng.normal(size=n) * draw(st.sampled_from([0.0, 0.1, 0.3, 3.0]))
    p = draw(st.sampled_from([1e-9, 1e-3, 0.05, 0.3, 1.0, "mixed"]))
    p = rng.choice([0.0, 0.02, 0.4, 1.0], size=n) if p == "mixed" else p
    law = draw(st.sampled_from([Uniform(0, 1), Uniform(0.5, 1), Uniform(-1, 1), Uniform(-1, -0.25)]))
    return ToyModel(W, b), Features(n, p, rng.random(n) * 2, law)
