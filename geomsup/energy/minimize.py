"""The entry points: minimise an energy of points on a sphere."""

import time
from functools import partial
from typing import Any

import numpy as np

from geomsup.checks import callback, integer, positive_number, random_generator
from geomsup.energy.configuration import Configuration
from geomsup.energy.max_min import largest_product, tighten
from geomsup.energy.minima import Minimum
from geomsup.energy.newton import gradient, polish, root_mean_square
from geomsup.energy.potentials import Potential, as_potential
from geomsup.energy.records import best_known, tolerance
from geomsup.energy.search import Budget, descend_fully, search, work_of_a_start
from geomsup.threads import Progress, patiently

__all__ = ["minimize_energy", "thomson"]

KNOWN_SECONDS = 1200.0  # default budget of CPU time, roughly, where a record is known
UNKNOWN_SECONDS = 20.0  # default budget of CPU time, roughly, where none is known
UNKNOWN_STARTS = 200
MOST_STARTS = 100_000_000
MOST_THREADS = 1024
MOST_WORK = 10**9  # n² d: one evaluation then takes a second
SOON = 1200  # coordinates up to which a search that was interrupted is polished: beyond, it takes seconds
BALANCED = 1e-12  # rms of the gradient of a polished minimum


def minimize_energy(
    n: int,
    d: int = 3,
    energy: Any = "coulomb",
    *,
    starts: int | None = None,
    rng: Any = 0,
    time_limit: float | None = None,
    threads: int | None = None,
    progress: Progress = None,
) -> Configuration:
    """Find the n points on the unit sphere in d dimensions of lowest energy, by many descents.

    There are three kinds of starts: random points, orbits of symmetry groups, and walks from minimum to minimum. The
    groups are C2, C3, D2 to D6, T, O and I in three dimensions, and reflection groups in more. Orbits are relaxed,
    moved a little, and relaxed again. Descents are limited-memory BFGS, compiled. For "tammes" and "coherence" they
    minimise smoothed maxima with a rising exponent, and linear programs follow. Newton steps polish the best. The same
    `rng` gives the same result on any number of threads.

    Parameters
    ----------
    n
        Number of points, at least 2.
    d
        Dimension, at least 2.
    energy
        "coulomb", "log", ("riesz", s), "tammes", "frame", "coherence", "relu", a pair (f, df) of Python functions of
        arrays of inner products, or a `Potential`, which says what is summed over which pairs.
    starts
        Number of starts to run, all of them. By default the search ends with the first start that reaches the best
        energy known (relative 1e-9), or after some 20 CPU minutes; where nothing is known (`best_known`) it makes
        200 starts, or as many as fit into about 20 CPU seconds.
    rng
        Seed, or a numpy `Generator`.
    time_limit
        Seconds after which the best so far is returned. The result then depends on the machine. Ctrl-C does the same.
    threads
        Threads to use; all cores by default.
    progress
        Called as ``progress("minimising", fraction)``.

    Returns
    -------
    Configuration
        The points, energy, `best_known` and `verdict`, the distinct `minima`, `geometry` and `symmetry`.

    Raises
    ------
    ValueError, TypeError
        For n or d below 2, an energy of no known name, and options out of range.

    References
    ----------
    :cite:t:`thomson1904`; :cite:t:`erber1991`; :cite:t:`wales2006`; :cite:t:`nocedal2006`.

    Examples
    --------
    >>> import geomsup as gs
    >>> found = gs.minimize_energy(16, 5, ("riesz", 2))
    >>> round(found.energy, 9), found.verdict
    (62.5, 'matches the best known')
    >>> round(gs.minimize_energy(5, 2, "relu", starts=10).energy, 6)  # pentagon: 5 (3 - sqrt 5) / 4
    0.954915
    """
    n, d, potential = integer("n", n, minimum=2), integer("d", d, minimum=2), as_potential(energy)
    if n * n * d > MOST_WORK:
        raise ValueError(f"`n` and `d` must keep n² d below {MOST_WORK:.0e}; got {n} and {d}. Take fewer points.")
    generator = random_generator("rng", rng)
    callback("progress", progress)
    if starts is not None:
        starts = integer("starts", starts, minimum=1, maximum=MOST_STARTS)
    if threads is not None:
        threads = integer("threads", threads, minimum=1, maximum=MOST_THREADS)
    deadline = None if time_limit is None else time.monotonic() + positive_number("time_limit", time_limit)
    record = best_known(n, d, potential)
    target = -np.inf
    if record is not None and starts is None:
        target = record.value + tolerance(record.value, potential)
    if starts is None:
        each = work_of_a_start(n, d, potential)
        most = KNOWN_SECONDS / each if record else min(UNKNOWN_STARTS, UNKNOWN_SECONDS / each)
        starts = max(1, int(most))
    budget = Budget(starts, target, deadline, threads)
    minima = search(n, d, potential, budget, generator, progress)
    if not minima.found:
        raise ValueError(
            f"`energy` must be a number for points at random; {potential} is beyond doubles. Take a smaller exponent."
        )
    points, value, rms = patiently(partial(_finish, minima.best, potential, complete=not minima.interrupted))
    return Configuration(
        points, value, potential, record, minima.starts, tuple(minima.found), rms, not minima.interrupted
    )


def thomson(
    n: int,
    *,
    starts: int | None = None,
    rng: Any = 0,
    time_limit: float | None = None,
    threads: int | None = None,
    progress: Progress = None,
) -> Configuration:
    """Solve Thomson's problem: n charges on a sphere, Σ 1 / r_ij over pairs as small as possible.

    The same as ``minimize_energy(n, 3, "coulomb")``.

    Parameters
    ----------
    n
        Number of charges, at least 2.
    starts, rng, time_limit, threads, progress
        As for `minimize_energy`: by default the search ends at the best energy known, which is there for n ≤ 204 and
        some beyond.

    Returns
    -------
    Configuration
        The charges, their energy, and how it compares.

    Raises
    ------
    ValueError, TypeError
        For n below 2 and options out of range.

    References
    ----------
    :cite:t:`thomson1904`.

    Examples
    --------
    >>> import geomsup as gs
    >>> found = gs.thomson(12)
    >>> round(found.energy, 9), found.geometry.name, found.verdict
    (49.165253058, 'icosahedron', 'matches the best known')
    """
    return minimize_energy(
        n, 3, "coulomb", starts=starts, rng=rng, time_limit=time_limit, threads=threads, progress=progress
    )


def _finish(best: Minimum, potential: Potential, *, complete: bool) -> tuple[np.ndarray, float, float]:
    """Return the best points to the last digit, their energy, and how far from critical they are."""
    if potential.is_maximum:
        points, left = tighten(best.points, potential)
        return points, largest_product(points, potential), left
    if not complete and best.points.size > SOON:
        return best.points, potential.energy(best.points), root_mean_square(gradient(best.points, potential))
    points, rms = polish(best.points, potential)
    if complete and rms > BALANCED:  # along a soft direction, or too many points for Newton
        points, rms = polish(descend_fully(best.points, potential), potential)
    return points, potential.energy(points), rms
