"""Distinct minima: distinguished by energy and distances, and counted."""

from bisect import bisect_left
from dataclasses import dataclass, field, replace

import numpy as np

from geomsup.energy.potentials import Potential
from geomsup.tables import Readable

__all__ = ["Minima", "Minimum", "sorted_products"]

SAME_ENERGY = 1e-8  # relative
# Rms of the differences of sorted inner products, in units of the squared spacing: one minimum, reached twice and not
# yet polished, differs by less than 0.008 (n from 16 to 100, 200 starts each), two minima by more than 1.
SAME_PRODUCTS = 0.02


@dataclass(frozen=True, eq=False)
class Minimum(Readable):
    """An energy, one configuration ``(n, d)`` that has it, and how many starts ended there."""

    energy: float
    points: np.ndarray = field(repr=False)
    hits: int = 1


def sorted_products(points: np.ndarray) -> np.ndarray:
    """Inner products of all pairs, ascending: the same for all turned, mirrored or relabelled copies."""
    return np.sort((points @ points.T)[np.triu_indices(len(points), 1)])


@dataclass(eq=False)
class Minima:
    """The minima found, lowest first, and the number of starts."""

    potential: Potential
    found: list[Minimum] = field(default_factory=list)
    starts: int = 0
    interrupted: bool = False

    @property
    def best(self) -> Minimum:
        """The lowest."""
        return self.found[0]

    def add(self, energy: float, points: np.ndarray, hits: int = 1) -> None:
        """Count starts that ended here. If energies and distances agree, it is the same minimum."""
        reach = SAME_ENERGY * (1.0 if self.potential.is_maximum else max(abs(energy), 1e-3))
        if not np.isfinite(energy):
            self.starts += hits
        elif not self.count(energy - reach, energy + reach, points, energy, hits):
            self.starts += hits
            self._insert(Minimum(energy, points, hits))

    def count(self, low: float, high: float, points: np.ndarray, energy: float = np.inf, hits: int = 1) -> bool:
        """Count starts as those of a known minimum between two energies, if it is like one of them.

        Its points are kept if their energy is lower.
        """
        at = bisect_left(self.found, low, key=lambda minimum: minimum.energy)
        while at < len(self.found) and self.found[at].energy <= high:
            known = self.found[at]
            if _alike(known.points, points):
                better = {"energy": energy, "points": points} if energy < known.energy else {}
                del self.found[at]
                self._insert(replace(known, hits=known.hits + hits, **better))
                self.starts += hits
                return True
            at += 1
        return False

    def _insert(self, minimum: Minimum) -> None:
        at = bisect_left(self.found, minimum.energy, key=lambda known: known.energy)
        self.found.insert(at, minimum)


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    difference = sorted_products(a) - sorted_products(b)
    return bool(np.sqrt((difference**2).mean()) < SAME_PRODUCTS * len(a) ** (-2 / (a.shape[1] - 1)))
