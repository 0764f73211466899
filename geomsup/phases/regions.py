"""Regions of a phase diagram: cells whose optima are continuously connected, and what to call them."""

from collections.abc import Collection, Mapping

import numpy as np

from geomsup.dimensions import dimensionality
from geomsup.model import ToyModel
from geomsup.phases.names import components, phase_name
from geomsup.phases.search import Index, all_edges
from geomsup.phases.transition import Transition

__all__ = ["name_regions", "thin_name"]

CLOSE = 1e-4  # fractions of a dimension this close count as one


def name_regions(
    W: Mapping[Index, np.ndarray], cuts: Collection[tuple[Index, Index]], shape: Index
) -> tuple[tuple[str, ...], np.ndarray]:
    """Return names of phases and the index of each cell's, ``(P, Q)``, from the rows that structures are named by.

    Neighbours of one structure are connected unless there is a transition between them (`cuts`).
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    structure = {index: phase_name(rows) for index, rows in W.items()}
    number = {index: k for k, index in enumerate(np.ndindex(*shape))}
    joined = [
        (number[a], number[b]) for a, b in all_edges(shape) if structure[a] == structure[b] and (a, b) not in cuts
    ]
    row, column = np.array(joined, int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(joined)), (row, column)), shape=(len(number), len(number)))
    count, region = connected_components(graph, directed=False)
    members: list[list[Index]] = [[] for _ in range(count)]
    for index, k in number.items():
        members[region[k]].append(index)
    words = [structure[own[0]] for own in members]
    surplus = [_surplus([W[index] for index in own]) for own in members]
    full = [_weighed(k, words, surplus) for k in range(count)]
    share = {name: _mean_share([W[i] for own, word in zip(members, full, strict=True) if word == name for i in own])
             for name in full}  # fmt: skip
    names = tuple(sorted(share, key=lambda name: (share[name], name)))
    return names, np.array([names.index(full[k]) for k in region]).reshape(shape)


def thin_name(before: Transition, after: Transition) -> str:
    """Name the phase between two transitions, by its structure and, where a phase beside it has the same, its share."""
    own = before.to
    share = _share(before.models[1])
    for beside, model in ((before.from_, before.models[0]), (after.to, after.models[1])):
        other = _share(model)
        if beside == own and abs(share - other) > CLOSE:
            return own.replace("extra ", "extra weakly " if share < other else "extra strongly ", 1)
    return own


def _share(model: ToyModel) -> float:
    """Return the extra feature's share of a dimension; the rows of an untied model are in the middle of its two."""
    return float(dimensionality((model.W + model.decoder) / 2)[-1])


def _mean_share(rows: list[np.ndarray]) -> float:
    return float(dimensionality(np.array(rows))[:, -1].mean().round(9))


def _surplus(rows: list[np.ndarray]) -> float:
    """Return the mean over a region of the extra feature's share, less an equal share of its shape."""
    extra = len(rows[0]) - 1
    part = next((part for part in components(rows[0] @ rows[0].T) if extra in part), ())
    if len(part) < 2:
        return 0.0
    return _mean_share(rows) - float(np.linalg.matrix_rank(rows[0][list(part)])) / len(part)


def _weighed(k: int, words: list[str], surplus: list[float]) -> str:
    """Name region k: of regions of one structure the one nearest to equal shares keeps the plain name."""
    same = [other for other, word in enumerate(words) if word == words[k]]
    plain = surplus[min(same, key=lambda other: abs(surplus[other]))]
    if abs(surplus[k] - plain) < CLOSE:
        return words[k]
    return words[k].replace("extra ", "extra weakly " if surplus[k] < plain else "extra strongly ", 1)
