"""Johnson's solids J1 to J48: one or two caps on a polygon, a prism or an antiprism."""

from math import cos, pi, sqrt

import numpy as np

from geomsup.shapes.johnson.crowns import base_of, circle, crown, side_radius

__all__ = ["STACKS", "stack"]

_TEXT = """
1 Y4; 2 Y5; 3 Q3; 4 Q4; 5 Q5; 6 R5; 7 Y3 P; 8 Y4 P; 9 Y5 P; 10 Y4 S; 11 Y5 S; 12 Y3 Y3; 13 Y5 Y5; 14 Y3 P Y3;
15 Y4 P Y4; 16 Y5 P Y5; 17 Y4 S Y4; 18 Q3 P; 19 Q4 P; 20 Q5 P; 21 R5 P; 22 Q3 S; 23 Q4 S; 24 Q5 S; 25 R5 S;
26 Q2 gyro Q2; 28 Q4 Q4; 29 Q4 gyro Q4; 30 Q5 Q5; 31 Q5 gyro Q5; 32 Q5 R5; 33 Q5 gyro R5; 35 Q3 P Q3; 36 Q3 P gyro Q3;
38 Q5 P Q5; 39 Q5 P gyro Q5; 40 Q5 P R5; 41 Q5 P gyro R5; 42 R5 P R5; 43 R5 P gyro R5; 44 Q3 S Q3; 45 Q4 S Q4;
46 Q5 S Q5; 47 Q5 S R5; 48 R5 S R5
"""

# Johnson's number -> the stack: caps Y, Q, R, with P for a prism and S for an antiprism between them. After "gyro" the
# lower cap is turned by one edge. J27, J34 and J37 are in inscribed.py.
STACKS: dict[int, str] = {
    int(number): recipe
    for number, recipe in (entry.strip().split(" ", 1) for entry in " ".join(_TEXT.split()).split(";"))
}


def stack(recipe: str) -> np.ndarray:
    """Vertices of a stack with edges of length 1, from its recipe.

    Examples
    --------
    >>> len(stack("Y4 S Y4")), len(stack("Q5 P gyro R5"))
    (10, 35)
    """
    words = recipe.split()
    caps = [word for word in words if word[0] in "YQR"]
    k = base_of(caps[0])
    depth = 1.0 if "P" in words else _antiprism_height(k) if "S" in words else 0.0
    turn = pi / k if "S" in words else 0.0
    parts = [crown(caps[0]), circle(k, side_radius(k), 0.0)]
    if depth:
        parts.append(circle(k, side_radius(k), -depth, turn))
    if len(caps) == 2:
        parts.append(_below(crown(caps[1]), depth, turn + (2 * pi / k if "gyro" in words else 0.0)))
    return np.concatenate(parts)


def _below(points: np.ndarray, depth: float, turn: float) -> np.ndarray:
    """Mirror image of a cap, that much deeper, turned about the z axis."""
    x, y, z = points.T
    return np.stack([cos(turn) * x - np.sin(turn) * y, np.sin(turn) * x + cos(turn) * y, -depth - z], axis=1)


def _antiprism_height(k: int) -> float:
    return sqrt(1 - 1 / (4 * cos(pi / (2 * k)) ** 2))
