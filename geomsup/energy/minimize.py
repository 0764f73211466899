"""The public functions that minimise an energy of points on a sphere."""

import time
from functools import partial
from typing import Any

import numpy as np

from geomsup.checks import callback, hinted, integer, positive_number, random_generator
from geomsup.energy.configuration import Configuration
from geomsup.energy.max_min import largest_product, tighten
from geomsup.energy.minima import Minimum
from geomsup.energy.newton import gradient, polish, root_mean_square
from geomsup.energy.potentials import Potential, as_potential
from geomsup.energy.records import best_known, tolerance
from geomsup.energy.search import Budget, descend_fully, search, settled, work_of_a_start
from geomsup.threads import Progress, patiently

__all__ = ["minimize_energy", "thomson"]

KNOWN_SECONDS = 1200.0  # approximate CPU time of a search by default, if a record is known
UNKNOWN_SECONDS = 20.0  # approximate CPU time of a search by default, if no record is known
UNKNOWN_STARTS = 200  # most starts by default, if no record is known
MOST_STARTS = 100_000_000  # largest value of `starts`
MOST_THREADS = 1024  # largest value of `threads`
MOST_WORK = 10**9  # largest n² d: one evaluation of this size takes a second
# After an interruption, the best points are polished if they have at most this many coordinates. More take seconds.
SOON = 1200
BALANCED = 1e-12  # largest root mean square of the gradient of a polished minimum


@hinted
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
    """Find n points of lowest energy on the unit sphere in d dimensions, by many descents.

    There are four kinds of starts: random points, the shapes of the catalogue that have n vertices (`polytopes`),
    orbits of symmetry groups, and walks from minimum to minimum. The groups are C2, C3, D2 to D6, T, O and I in three
    dimensions, and reflection groups in more dimensions. Shapes and orbits are relaxed, moved a little, and relaxed
    again. All descents use compiled limited-memory BFGS. For "tammes" and "coherence" they minimise a smoothed maximum
    whose exponent rises. Linear programs then find the last digits of the best minimum. For other energies all minima
    are descended to rounding before they are counted, and Newton steps find the last digits of the best. The same
    `rng` gives the same result on any number of threads.

    Parameters
    ----------
    n
        Number of points, at least 2.
    d
        Dimension, at least 2.
    energy
        "coulomb", "log", ("riesz", s), "tammes", "frame", "coherence", "relu", a pair (f, df) of Python functions of
        arrays of inner products, or a `Potential`. `Potential` lists what each energy sums, and over which pairs.
    starts
        Number of starts. All of them are run. By default the search ends at the first start that reaches the best
        known energy (to a relative 1e-9), or after about 20 CPU minutes. If no energy is known (see `best_known`), the
        search makes 200 starts, or fewer if only these fit into about 20 CPU seconds.
    rng
        Seed, or a numpy `Generator`.
    time_limit
        Seconds after which the best points so far are returned, from within a start too. The result then depends on
        the speed of the machine. Ctrl-C also returns the best points so far.
    threads
        Threads to use; all cores by default.
    progress
        Called as ``progress("minimising", fraction)``. A first use begins with ``("compiling, once", 0.0)``, from the
        thread that compiles.

    Returns
    -------
    Configuration
        The points, energy, `best_known` and `verdict`, the distinct `minima`, `geometry` and `symmetry`.

    Raises
    ------
    ValueError, TypeError
        If n or d is below 2, if the name of the energy is unknown, or if an option is out of range.

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
    from geomsup.compiling import telling  # with numba, which checks of arguments do not wait for

    with telling(progress):
        minima = search(n, d, potential, budget, generator, progress)
        if not minima.found:
            raise ValueError(
                f"`energy` must be finite for random points; {potential} is too large for doubles. "
                "Take a smaller exponent."
            )
        minima = settled(minima, budget)
        points, value, rms = patiently(
            partial(_finish, minima.best, potential, complete=not minima.interrupted, deadline=deadline)
        )
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
    """Solve Thomson's problem: place n charges on a sphere so that the sum of 1 / r_ij over pairs is least.

    This is ``minimize_energy(n, 3, "coulomb")``.

    Parameters
    ----------
    n
        Number of charges, at least 2.
    starts, rng, time_limit, threads, progress
        As for `minimize_energy`. By default the search ends at the best known energy. One is known for n ≤ 204 and for
        some larger n.

    Returns
    -------
    Configuration
        The charges, their energy, and its comparison with the best known energy.

    Raises
    ------
    ValueError, TypeError
        If n is below 2, or if an option is out of range.

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


def _finish(
    best: Minimum, potential: Potential, *, complete: bool, deadline: float | None
) -> tuple[np.ndarray, float, float]:
    """Return the best points to the last digit, their energy, and the slope or gain that is left."""
    if potential.is_maximum:
        points, left = tighten(best.points, potential, deadline)
        return points, largest_product(points, potential), left
    if not complete and best.points.size > SOON:
        return best.points, potential.energy(best.points), root_mean_square(gradient(best.points, potential))
    points, rms = polish(best.points, potential)
    if complete and rms > BALANCED:  # the energy is nearly flat along a direction, or Newton has too many points
        points, rms = polish(descend_fully(best.points, potential), potential)
    return points, potential.energy(points), rms
