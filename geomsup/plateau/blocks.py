"""Kinds of blocks that compete for dimensions: found by descents at one probability, followed to others."""

from dataclasses import dataclass, field
from math import floor
from typing import Any

import numpy as np

from geomsup.dimensions import dimensionality, dimensions_per_feature
from geomsup.features import Features
from geomsup.laws import Law
from geomsup.loss import expected_loss
from geomsup.model import ToyModel
from geomsup.optima.descent import FINE, Start, descend
from geomsup.optima.starts import BIAS, JIGGLE, NORM, random_start
from geomsup.optima.tabulated.starts import tabulated_starts
from geomsup.tables import Readable
from geomsup.threads import Progress, in_threads

__all__ = ["Key", "PlateauBlock", "competing", "dedicated_block", "fallen", "follow", "search_blocks", "settled"]

# Sizes of one rank grow until one saves less than this fraction of a feature's cost more than the one before. Where
# features are dense, each of many more would save some 1e-4 by norms of a tenth.
USEFUL = 1e-3
LARGEST_SIZE = 24  # features of a block, at most
LARGEST_SHAPE = 8  # catalogue shapes up to this size are tried at every probability: 10 ms each
SAME = 1e-6  # relative difference of losses below which two ends of a search are one
STEPS = 1000  # a descent to FINE takes some hundred
# Rows with a smaller cosine count as orthogonal. (Descents on series leave some 1e-3.)
APART = 0.01
# Rows below this fraction of the longest count as dropped.
WEAK = 0.1
# Singular values below this fraction of the largest count as 0.
FLAT = 0.02
NUDGE = 1e-3  # without it descents from symmetric weights would stay on symmetric saddles
LEAN = (0.94, 0.34)  # at p = 0.64 digons lean on an apex by 20 degrees in three dimensions, less in more
BEST = 2  # kinds without a name of their own are followed if they are among the best this many somewhere

Key = tuple[str, int, int]  # name, features, rank


@dataclass(frozen=True, eq=False)
class PlateauBlock(Readable):
    """A kind of block at one probability, at its own best weights.

    Attributes
    ----------
    name
        Its shape's name; "12 in 4" for 12 features in 4 dimensions that make no shape with a name.
    probability
        P(x_i ≠ 0) of its features.
    loss
        Expected loss of its features together, each of importance 1.
    variance
        v = Var x_i, the cost of a feature that is not stored.
    model
        Weights (size, rank) and biases (size,).

    Examples
    --------
    >>> import geomsup as gs
    >>> block = gs.plateaus([0.5, 0.3], largest_rank=2).winners[0]
    >>> block.name, block.size, block.rank, block.features_per_dimension
    ('digon', 2, 1, 2.0)
    >>> print(f"{block.gain:.4f} {block.dimensionality:.4f} {block.dimensions_per_feature:.4f}")
    1.2677 0.5000 0.5325
    >>> sorted(block.to_dict())
    ['dimensionality', 'dimensions_per_feature', 'features_per_dimension', 'gain', 'loss', 'model', 'name',
    'probability', 'rank', 'size', 'variance']
    """

    name: str
    probability: float
    loss: float
    variance: float = field(repr=False)
    model: ToyModel = field(repr=False)

    @property
    def size(self) -> int:
        """Number of features k."""
        return self.model.n_features

    @property
    def rank(self) -> int:
        """Number of dimensions r."""
        return self.model.n_hidden

    @property
    def key(self) -> Key:
        """Name, features and rank: what makes it a kind."""
        return self.name, self.size, self.rank

    @property
    def gain(self) -> float:
        """Gain per dimension, (k - loss/v)/r, in losses of a dropped feature; a dedicated dimension has 1."""
        return (self.size - self.loss / self.variance) / self.rank

    @property
    def features_per_dimension(self) -> float:
        """How many features a dimension stores, k/r."""
        return self.size / self.rank

    @property
    def dimensionality(self) -> float:
        """Mean D_i of its features: r/k if its rows are a tight frame, less if not."""
        return float(dimensionality(self.model.W, orientation="rows").mean())

    @property
    def dimensions_per_feature(self) -> float:
        """D* = r/‖W‖_F² of a model that consists of such blocks; not r/k, since norms are not 1."""
        return float(dimensions_per_feature(self.model.W, orientation="rows"))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        names = ("gain", "features_per_dimension", "dimensionality", "dimensions_per_feature")
        return {
            "name": self.name,
            "size": self.size,
            "rank": self.rank,
            "probability": self.probability,
            "loss": self.loss,
            "variance": self.variance,
            **{name: getattr(self, name) for name in names},
            "model": self.model.to_dict(),
        }


