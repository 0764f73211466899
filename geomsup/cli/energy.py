"""Commands about points on spheres: ``thomson`` and ``energy``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclopts import Parameter

import geomsup as gs
from geomsup.cli.console import check_files, deliver, progress_bars, save_figure
from geomsup.cli.options import Json, Output, Whole

__all__ = ["Search", "energy", "thomson"]


@Parameter(name="*")  # the fields are options of the command, not options of an option
@dataclass(frozen=True, kw_only=True)
class Search:
    """How to search, and where the result goes.

    Parameters
    ----------
    starts
        Number of starts, which are all run; by default the search ends at the best energy known.
    seed
        Seed of the starts.
    time_limit
        Seconds after which the best so far is shown. Ctrl-C does the same.
    threads
        Threads to use; all cores by default.
    output
        Also write the result as JSON to this file.
    plot
        Draw the points and the edges of their hull to this file.
    as_json
        Print JSON instead of a table.
    """

    starts: Whole | None = None
    seed: Whole = 0
    time_limit: float | None = None
    threads: Whole | None = None
    output: Output = None
    plot: Path | None = None
    as_json: Json = False

    def minimise(self, n: int, d: int, potential: Any) -> None:
        """Search, draw and print."""
        check_files(self.output, self.plot)
        with progress_bars() as progress:
            found = gs.minimize_energy(
                n, d, potential,
                starts=self.starts, rng=self.seed, time_limit=self.time_limit, threads=self.threads, progress=progress,
            )  # fmt: skip
        if self.plot is not None:
            save_figure(found.plot().figure, self.plot)
        deliver(found.to_dict(), str(found), self.as_json, self.output)


DEFAULT = Search()


def thomson(n: Whole, *, search: Search = DEFAULT) -> None:
    """Place n charges on a sphere so that their Coulomb energy is lowest, and compare with the best known.

    Parameters
    ----------
    n
        Number of charges.
    """
    search.minimise(n, 3, "coulomb")


def energy(
    *, n: Whole, d: Whole = 3, energy: str = "coulomb", exponent: float | None = None, search: Search = DEFAULT
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
    """
    search.minimise(n, d, gs.Potential(energy, exponent))
