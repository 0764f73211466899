"""What an output loses at least on boxes of its norm² q, its bias b, and its product a with one other row.

With v = q x + b or q x + a y + b, the loss is made of E v₊² and -2 E x v₊. Both means are convex functions of q, b and
a. So the first is at least its tangent, and the second is least in a corner of the box.
"""

from typing import NamedTuple

import numpy as np

from geomsup.optima.proved.shares import Shares

__all__ = ["Boxes", "Case", "lower", "value"]

# Beyond, sums of powers lose digits; what is at least 1 or 0 for most inputs is seen without them.
FARTHEST, LEAST_Q, LEAST_A = 16.0, 0.01, 0.005
CORNERS = [(i, j, k) for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)]


class Boxes(NamedTuple):
    """Centres and half widths of boxes of q, b and a. No box has numbers of both signs inside."""

    q: np.ndarray
    b: np.ndarray
    a: np.ndarray
    dq: np.ndarray
    db: np.ndarray
    da: np.ndarray

    def some(self, which: np.ndarray) -> "Boxes":
        """Return some of the boxes."""
        return Boxes(*(part[which] for part in self))

    def halved(self) -> "Boxes":
        """Return the eight parts of every box."""
        dq, db, da = self.dq / 2, self.db / 2, self.da / 2
        parts = [(self.q + i * dq, self.b + j * db, self.a + k * da) for i, j, k in CORNERS]
        q, b, a = (np.concatenate(one) for one in zip(*parts, strict=True))
        return Boxes(q, b, a, np.tile(dq, 8), np.tile(db, 8), np.tile(da, 8))


class Case(NamedTuple):
    """The probability p, the weights of D and of I, and φ."""

    p: float
    alone: float
    heard: float
    shares: Shares


