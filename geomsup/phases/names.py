"""From the rows of W to the name of a phase: what is dropped, who is alone, who shares dimensions with whom."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from geomsup.recognition import Component, Geometry

__all__ = ["apart", "components", "distance", "invariants", "phase_in_words", "phase_name"]

DROPPED = 1e-6  # rows below this, relative to the longest, are not represented; descents leave exact zeros
COUPLED = 1e-3  # |cosines| above this are a coupling: descents leave 1e-6 where the optimum has none
ALIKE = 1e-3  # relative difference of Gram entries above which features that could be alike are not
# If entries of the Gram matrix differ by more than this between neighbouring cells of one name, a transition is
# searched: first-order lines run inside phases too (and end there, like the boiling line of water).
SUSPICIOUS = 0.1


def phase_name(W: np.ndarray) -> str:
    """Return what happens to the last ("extra") feature and to the others, in words.

    Others are exchangeable, so only their numbers are named. A part is "lopsided" if it breaks that symmetry:
    exchanging two others keeps all signs of its couplings but not their sizes.

    Examples
    --------
    >>> phase_name(np.array([[1.0], [-0.5]]))
    'extra in a digon'
    >>> phase_name(np.array([[1.0, 0.0], [-0.5, 0.0], [0.0, 1.0]]))
    'extra dedicated, others: lopsided digon'
    """
    extra = len(W) - 1
    gram = W @ W.T
    parts = components(gram)
    dropped = sorted(set(range(len(W))) - {i for part in parts for i in part})
    mine = next((part for part in parts if extra in part), ())
    role = "not represented" if extra in dropped else "dedicated" if len(mine) == 1 else _shared(W, gram, mine)
    shapes = [_shape(W, gram, part) for part in parts if part != mine and len(part) > 1]
    alone = sum(len(part) == 1 for part in parts if part != mine)
    return _in_words(role, shapes, alone, len(dropped) - (extra in dropped))


def phase_in_words(geometry: "Geometry") -> str:
    """Return the words of `phase_name` for a geometry that `classify` found, which allows for the noise of training.

    It knows no lopsided parts: what noise does to sizes is not told from what the optimum does.

    Examples
    --------
    >>> from geomsup.recognition import classify
    >>> phase_in_words(classify([[1.0], [-0.9]])), phase_in_words(classify([[1.0], [0.004]]))
    ('extra in a digon', 'extra not represented, others: 1 dedicated')
    >>> phase_in_words(classify([[1.0], [0.98]]))
    'extra in an aligned pair'
    """
    extra = geometry.n_features - 1
    alone = [part for part in geometry.components if len(part.features) == 1]
    shared = [part for part in geometry.components if len(part.features) > 1]
    mine = next((part for part in shared if extra in part.features), None)
    if mine is not None:
        role = f"in {'an' if _called(mine)[0] in 'aeiou' else 'a'} {_called(mine)}"
    else:
        role = "not represented" if extra in geometry.not_represented else "dedicated"
    others = [_called(part) for part in shared if part is not mine]
    return _in_words(
        role, others, sum(extra not in part.features for part in alone), len(set(geometry.not_represented) - {extra})
    )


def _called(part: "Component") -> str:
    """Return the name of a part; of two features in one direction that of `_shape`."""
    aligned = part.rank == 1 and len(part.features) == 2 and part.polytope is None
    return "aligned pair" if aligned else part.name


def _in_words(role: str, shapes: Sequence[str], alone: int, lost: int) -> str:
    counted = [name if count == 1 else f"{count} {name}s" for name, count in sorted(Counter(shapes).items())]
    counted += [f"{alone} dedicated"] * bool(alone)
    counted += [f"{lost} not represented"] * bool(lost)
    return f"extra {role}" + (f", others: {', '.join(counted)}" if counted else "")


def invariants(W: np.ndarray) -> np.ndarray:
    """Return numbers that do not change when hidden space is rotated or others are exchanged."""
    gram = W @ W.T
    others = gram[:-1, :-1]
    pairs = others[np.triu_indices(len(others), 1)]
    return np.concatenate([gram[-1:, -1], np.sort(gram[-1, :-1]), np.sort(np.diag(others)), np.sort(pairs)])


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest difference of the invariants of two states' rows."""
    return float(np.abs(invariants(a) - invariants(b)).max())


def apart(a: np.ndarray, b: np.ndarray) -> bool:
    """Tell whether two states differ by more than what neighbouring cells of one phase usually do."""
    return distance(a, b) > SUSPICIOUS


def components(gram: np.ndarray) -> list[tuple[int, ...]]:
    """List the features that are stored, grouped by couplings."""
    squares = np.diag(gram)
    stored = squares > DROPPED**2 * max(float(squares.max()), DROPPED)
    coupled = (gram**2 > COUPLED**2 * np.outer(squares, squares)) & np.outer(stored, stored)
    for _ in range(len(gram)):  # each round doubles the length of the paths that count
        coupled = coupled @ coupled
    return sorted({tuple(np.flatnonzero(row).tolist()) for row in coupled[stored]})


def _rank(W: np.ndarray, part: Sequence[int]) -> int:
    return int(np.linalg.matrix_rank(W[list(part)], tol=COUPLED))


def _shape(W: np.ndarray, gram: np.ndarray, part: tuple[int, ...]) -> str:
    """Name the shape of a part in superposition."""
    size, rank = len(part), _rank(W, part)
    first = part[0]
    if rank == 1:
        side = sum(gram[first, i] > 0 for i in part)
        low, high = sorted((side, size - side))
        name = f"line of {high} against {low}"
        if size == 2:
            name = "digon" if low else "aligned pair"
    else:
        name = _name_of(size, rank)
    return f"lopsided {name}" if _lopsided(gram, part) else name


def _name_of(size: int, rank: int) -> str:
    """Name a part that is no line, in the words of `classify`, by its numbers of features and of dimensions alone.

    A search for transitions compares names between near points. So they must not depend on how regular a part is.
    """
    from geomsup.shapes.families import polygon, simplex

    if rank == size - 1:
        return simplex(rank).name
    # Four rows that are coupled in a plane are no square, which is two digons.
    return polygon(size).name if rank == 2 and size > 4 else f"unnamed ({size} vertices, rank {rank})"


def _shared(W: np.ndarray, gram: np.ndarray, part: tuple[int, ...]) -> str:
    """Say how the extra feature shares; on a line also how many it has beside and against it."""
    shape = _shape(W, gram, part)
    article = "an" if shape[0] in "aeiou" else "a"
    if len(part) > 2 and _rank(W, part) == 1:
        beside = sum(gram[part[-1], i] > 0 for i in part[:-1])
        where = f"beside {beside} " if beside else "alone "
        lopsided = "lopsided " if shape.startswith("lopsided") else ""
        return f"on a {lopsided}line, {where}against {len(part) - 1 - beside}"
    return f"in {article} {shape}"


def _lopsided(gram: np.ndarray, part: tuple[int, ...]) -> bool:
    others = [i for i in part if i < len(gram) - 1]
    block = list(part)
    sizes = gram[np.ix_(block, block)]
    size = float(np.abs(sizes).max())
    signs = np.sign(np.where(np.abs(sizes) > COUPLED * size, sizes, 0.0))
    for i in others:
        for j in others:
            order = [block.index({i: j, j: i}.get(k, k)) for k in block]
            swapped = np.ix_(order, order)
            if (signs[swapped] == signs).all() and np.abs(sizes[swapped] - sizes).max() > ALIKE * size:
                return True
    return False
