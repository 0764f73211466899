"""Where descents begin: random points, the catalogue's shapes, orbits of groups, and which start is of which kind."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from geomsup.energy.potentials import Potential
from geomsup.energy.rotations import orbit_plans

__all__ = ["Batch", "make_batch"]

# For few points random starts alone find the best sooner. From this number on symmetric starts do (n = 122: 5 ms
# against 150 ms of CPU).
SYMMETRIC_FROM = 60
# From this number on, walks from minimum to minimum find configurations of little symmetry (n = 185).
HOPPING_FROM = 100
CYCLE = 16  # starts after which their kinds repeat
HOPS = 30  # steps of one walk
SOFTEST = 2.0  # least first exponent of an annealing, which is drawn evenly in the logarithm
HARDEST = 200.0  # greatest first exponent
# The first start is random: most small problems end there, and shapes take longer to make than their descents do.
FIRST_SHAPE = 1
MOST_SHAPES = 10_000_000  # n² d up to which shapes of the catalogue are made


@dataclass(frozen=True, eq=False)
class Batch:
    """Starts ``(k, d, n)``, whether they are symmetric, how many hops follow, their seeds and exponents, ``(k,)``."""

    points: np.ndarray
    symmetric: np.ndarray
    hops: np.ndarray
    seeds: np.ndarray
    exponents: np.ndarray


def make_batch(n: int, d: int, potential: Potential, first: int, count: int, rng: np.random.Generator) -> Batch:
    """Make the starts number `first` to `first` + `count` - 1 of a search."""
    points = np.empty((count, d, n))
    symmetric, hops = np.zeros(count, dtype=bool), np.zeros(count, dtype=np.int64)
    for k in range(count):
        kind = _kind(first + k, n, d, potential)
        made = _symmetric(n, d, rng) if kind == "symmetric" else None
        place = first + k - FIRST_SHAPE
        if place >= 0 and place < len(_shapes(n, d)):
            made = _shapes(n, d)[place]
        symmetric[k] = made is not None
        hops[k] = HOPS if kind == "hopping" else 0
        points[k] = rng.standard_normal((d, n)) if made is None else made.T
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    seeds = rng.integers(2**32, size=count, dtype=np.uint32).astype(np.uint64)
    exponents = np.full(count, potential.exponent or 1.0)
    if potential.is_maximum:
        exponents = np.exp(rng.uniform(np.log(SOFTEST), np.log(HARDEST), size=count))
    return Batch(points, symmetric, hops, seeds, exponents)


@lru_cache(maxsize=16, typed=True)
def _shapes(n: int, d: int) -> tuple[np.ndarray, ...]:
    """Return the vertices of the catalogue's shapes of this size, on the sphere."""
    if n * n * d > MOST_SHAPES:
        return ()
    from geomsup.shapes import polytopes

    made = (np.array(shape.vertices, float) for shape in polytopes(d, n))
    return tuple(points / np.linalg.norm(points, axis=1, keepdims=True) for points in made)


def _kind(number: int, n: int, d: int, potential: Potential) -> str:
    place = number % CYCLE
    if d == 3 and not potential.singular:
        return "symmetric" if place % 4 == 3 else "random"
    if n >= HOPPING_FROM and d == 3:
        return "hopping" if place == CYCLE - 1 else "random" if place % 8 == 7 else "symmetric"
    often = 2 if n >= SYMMETRIC_FROM and d == 3 else 4
    return "symmetric" if place % often == often - 1 else "random"


def _symmetric(n: int, d: int, rng: np.random.Generator) -> np.ndarray | None:
    """Orbits under a finite group drawn at random, turned at random; None where no group has any."""
    if d == 3:
        groups = orbit_plans(n)
        if not groups:
            return None
        plans = groups[rng.integers(len(groups))]
        plan = plans[rng.integers(len(plans))]
        free = rng.standard_normal((plan.free, 3))
        free /= np.linalg.norm(free, axis=1, keepdims=True)
        points = np.concatenate([plan.fixed, (plan.group.matrices @ free.T).transpose(0, 2, 1).reshape(-1, 3)])
    else:
        if d < 4:
            return None
        from geomsup.energy.orbits import reflection_seed

        made = reflection_seed(n, d, rng)
        if made is None:
            return None
        points = made
    return points @ np.linalg.qr(rng.standard_normal((d, d)))[0]
