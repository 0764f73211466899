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


def tegum(kinds, m, noise, rng):
    """Copies of shapes in random subspaces of R^m, rows shuffled; returns W and the component of each row."""
    parts = [kind @ np.linalg.qr(rng.normal(size=(m, kind.shape[1])))[0].T for kind in kinds]
    W = np.vstack(parts) + noise * rng.normal(size=(sum(map(len, parts)), m))
    order = rng.permutation(len(W))
    return W[order], np.repeat(np.arange(len(kinds)), list(map(len, kinds)))[order]


def paley_frame(q):
    """Equiangular tight frame of q + 1 unit vectors in (q + 1)/2 dimensions, q ≡ 1 mod 4 a prime.

    Paley's conference matrix C has C² = qI and entries ±1 off the diagonal, so that (I + C/√q)/2 is a projector
    whose rows have equal norms and inner products ±1/(2√q) (Strohmer and Heath 2003).
    """
    squares = {i * i % q for i in range(1, q)}
    C = np.ones((q + 1, q + 1))
    C[1:, 1:] = [[1 if (i - j) % q in squares else -1 for j in range(q)] for i in range(q)]
    np.fill_diagonal(C, 0)
    values, axes = np.linalg.eigh(C)
    return unit(axes[:, values > 0])


def cell24():
    """Vertices of the 24-cell: permutations of (±1, ±1, 0, 0); cosines 0 for 6 of the 23 others."""
    pairs = [(i, j, a, b) for i in range(4) for j in range(i) for a, b in SIGNS]
    rows = [[a if k == i else b if k == j else 0 for k in range(4)] for i, j, a, b in pairs]
    return unit(rows)
