"""Large models, part by part: a few blocks are searched anew, and the other features stay where they are.

Features of different blocks are orthogonal, and no output sees those of another block. So the loss is a sum over the
blocks, and what a search of 30 features finds for some of the blocks is as good in a model of hundreds. Trainings of
large models differ by per cents, because somewhere a block is too many, or a block has the wrong size. A search of the
part where that is takes a tenth of a training of the whole.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from geomsup.features import Features
from geomsup.loss.misfit import coarser
from geomsup.optima.blocks import select
from geomsup.optima.deadline import Deadline
from geomsup.optima.descent import End
from geomsup.optima.searching.improvers import make_improver
from geomsup.optima.searching.losses import errors
from geomsup.optima.searching.moves import changed
from geomsup.optima.searching.ranked import ranked
from geomsup.optima.starts import random_start

__all__ = ["Part", "blocks_of", "choose_part", "searched_part"]

STORED = 0.1  # a row of this fraction of the longest one, or more, belongs to a block
MEET = 0.1  # absolute cosine from which two rows are in one block: trainings leave a few hundredths
SPANNED = 0.1  # singular value, relative to the largest, from which a direction is used
# Features of a part, and its dimensions at most: fewer seldom hold what must change together (a block that takes a
# dimension from a digon), and of more, trainings from random directions miss too much themselves.
FEWEST, MOST, ROOM = 20, 36, 10
MOST_DROPPED = 6  # features that are not stored, the most important ones, that a part holds besides
SPREAD = 1.0  # of blocks of other importances: how much chance there is, in factors of e, in which ones join a part
POLISHED = 2  # ends of the trainings of a part that are descended


class Part(NamedTuple):
    """Some features of a model, and directions (r, m) that no other feature uses."""

    members: np.ndarray
    basis: np.ndarray


def blocks_of(W: np.ndarray) -> list[np.ndarray]:
    """Return the blocks of the features that are stored: those of different blocks are orthogonal.

    Examples
    --------
    >>> [block.tolist() for block in blocks_of(np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, 0.01]]))]
    [[0, 2], [1]]
    """
    from scipy.sparse.csgraph import connected_components

    norms = np.linalg.norm(W, axis=1)
    stored = np.flatnonzero(norms > STORED * norms.max())
    ways = W[stored] / norms[stored, None]
    count, block = connected_components(np.abs(ways @ ways.T) > MEET, directed=False)
    return [stored[block == k] for k in range(count)]


def choose_part(features: Features, W: np.ndarray, lost: np.ndarray, rng: np.random.Generator) -> Part | None:
    """Return a part of the model; None if the block that it should hold is too large, or there is no other.

    It holds a block, the likelier the more it loses, the blocks whose importances are nearest to its own, with some
    chance, and a few features that are not stored. `lost` is what each output loses, times importance.
    """
    blocks = [] if features.grouped else blocks_of(W)  # groups are not cut
    total = np.array([max(lost[block].sum(), 0.0) for block in blocks])  # roundings may be below 0
    if len(blocks) < 2 or not total.sum() > 0:
        return None
    first = rng.choice(len(blocks), p=total / total.sum())
    worth = np.log([max(features.importance[block].mean(), np.finfo(float).tiny) for block in blocks])
    distance = np.abs(worth - worth[first]) + SPREAD * rng.exponential(size=len(blocks))
    distance[first] = -1.0
    size, chosen = rng.integers(FEWEST, MOST + 1), np.zeros(len(blocks), bool)
    members, ranks = np.array([len(block) for block in blocks]), np.array([_rank(W[block]) for block in blocks])
    for k in np.argsort(distance):
        chosen[k] = members[chosen].sum() + members[k] <= size and ranks[chosen].sum() + ranks[k] <= ROOM
    if not chosen[first] or chosen.all():
        return None
    others = np.concatenate([block for block, taken in zip(blocks, chosen, strict=True) if not taken])
    dropped = np.setdiff1d(np.arange(features.n), np.concatenate(blocks))
    dropped = dropped[np.argsort(-features.importance[dropped], kind="stable")][: rng.integers(MOST_DROPPED + 1)]
    inside = np.concatenate([*(block for block, taken in zip(blocks, chosen, strict=True) if taken), dropped])
    basis = np.linalg.svd(W[others])[2][_rank(W[others]) :]
    return Part(np.sort(inside), basis) if 0 < len(basis) < len(inside) else None


def searched_part(
    features: Features, end: End, starts: int, rng: np.random.Generator, deadline: Deadline
) -> list[End] | None:  # fmt: skip
    """Search a part of the model from so many starts; return the whole model with the best end, if that is lower.

    None if there is no part that can be searched by itself.
    """
    part = choose_part(features, end.W, features.importance * errors(features, (end.W, end.b)), rng)
    if part is None:
        return None
    now = End(end.loss, end.W[part.members] @ part.basis.T, end.b[part.members])
    found = _best_of(_alone(features, part), now, starts, rng, deadline)
    if found is None:
        return None
    W, b = end.W - end.W @ part.basis.T @ part.basis, end.b.copy()  # trainings leave a few hundredths in these ways
    W[part.members], b[part.members] = found.W @ part.basis, found.b
    (whole,) = ranked(coarser(features), [(W, b)], deadline)
    return [whole] if whole.loss < end.loss else []


def _alone(features: Features, part: Part) -> Features:
    """Return the features of the part, the largest importance 1: trainings have steps of an absolute size."""
    chosen = select(features, part.members.tolist())
    return replace(chosen, importance=chosen.importance / chosen.importance.max())


def _best_of(features: Features, now: End, starts: int, rng: np.random.Generator, deadline: Deadline) -> End | None:
    """Return the best end of random starts and of moves of the part as it is now, by turns."""
    improver = make_improver(features, deadline, POLISHED)
    if improver is None:
        return None
    m = now.W.shape[1]
    begin = [changed(features, now, rng) if k % 2 else random_start(features, m, k // 2, rng) for k in range(starts)]
    ends = improver.first(begin, int(rng.integers(2**63)))
    if not ends:
        return None
    best = ends[0]
    (again,) = ranked(features, [(best.W, best.b)], deadline)  # the descent has changed what outputs lose
    return min(best, *improver.polish([(again.W, again.b)]), key=lambda end: end.loss)


def _rank(rows: np.ndarray) -> int:
    """Return how many directions the rows use, without the noise of a training."""
    sizes = np.linalg.svd(rows, compute_uv=False)
    return int((sizes > SPANNED * sizes.max()).sum())
