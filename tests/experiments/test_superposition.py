"""The judge of E3 and E4 on models put together by hand."""

import numpy as np
import pytest

from geomsup.experiments.superposition import dense_to_sparse


def models(last, b):
    """Four features in two dimensions: the first two alone, then as two digons, then as `last` says."""
    eye = np.eye(2)
    dense = np.vstack([eye, 0 * eye])
    pairs = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0], [0.0, 0.0]])
    W = np.stack([dense, *[pairs] * 5, last])
    return {"linear": np.stack([dense] * 2), "W": W, "b": np.tile(b, (7, 1))}


def test_positive_interference_is_part_of_the_claim():
    turns = np.pi / 180 * np.array([0, 80, 180, 260])
    leaning = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    held = dense_to_sparse.judge(models(leaning, np.full(4, -0.1)))
    assert held.status == "holds"
    assert held.numbers["share with positive interference of those stored, sparsest"] == pytest.approx(1)
    square = np.vstack([np.eye(2), -np.eye(2)])
    assert dense_to_sparse.judge(models(square, np.full(4, -0.1))).status == "holds with other numbers"