def dedicated_block(values: Law, p: float) -> PlateauBlock:
    """Return a dimension of its own for one feature; nonnegative values are stored without loss."""
    from geomsup.recognition.names import DEDICATED

    variance = float(Features(1, p, values=values).variance[0])
    return PlateauBlock(DEDICATED, p, 0.0, variance, ToyModel([[1.0]], [0.0]))


def follow(block: PlateauBlock, values: Law, p: float) -> PlateauBlock | None:
    """Return the block at another probability, descending from near its weights; None if it is no minimum there."""
    W, b = block.model.W, block.model.b
    nudge = NUDGE * np.random.default_rng([block.size, block.rank]).normal(size=W.shape)
    found = settled(values, p, (W + nudge, b))
    return found if found is not None and found.key == block.key else None


def settled(values: Law, p: float, start: Start) -> PlateauBlock | None:
    """Return the minimum below `start`, or None if it falls apart into smaller blocks."""
    found = fallen(values, p, start)
    return found[0] if len(found) == 1 and found[0].size == len(start[1]) else None


def fallen(values: Law, p: float, start: Start) -> list[PlateauBlock]:
    """Descend from `start` and return the blocks that share no dimensions, dedicated ones left out.

    Features nearly dropped are left out too. What remains of a block then descends once more, by itself.
    """
    k = len(start[1])
    features = Features(k, p, values=values)
    (end,) = descend(features, [start], slope=FINE, most_steps=STEPS)
    groups = _groups(end.W)
    if len(groups) == 1 and len(groups[0]) == k:
        model = ToyModel(*_own(end.W, end.b, groups[0]))
        if model.n_hidden == k:
            return []
        loss = float(expected_loss(model, features))
        return [PlateauBlock(_name(model.W), p, loss, float(features.variance[0]), model)]
    parts = [_own(end.W, end.b, rows) for rows in groups if len(rows) > 1]
    return [block for part in _unlike(parts) if part[0].shape[1] < len(part[1]) for block in fallen(values, p, part)]


def _groups(W: np.ndarray) -> list[np.ndarray]:
    """Return sets of rows that interfere with each other only; rows much shorter than the longest are in none."""
    from scipy.sparse.csgraph import connected_components

    norms = np.linalg.norm(W, axis=1)
    strong = np.flatnonzero((norms > 0) & (norms >= WEAK * norms.max()))
    if not len(strong):
        return []
    unit = W[strong] / norms[strong, None]
    count, label = connected_components(np.abs(unit @ unit.T) > APART, directed=False)
    return [strong[label == i] for i in range(count)]


def _own(W: np.ndarray, b: np.ndarray, rows: np.ndarray) -> Start:
    """Return rows in coordinates of the subspace that they span."""
    left, singular, _ = np.linalg.svd(W[rows], full_matrices=False)
    rank = int((singular > FLAT * singular[0]).sum())
    return left[:, :rank] * singular[:rank], b[rows]


def _name(W: np.ndarray) -> str:
    from geomsup.recognition import classify

    parts = classify(W, orientation="rows").components
    whole = len(parts) == 1 and len(parts[0].features) == len(W) and parts[0].polytope is not None
    return parts[0].name if whole else f"{W.shape[0]} in {W.shape[1]}"