def value(case: Case, q: np.ndarray, b: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Return the weighted sum of D and I at points."""
    point = Boxes(*np.broadcast_arrays(q, b, a, 0.0, 0.0, 0.0))
    return _by_corners(case, point)


def lower(case: Case, boxes: Boxes) -> np.ndarray:
    """Return a number below the weighted sum of D and I on every box."""
    found = _by_sizes(case, boxes)
    reach = boxes.q + boxes.dq + np.abs(boxes.a) + boxes.da + np.abs(boxes.b) + boxes.db
    low_q, low_a = boxes.q - boxes.dq, np.abs(boxes.a) - boxes.da
    near = (reach <= FARTHEST) & ((low_q <= 0) | (low_q >= LEAST_Q)) & ((low_a <= 0) | (low_a >= LEAST_A))
    found[near] = np.maximum(found[near], _by_corners(case, boxes.some(near)))
    return found


def _by_sizes(case: Case, boxes: Boxes) -> np.ndarray:
    """Bounds from the size of an output: it is steep, or 0, or 1 + q x or more, which is 1 - x or more above x."""
    p = case.p
    low, high = np.maximum(boxes.q - boxes.dq, 0), boxes.q + boxes.dq
    low_b, high_b = boxes.b - boxes.db, boxes.b + boxes.db
    steep = np.maximum((low - 1) / (low + 1), 0) ** 2 / 3  # E (x - (q x + c)₊)² >= ((q - 1)/(q + 1))²/3, whatever c is
    useless = ((high_b <= -high) | (low_b >= 1)) / 3
    by_itself = (1 - p) * np.maximum(low_b, 0) ** 2 + p * np.maximum(steep, useless)
    useless = (1 - _useful(boxes, high, low_b, high_b)) / 3
    silent = _square(boxes.a - boxes.da, low_b)
    return case.alone * by_itself + case.heard * (
        (1 - p) * silent + p * np.maximum(steep, useless) - _largest_share(case.shares, boxes)
    )


def _useful(boxes: Boxes, high: np.ndarray, low_b: np.ndarray, high_b: np.ndarray) -> np.ndarray:
    """Return for how many values of y, at most, a y + b is between -q and 1."""
    nearest, farthest = np.abs(boxes.a) - boxes.da, np.abs(boxes.a) + boxes.da
    begin = np.where(boxes.a > 0, -high - high_b, low_b - 1) / farthest
    room = np.where(boxes.a > 0, 1 - low_b, high + high_b)
    end = np.where(nearest > 0, room / np.where(nearest > 0, nearest, 1.0), np.where(room > 0, 1.0, 0.0))
    return np.clip(np.clip(end, 0, 1) - np.clip(begin, 0, 1), 0, 1)


def _largest_share(shares: Shares, boxes: Boxes) -> np.ndarray:
    with np.errstate(divide="ignore"):
        x = (np.abs(boxes.a) + boxes.da) / np.maximum(boxes.q - boxes.dq, 0)
    return _given(shares, x, boxes.a > 0)


def _given(shares: Shares, x: np.ndarray, positive: np.ndarray) -> np.ndarray:
    return np.where(positive, shares.given(x, 1), shares.given(x, -1))


def _by_corners(case: Case, boxes: Boxes) -> np.ndarray:
    """Tangents of what is convex, and the least corner of the rest, with what φ may bend between corners."""
    p, (q, b, a, dq, db, da) = case.p, boxes
    base = p / 3 * (case.alone + case.heard)
    own = p * case.alone * _square(q, b) + (1 - p) * case.alone * np.maximum(b, 0) ** 2
    both = p * case.heard * _square_of_two(q, b, a) + (1 - p) * case.heard * _square(a, b)
    along_b = 2 * case.alone * (p * _mean(q, b) + (1 - p) * np.maximum(b, 0))
    along_b += 2 * case.heard * (p * _mean_of_two(q, b, a) + (1 - p) * _mean(a, b))
    along_q = 2 * p * (case.alone * _first(q, b) + case.heard * _first_of_two(q, b, a))
    along_a = 2 * case.heard * (p * _first_of_two(a, b, q) + (1 - p) * _first(a, b))
    interpolated = np.full(q.shape, np.inf)
    constant = np.full(q.shape, np.inf)
    for i, j, k in CORNERS:
        at_q, at_b, at_a = np.maximum(q + i * dq, 0), b + j * db, a + k * da
        linear = i * dq * along_q + j * db * along_b + k * da * along_a
        concave = case.alone * _first(at_q, at_b) + case.heard * _first_of_two(at_q, at_b, at_a)
        corner = linear - 2 * p * concave
        constant = np.minimum(constant, corner)
        with np.errstate(divide="ignore", invalid="ignore"):
            x = np.where(at_a == 0, 0.0, np.abs(at_a) / at_q)
        interpolated = np.minimum(interpolated, corner - case.heard * _given(case.shares, x, a > 0))
    interpolated -= case.heard * _bend(case.shares, boxes)
    constant -= case.heard * _largest_share(case.shares, boxes)
    return base + own + both + np.maximum(interpolated, constant)


def _bend(shares: Shares, boxes: Boxes) -> np.ndarray:
    """Return by how much φ(a/q) can be above what its values in the corners give by interpolation."""
    low, high = boxes.q - boxes.dq, np.abs(boxes.a) + boxes.da
    with np.errstate(divide="ignore", invalid="ignore"):
        bent = (boxes.da**2 + boxes.dq**2) / (2 * low**2)
        bent *= np.where(boxes.a > 0, shares.concave(1), shares.concave(-1))
    kink = (shares.constant > 0) & (high > low)
    return np.where((low > 0) & ~kink, bent, np.inf)


def _safe(slope: np.ndarray) -> np.ndarray:
    return np.where(slope == 0, 1.0, slope)


def _power(v: np.ndarray, order: int) -> np.ndarray:
    return np.maximum(v, 0) ** order


def _mean(q: np.ndarray, b: np.ndarray) -> np.ndarray:
    """E (q x + b)₊ of x uniform on [0, 1]."""
    return np.where(q == 0, _power(b, 1), (_power(q + b, 2) - _power(b, 2)) / (2 * _safe(q)))


def _square(q: np.ndarray, b: np.ndarray) -> np.ndarray:
    """E (q x + b)₊²."""
    return np.where(q == 0, _power(b, 2), (_power(q + b, 3) - _power(b, 3)) / (3 * _safe(q)))


def _first(q: np.ndarray, b: np.ndarray) -> np.ndarray:
    """E x (q x + b)₊, by parts."""
    return np.where(q == 0, _power(b, 1) / 2, (_power(q + b, 2) - _square(q, b)) / (2 * _safe(q)))


def _by_vertices(q: np.ndarray, b: np.ndarray, a: np.ndarray, order: int) -> np.ndarray:
    return _power(q + a + b, order) - _power(q + b, order) - _power(a + b, order) + _power(b, order)


def _mean_of_two(q: np.ndarray, b: np.ndarray, a: np.ndarray) -> np.ndarray:
    """E (q x + a y + b)₊ of x and y uniform on [0, 1]."""
    found = _by_vertices(q, b, a, 3) / (6 * _safe(q) * _safe(a))
    return np.where(a == 0, _mean(q, b), np.where(q == 0, _mean(a, b), found))


def _square_of_two(q: np.ndarray, b: np.ndarray, a: np.ndarray) -> np.ndarray:
    """E (q x + a y + b)₊²."""
    found = _by_vertices(q, b, a, 4) / (12 * _safe(q) * _safe(a))
    return np.where(a == 0, _square(q, b), np.where(q == 0, _square(a, b), found))


def _first_of_two(q: np.ndarray, b: np.ndarray, a: np.ndarray) -> np.ndarray:
    """E x (q x + a y + b)₊, by parts."""
    found = (_square(a, q + b) - _square_of_two(q, b, a)) / (2 * _safe(q))
    return np.where(a == 0, _first(q, b), np.where(q == 0, _mean(a, b) / 2, found))
