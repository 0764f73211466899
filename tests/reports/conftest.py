"""Weights of which is known what they hold, planted by hand."""

import numpy as np
import pytest

TURNS = {k: 2 * np.pi * np.arange(k) / k for k in (3, 5)}


def polygon(k):
    return np.stack([np.cos(TURNS[k]), np.sin(TURNS[k])], axis=1)


TETRAHEDRON = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 3**0.5
DIGON = np.array([[1.0], [-1.0]])


def tegum(blocks, m, rng, noise=0.0):
    """Put blocks on orthogonal dimensions, turned at random."""
    n = sum(map(len, blocks))
    W, row, column = np.zeros((n, m)), 0, 0
    for block in blocks:
        k, r = block.shape
        W[row : row + k, column : column + r] = block
        row, column = row + k, column + r
    turn = np.linalg.qr(rng.normal(size=(m, m)))[0]
    return W @ turn + noise * rng.normal(size=W.shape)


@pytest.fixture
def mixed():
    """A tetrahedron (features 0 to 3), a pentagon (4 to 8), two digons (9, 10 and 11, 12), and an empty row 13."""
    blocks = [TETRAHEDRON, polygon(5), DIGON, DIGON, np.zeros((1, 1))]
    return tegum(blocks, 8, np.random.default_rng(1), noise=1e-6)


@pytest.fixture(scope="session")
def dictionary():
    """900 random rows in 100 dimensions; digons 10-11 and 20-21, and a triangle 30-31-32, are planted."""
    rng = np.random.default_rng(2)
    W = rng.normal(size=(900, 100)) / 10
    W[11], W[21] = -W[10], -W[20]
    W[30:33] = polygon(3) @ np.linalg.qr(rng.normal(size=(100, 2)))[0].T
    return W.astype(np.float32)
