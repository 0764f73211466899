"""Commands about points on spheres: ``thomson`` and ``energy``."""

from pathlib import Path
from typing import Any

import geomsup as gs
from geomsup.cli.console import check_figure, deliver, progress_bars
from geomsup.cli.options import Json, Output

__all__ = ["energy", "thomson"]


def thomson(
    n: int,
    *,
    starts: int | None = None,
    seed: int = 0,
    time_limit: float | None = None,
    threads: int | None = None,
    output: Output = None,
    plot: Path | None = None,
    as_json: Json = False,
) -> None:
    """Place n charges on a sphere so that their Coulomb energy is lowest, and compare with the best known.

    Parameters
    ----------
    n
        Number of charges.
    starts
        Number of starts, all of which are run; by default the search ends at the best energy known.
    seed
        Seed of the starts.
    time_limit
        Seconds after which the best so far is shown. Ctrl-C does the same.
    threads
        Threads to use; all cores by default.
    output
        Also write the result as JSON to this file.
    plot
        Draw the charges and the edges of their hull to this file.
    """
    _minimise(n, 3, "coulomb", starts, seed, time_limit, threads, output, plot, as_json)


def energy(
    *,
    n: int,
    d: int = 3,
    energy: str = "coulomb",
    exponent: float | None = None,
    starts: int | None = None,
    seed: int = 0,
    time_limit: float | None = None,
    threads: int | None = None,
    output: Output = None,
    plot: Path | None = None,
    as_json: Json = False,
) -> None:
    """Place n points on the unit sphere in d dimensions so that an energy is lowest, and compare with the best known.

    Parameters
    ----------
    n
        Number of points.
    d
        Dimension.
    energy
        "coulomb", "log", "riesz" (give the exponent), "tammes", "frame", "coherence" or "relu".
    exponent
        s of the Riesz energy, the sum of 1 / distance^s.
    starts
        Number of starts, all of which are run; by default the search ends at the best energy known.
    seed
        Seed of the starts.
    time_limit
        Seconds after which the best so far is shown. Ctrl-C does the same.
    threads
        Threads to use; all cores by default.
    output
        Also write the result as JSON to this file.
    plot
        Draw the points to this file.
    """
    potential = gs.Potential(energy, exponent)
    _minimise(n, d, potential, starts, seed, time_limit, threads, output, plot, as_json)


def _minimise(
    n: int,
    d: int,
    potential: Any,
    starts: int | None,
    seed: int,
    time_limit: float | None,
    threads: int | None,
    output: Path | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    check_figure(plot)
    with progress_bars() as progress:
        found = gs.minimize_energy(
            n, d, potential, starts=starts, rng=seed, time_limit=time_limit, threads=threads, progress=progress
        )
    if plot is not None:
        found.plot().figure.savefig(plot, dpi=150)
    deliver(found.to_dict(), str(found), as_json, output)
