"""The represented rows of W as unit vectors, in double precision a few at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["BLOCK", "NOISE_FLOOR", "UnitRows", "row_norms", "shares", "strong_rows", "thresholds"]

# Without a gap, rows shorter than this fraction of the longest are not represented. Training drives the norm of a
# feature that is given up to 0.
WEAK = 0.1

# A gap: one row is this many times as long as the next. Kept features of unequal importance stay within a factor of
# about 3 of each other; features that are not stored keep a tenth or two of the norm of the others.
GAP = 3.0

# A singular value, or the sine of an angle between subspaces, below this fraction of the largest is noise: noise
# of 3 % of the shortest chord gives at most 0.1 for the shapes in the catalogue.
NOISE_FLOOR = 0.2

# Rows in double precision at a time.
BLOCK = 4096


@dataclass(frozen=True, eq=False)
class UnitRows:
    """Represented rows of W, scaled to unit length.

    Attributes
    ----------
    W
        The weights.
    strong
        Indices of the represented rows.
    scale
        Largest entry of W: rows 1e-200 long neither vanish nor overflow.
    relative
        Their lengths, in units of `scale`.
    origin
        Indices in the whole W of the rows of which these are both signs; else None.
    """

    W: np.ndarray
    strong: np.ndarray
    scale: float
    relative: np.ndarray
    origin: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.strong)

    @property
    def norms(self) -> np.ndarray:
        """Lengths of the represented rows, in the units of W."""
        return self.relative * self.scale

    @property
    def n_dimensions(self) -> int:
        """Number of hidden dimensions m."""
        return self.W.shape[1]

    def take(self, members: np.ndarray) -> np.ndarray:
        """Unit rows `members`, ``(..., m)``, in double precision."""
        return self.W[self.strong[members]] / self.scale / self.relative[members][..., None]

    def both_signs(self) -> "UnitRows":
        """Return these rows and, after them, their opposites."""
        return UnitRows(
            np.concatenate([self.W[self.strong], -self.W[self.strong]]),
            np.arange(2 * len(self)), self.scale, np.tile(self.relative, 2), self.strong,
        )  # fmt: skip

    def first_half(self) -> "UnitRows":
        """Return the rows of which `both_signs` has both signs, with their indices in W."""
        half = len(self) // 2
        assert self.origin is not None
        W = np.zeros((int(self.origin.max(initial=-1)) + 1, self.n_dimensions))
        W[self.origin] = self.W[:half]
        return UnitRows(W, self.origin, self.scale, self.relative[:half])

    def blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """All unit rows in double precision, block by block."""
        for first in range(0, len(self), BLOCK):
            members = np.arange(first, min(first + BLOCK, len(self)))
            yield slice(first, first + len(members)), self.take(members)

    @cached_property
    def single(self) -> np.ndarray:
        """All unit rows in single precision."""
        rows = np.empty((len(self), self.n_dimensions), np.float32)
        for place, block in self.blocks():
            rows[place] = block
        return rows


def row_norms(W: np.ndarray) -> tuple[np.ndarray, float]:
    """Lengths of the rows in units of the largest entry of W, and that entry.

    Examples
    --------
    >>> row_norms(np.array([[2.0, 0.0], [0.0, -4.0]]))
    (array([0.5, 1. ]), 4.0)
    """
    largest = np.maximum(W.max(axis=1), -W.min(axis=1))
    scale = float(largest.max()) if largest.max() > 0 else 1.0
    norms = np.empty(len(W))
    for first in range(0, len(W), BLOCK):
        norms[first : first + BLOCK] = np.linalg.norm(W[first : first + BLOCK] / scale, axis=1)
    return norms, scale


def thresholds(norms: np.ndarray, n_dimensions: int) -> list[float]:
    """Return the fractions of the longest row below which rows may not be represented, the likeliest first.

    Rows are cut at the widest gap between their lengths, if there is one. If fewer rows are longer than half of the
    dimensions, they may be a few odd ones among many: then a tenth of the median is the second choice.

    Examples
    --------
    >>> thresholds(np.array([1.0, 0.9, 0.8, 0.1]), 2)  # the middle of the gap
    [0.2828]
    >>> thresholds(np.array([1.0, 0.9, 0.5, 0.2]), 2)
    [0.1]
    """
    longest = norms.max(initial=0.0)
    if longest == 0:
        return [WEAK]
    ordered = np.sort(norms)[::-1] / longest
    shorter = np.append(ordered[1:], 0.0)
    ratios = np.where(shorter > 0, ordered / np.maximum(shorter, WEAK / GAP), 0.0)
    ratios[ordered < WEAK] = 0.0
    widest = int(np.argmax(ratios))
    cut = WEAK
    if ratios[widest] >= GAP:
        cut = float(np.sqrt(ordered[widest] * max(shorter[widest], WEAK / GAP)))
    few = (ordered >= cut).sum() < min(n_dimensions, len(norms)) / 2
    return [cut, WEAK * float(np.median(ordered))] if few else [cut]


def strong_rows(W: np.ndarray, weakest: float = WEAK) -> UnitRows:
    """Rows of W that are at least `weakest` times as long as the longest: those that are represented.

    Examples
    --------
    >>> strong_rows(np.array([[2.0, 0.0], [0.0, 1e-3]])).strong
    array([0])
    """
    norms, scale = row_norms(W)
    strong = np.flatnonzero((norms > 0) & (norms >= weakest * norms.max()))
    return UnitRows(W, strong, scale, norms[strong])


def shares(W: np.ndarray) -> np.ndarray:
    """Fractional dimensionalities D_i = ‖W_i‖⁴/(W_i F W_iᵀ) without the Gram matrix of all rows.

    Costs n m² operations for n >= m, else n² m; see `geomsup.dimensionality`.

    Examples
    --------
    >>> shares(np.array([[3.0], [-3.0], [0.0]]))
    array([0.5, 0.5, 0. ])
    """
    n, m = W.shape
    scale = max(float(W.max()), -float(W.min())) or 1.0
    F = np.zeros((m, m))
    if n >= m:
        for first in range(0, n, BLOCK):
            block = W[first : first + BLOCK] / scale
            F += block.T @ block
    D = np.zeros(n)
    for first in range(0, n, BLOCK):
        block = W[first : first + BLOCK] / scale
        squares = (block**2).sum(axis=1)
        loads = ((block @ F) * block).sum(axis=1) if n >= m else ((block @ (W / scale).T) ** 2).sum(axis=1)
        safe = np.where(loads > 0, loads, 1.0)
        D[first : first + BLOCK] = np.where(loads > 0, np.minimum(1.0, squares**2 / safe), 0.0)
    return D
