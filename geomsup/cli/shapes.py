"""Commands about shapes and points on spheres: ``polytope``, ``thomson`` and ``energy``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclopts import Parameter

import geomsup as gs
from geomsup import checks
from geomsup.cli.console import check_files, deliver, print_table, progress_bars, save_figure
from geomsup.cli.options import Json, Output, Whole

__all__ = ["Search", "energy", "polytope", "thomson"]


MOST_VERTICES = 20_000  # of a shape whose edges are listed: a list of a million takes minutes


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
        Also write the result to this file, .json or, as a table of points, .csv.
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
        deliver(found.to_dict(), str(found), self.as_json, self.output, found.to_rows, self.plot)


DEFAULT = Search()


def polytope(
    name: str | None = None,
    *,
    vertices: Whole | None = None,
    dimension: Whole | None = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Say what is known of a shape, or list the shapes of a dimension and a number of vertices.

    Examples: ``geomsup polytope icosahedron``; ``geomsup polytope "{3,5}" -o icosahedron.json``;
    ``geomsup polytope --dimension 4``; ``geomsup polytope --vertices 9``.

    Parameters
    ----------
    name
        Name, acronym, Schläfli symbol or Coxeter string of one shape. Left out, shapes are listed.
    vertices
        List those with this number of vertices.
    dimension
        List those of this dimension.
    output
        Also write the result to this file: .json, with coordinates, or as a table .csv.
    """
    check_files(output)
    if name is None:
        listed = [_row(shape) for shape in gs.polytopes(dimension, vertices)]
        if as_json or not listed:
            deliver({"polytopes": listed}, "no shape is known", as_json, output, lambda: listed)
            return
        text = f"{checks.count(len(listed), 'shape')}; of one: geomsup polytope NAME"
        deliver({"polytopes": listed}, text, False, output, lambda: listed)
        print_table("", list(listed[0]), [[str(cell) for cell in row.values()] for row in listed])
        return
    if vertices is not None or dimension is not None:
        raise ValueError(
            "`NAME` must not come with `--vertices` or `--dimension`, which list; got both. Leave one out."
        )
    shape = gs.polytope(name)
    if shape.n_vertices > MOST_VERTICES:
        raise ValueError(
            f"`NAME` must have at most {MOST_VERTICES} vertices to be described; got {shape.n_vertices}. "
            "List it: geomsup polytope --dimension D."
        )
    deliver(shape.to_dict(), str(shape), as_json, output, shape.to_rows)


def _row(shape: gs.Polytope) -> dict[str, Any]:
    return {
        "name": shape.name,
        "symbol": shape.symbol,
        "vertices": shape.n_vertices,
        "dimension": shape.dimension,
        "symmetry": shape.symmetry_order,
    }


def thomson(n: Whole, *, search: Search = DEFAULT) -> None:
    """Place n charges on a sphere so that their Coulomb energy is lowest, and compare with the best known.

    Example: ``geomsup thomson 12 --plot icosahedron.png``.

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

    Example: ``geomsup energy --n 16 --d 5 --energy relu``.

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
