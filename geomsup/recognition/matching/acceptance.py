"""How far rows may be from a template and still count as its copy."""

import numpy as np

from geomsup.shapes import Polytope

__all__ = [
    "ACCEPTANCE",
    "LONGEST_CHORD",
    "RIGID_RATIO",
    "acceptance",
    "freedom",
    "noise_estimate",
    "noise_explains",
    "reach",
]

# A shape is accepted when the rms distance to its vertices is at most this fraction of its shortest chord
# (docs/theory_notes.md, "Acceptance").
ACCEPTANCE = 0.25

# Longer chords count as this, the chord of a right angle. A digon's chord is 2, and with a quarter of that two rows of
# a triangle, 0.5 from the nearest digon, would pass for a noisy digon.
LONGEST_CHORD = 2**0.5

# A shape accepted with more than this fraction of the acceptance bound is called "distorted".
RIGID_RATIO = 0.5

# With `noise` given, a shape is refused when data of that noise would fit worse with this probability.
FALSE_REFUSAL = 1e-6


def acceptance(shape: Polytope) -> float:
    """Largest rms distance of rows and vertices at which `shape` is accepted.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> acceptance(polytope("icosahedron"))
    0.2629
    """
    return ACCEPTANCE * min(shape.shortest_chord, LONGEST_CHORD)


def reach(template: np.ndarray) -> float:
    """Largest rms distance of rows at which vertices ``(n, r)`` on the unit sphere are accepted.

    Examples
    --------
    >>> reach(np.array([[1.0, 0.0], [0.6, 0.8]]))
    0.2236
    """
    gram = template @ template.T
    np.fill_diagonal(gram, -1.0)
    return ACCEPTANCE * min(float(np.sqrt(max(2 - 2 * gram.max(), 0.0))), LONGEST_CHORD)


def noise_explains(k: int, m: int, r: int, chord: float, noise: float, parameters: int = 0) -> bool:
    """Chi-square test of the distance of k rows in m dimensions from a shape of dimension r.

    `parameters` of the shape have been fitted.

    Examples
    --------
    >>> noise_explains(5, 2, 2, 0.1, 0.1), noise_explains(5, 2, 2, 0.1, 0.01)
    (True, False)
    """
    from scipy.special import chdtri

    left = freedom(k, m, r) - parameters
    return bool(left <= 0 or k * chord**2 <= noise**2 * chdtri(left, FALSE_REFUSAL))


def noise_estimate(k: int, m: int, r: int, chord: float, parameters: int = 0) -> float | None:
    """Noise per coordinate that explains the distance of k rows from a shape; None where there is no freedom left.

    Examples
    --------
    >>> noise_estimate(5, 2, 2, 0.1)
    0.1118
    """
    left = freedom(k, m, r) - parameters
    return float(np.sqrt(k * chord**2 / left)) if left > 0 else None


def freedom(k: int, m: int, r: int) -> int:
    """Degrees of freedom of the residual: k(m−1) coordinates of unit rows, less the rotations fitted.

    Examples
    --------
    >>> freedom(5, 2, 2)
    4
    """
    return k * (m - 1) - (r * (r - 1) // 2 + r * (m - r))