def search_blocks(
    values: Law, p: float, largest_rank: int, starts: int, progress: Progress = None
) -> list[PlateauBlock]:
    """Return the kinds of blocks that descents end in at one probability, best first.

    Random starts of every size and rank that can win: a block of k features in r dimensions gains at most k/r per
    dimension, so smaller ones than the best so far allows are left out. Their ends are cut into orthogonal parts.
    Besides, descents from the catalogue's shapes, so that named kinds are known where they do not win.
    """
    found = {block.key: block for block in _from_shapes(values, p, largest_rank)}
    best = max([1.0, *(block.gain for block in found.values())])
    for rank in range(1, largest_rank + 1):
        saved = 0.0
        for k in range(max(rank, floor(rank * best)) + 1, LARGEST_SIZE + 1):
            if progress is not None:
                progress(f"p = {p:.4g}: blocks of {k} in {rank}", 0.0)
            gain, blocks = _of_size(values, p, k, rank, starts)
            for block in blocks:
                if block.key not in found or block.loss < found[block.key].loss:
                    found[block.key] = block
            best = max([best, *(block.gain for block in blocks)])
            if gain <= saved + USEFUL:
                break
            saved = gain
    return sorted(found.values(), key=lambda block: -block.gain)


def _of_size(values: Law, p: float, k: int, rank: int, starts: int) -> tuple[float, list[PlateauBlock]]:
    """Return what the best of some starts saves, in costs of a feature, and the blocks they end in.

    Starts are random, and those of the table of blocks.
    """
    features = Features(k, p, values=values)
    rng = np.random.default_rng([k, rank])
    begin = [random_start(features, rank, 2 * i, rng) for i in range(starts)] + tabulated_starts(features, rank)
    ends = descend(features, begin, most_steps=STEPS)
    ends.sort(key=lambda end: end.loss)
    different = [end for i, end in enumerate(ends) if i == 0 or end.loss > ends[i - 1].loss * (1 + SAME)]
    gain = k - ends[0].loss / float(features.variance[0])
    return gain, _all_fallen(values, p, [(W, b) for _, W, b in different])


def _unlike(starts: list[Start]) -> list[Start]:
    """Return starts without repeats: copies of one block in a mixture have the same norms and biases."""
    seen: dict[tuple, Start] = {}
    for W, b in starts:
        seen.setdefault((W.shape, *np.round(np.sort(np.concatenate([(W**2).sum(axis=1), b])), 4)), (W, b))
    return list(seen.values())


def _from_shapes(values: Law, p: float, largest_rank: int) -> list[PlateauBlock]:
    """Return what the catalogue's shapes descend to, and pyramids over cross-polytopes, jiggled off their symmetry."""
    from geomsup.shapes import candidates

    bias = BIAS * float(Features(1, p, values=values).laws[0].second_moment) ** 0.5
    starts = []
    for rank in range(1, largest_rank + 1):
        for k in range(rank + 1, LARGEST_SHAPE + 1):
            shapes = [shape.vertices for shape in candidates(rank, k)]
            shapes += [_pyramid(rank)] if k == 2 * rank - 1 and rank > 2 else []
            rng = np.random.default_rng([k, rank])
            for vertices in shapes:
                starts.append((NORM * vertices + JIGGLE * rng.normal(size=(k, rank)), np.full(k, bias)))
    return _all_fallen(values, p, starts)


def _pyramid(rank: int) -> np.ndarray:
    """Return an apex and digons that bend away from it: what digons with a triangle among them turn into."""
    from geomsup.shapes import polytope

    base = polytope(f"{rank - 1}-orthoplex").vertices
    sides = np.column_stack([LEAN[0] * base, np.full(len(base), -LEAN[1])])
    return np.concatenate([np.eye(rank)[-1:], sides])


def _all_fallen(values: Law, p: float, starts: list[Start]) -> list[PlateauBlock]:
    return [block for found in in_threads(lambda start: fallen(values, p, start), starts) for block in found]


def competing(found: list[list[PlateauBlock]]) -> list[Key]:
    """Return the kinds worth following: named ones, and those among the best anywhere, in order of first appearance.

    Each list holds the blocks of one probability, best first.
    """
    kept: dict[Key, None] = {}
    for blocks in found:
        for place, block in enumerate(blocks):
            if place < BEST or not (" in " in block.name or "(" in block.name):
                kept.setdefault(block.key)
    return list(kept)
