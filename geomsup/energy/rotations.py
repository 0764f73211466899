"""Finite groups of rotations of space, their axes, and how n points can be orbits of one of them."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np

__all__ = ["ROTATION_GROUPS", "Orbits", "RotationGroup", "orbit_plans", "rotation_group"]

ROTATION_GROUPS = ("C2", "C3", "D2", "D3", "D4", "D5", "D6", "T", "O", "I")
GOLDEN = (1 + 5**0.5) / 2


@dataclass(frozen=True, eq=False)
class RotationGroup:
    """A group of rotations: its matrices ``(order, 3, 3)`` and the orbits of points on its axes, each ``(k, 3)``."""

    name: str
    matrices: np.ndarray
    special: tuple[np.ndarray, ...]


@dataclass(frozen=True, eq=False)
class Orbits:
    """One way to make n points of orbits: fixed points on axes ``(k, 3)``, and a number of free orbits."""

    group: RotationGroup
    fixed: np.ndarray
    free: int


@lru_cache(maxsize=None, typed=True)
def rotation_group(name: str) -> RotationGroup:
    """Return a group by Schoenflies symbol: C2, C3, D2 to D6, T, O or I.

    Examples
    --------
    >>> group = rotation_group("I")
    >>> len(group.matrices), sorted(len(orbit) for orbit in group.special)
    (60, [12, 20, 30])
    """
    matrices = _closure(_generators(name))
    axes = _axes(matrices)
    special: list[np.ndarray] = []
    while len(axes):
        orbit = np.unique((matrices @ axes[0]).round(9), axis=0)
        special.append(orbit / np.linalg.norm(orbit, axis=1, keepdims=True))
        axes = axes[(np.abs(axes[:, None] - orbit).max(axis=2) > 1e-6).all(axis=1)]
    return RotationGroup(name, matrices, tuple(special))


@lru_cache(maxsize=None, typed=True)
def orbit_plans(n: int) -> tuple[tuple[Orbits, ...], ...]:
    """Return, for every group that can, the ways to make n points of its orbits, each special orbit at most once.

    Examples
    --------
    >>> [plans[0].group.name for plans in orbit_plans(7)]
    ['C2', 'C3', 'D5']
    """
    found = []
    for name in ROTATION_GROUPS:
        group, plans = rotation_group(name), []
        for count in range(len(group.special) + 1):
            for chosen in combinations(group.special, count):
                fixed = np.concatenate(chosen) if chosen else np.empty((0, 3))
                free, rest = divmod(n - len(fixed), len(group.matrices))
                if free >= 0 and rest == 0:
                    plans.append(Orbits(group, fixed, free))
        if plans:
            found.append(tuple(plans))
    return tuple(found)


def _generators(name: str) -> list[np.ndarray]:
    family, fold = name[0], int(name[1:] or 0)
    if family in "CD":
        turn = _rotation(np.array([0.0, 0.0, 1.0]), 2 * np.pi / fold)
        return [turn] if family == "C" else [turn, np.diag([1.0, -1.0, -1.0])]
    cycle = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    second = {
        "T": np.diag([1.0, -1.0, -1.0]),
        "O": _rotation(np.array([0.0, 0.0, 1.0]), np.pi / 2),
        "I": _rotation(np.array([0.0, 1.0, GOLDEN]), 2 * np.pi / 5),
    }[family]
    return [cycle, second]


def _rotation(axis: np.ndarray, angle: float) -> np.ndarray:
    u = axis / np.linalg.norm(axis)
    cross = np.array([[0, -u[2], u[1]], [u[2], 0, -u[0]], [-u[1], u[0], 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def _closure(generators: list[np.ndarray]) -> np.ndarray:
    known = {tuple(np.eye(3).ravel().round(6) + 0.0): np.eye(3)}
    fresh = list(known.values())
    while fresh:
        made = {tuple((g @ m).ravel().round(6) + 0.0): g @ m for g in generators for m in fresh}
        fresh = [matrix for key, matrix in made.items() if key not in known]
        known |= made
    return np.array(list(known.values()))


def _axes(matrices: np.ndarray) -> np.ndarray:
    """Both ends of the axes of all rotations, ``(k, 3)``."""
    ends = []
    for matrix in matrices:
        if np.trace(matrix) < 3 - 1e-9:
            axis = np.linalg.svd(matrix - np.eye(3))[2][-1]
            ends += [axis, -axis]
    return np.unique(np.array(ends).round(9) + 0.0, axis=0)
