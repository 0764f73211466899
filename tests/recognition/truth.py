"""Vertices of known shapes, written down here and not taken from the package under test."""

from itertools import product

import numpy as np

GOLDEN = (1 + 5**0.5) / 2


def unit(rows):
    rows = np.array(rows, dtype=float)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def ngon(k):
    angles = 2 * np.pi * np.arange(k) / k
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def simplex(d):
    """Corners of the standard simplex in R^{d+1}, centred, in a basis of their plane."""
    centred = np.eye(d + 1) - 1 / (d + 1)
    return unit(centred @ np.linalg.svd(centred)[2][:d].T)


def square_antiprism(cosine):
    steps = np.arange(8)
    radius = np.sqrt(1 - cosine**2)
    angles = np.pi * steps / 4
    return np.stack([radius * np.cos(angles), radius * np.sin(angles), cosine * (-1.0) ** steps], axis=1)


def shifts(row):
    return [np.roll(row, shift) for shift in range(3)]


SIGNS = list(product((1, -1), repeat=2))
DIGON = np.array([[1.0], [-1.0]])
DEDICATED = np.ones((1, 1))
TETRAHEDRON = unit([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
CUBE = unit(list(product((1, -1), repeat=3)))
ICOSAHEDRON = unit([row for a, b in SIGNS for row in shifts([0, a, b * GOLDEN])])
CUBOCTAHEDRON = unit([row for a, b in SIGNS for row in shifts([0, a, b])])
DODECAHEDRON = unit([*product((1, -1), repeat=3), *(r for a, b in SIGNS for r in shifts([0, a / GOLDEN, b * GOLDEN]))])


def shortest_chord(vertices):
    """Distance of the nearest two vertices; of a single direction, that to an orthogonal one."""
    if len(vertices) == 1:
        return 2**0.5
    distances = np.linalg.norm(vertices[:, None] - vertices[None], axis=-1)
    return distances[np.triu_indices(len(vertices), 1)].min()


def rotation(m, rng):
    """Uniform orthogonal matrix, reflections included."""
    q, r = np.linalg.qr(rng.normal(size=(m, m)))
    return q * np.sign(np.diag(r))
