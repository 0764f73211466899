"""Exact-rational truths (tests/data/*_losses.json, each of which names the script that made it) and random models."""

import json
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from geomsup import Discrete, Features, Joint, ToyModel, Uniform

DATA = Path(__file__).parents[1] / "data"
CASES = [
    case
    for name in ("exact_losses", "joint_losses")
    for case in json.loads((DATA / f"{name}.json").read_text())["cases"]
]
TARGET_CASES = json.loads((DATA / "target_losses.json").read_text())["cases"]


def problem(case):
    """Return the (model, features) of a stored case."""
    features = Features.from_dict(case | {"n": len(case["b"])})
    return ToyModel(case["W"], case["b"], case["activation"]), features


@st.composite
def problems(draw, max_features=6, discrete=True):
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
    p = rng.choice([0.0, 0.02, 0.4, 1.0], size=n) if p == "mixed" else np.full(n, p)
    laws = [Uniform(0, 1), Uniform(0.5, 1), Uniform(-1, 1), Uniform(-1, -0.25)]
    if discrete:
        laws += [Discrete((1,)), Discrete((1, 2, 3), (3, 2, 1)), Discrete((-1, 0.5))]
    law = draw(st.sampled_from(laws))
    if draw(st.booleans()):
        law = [laws[k] for k in rng.integers(0, len(laws), size=n)]
    together, apart, tables = _random_groups(n, rng) if draw(st.booleans()) else ((), (), ())
    for group in together:
        p[list(group)] = p[group[0]]
    for group in apart:
        p[list(group)] /= max(1.0, p[list(group)].sum())
    activation = draw(st.sampled_from(["relu", "relu", "abs", "leaky_relu"]))
    for table in tables:
        p[list(table.members)] = table.probability
    features = Features(n, p, rng.random(n) * 2, law, correlated=together, anticorrelated=apart, joint=tables)
    return ToyModel(W, b, activation), features


def _random_groups(n, rng):
    """Cut a shuffled list of features into groups: each is correlated, anticorrelated, joint or nothing of these."""
    order, groups = rng.permutation(n), ([], [], [], [])
    while len(order) >= 2:
        size = int(rng.integers(2, min(3, len(order)) + 1))
        groups[rng.integers(0, 4)].append(tuple(int(k) for k in order[:size]))
        order = order[size:]
    return tuple(groups[0]), tuple(groups[1]), tuple(_random_table(group, rng) for group in groups[2])


def _random_table(group, rng):
    """Give sets of a group random probabilities; some sets never come, and now and then all of them are certain."""
    sets = [tuple(i for k, i in enumerate(group) if code >> k & 1) for code in range(1, 2 ** len(group))]
    weights = rng.dirichlet(np.ones(len(sets))) * rng.choice([1e-6, 0.3, 1.0])
    return Joint(group, {present: p for present, p in zip(sets, weights, strict=True) if rng.random() < 0.7})
