"""The best known energies, from published tables, universal optima and proofs in closed form."""

import csv
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from math import cos, pi
from typing import Any

import numpy as np

from geomsup.checks import integer
from geomsup.energy.potentials import Potential, as_potential
from geomsup.tables import Readable

__all__ = ["Record", "best_known", "tolerance"]

# Energies with a smaller relative difference count as equal. At n = 150 the second lowest minimum is 3.4e-7 above the
# lowest.
RELATIVE = 1e-9
# The bipyramid is the best of five points under 1/r^s up to s = 15.048...; beyond, it is a pyramid.
LARGEST_OF_BIPYRAMID = 15.0
COHN_KUMAR = "Cohn and Kumar 2007, Universally optimal distribution of points on spheres"


@dataclass(frozen=True)
class Record(Readable):
    """A best known energy.

    Attributes
    ----------
    value
        The energy, or the largest cosine for "tammes" and "coherence".
    source
        The publication or the argument that the energy comes from.
    status
        "proved", or "best known".
    point_group
        Published Schoenflies symbol of the configuration (Thomson problem), or None.
    note
        What is wrong with the published entry, if anything.

    Examples
    --------
    >>> import geomsup as gs
    >>> record = gs.best_known(12)
    >>> print(f"{record.value:.6f}: {record.status}")
    49.165253: proved
    >>> sorted(record.to_dict())
    ['note', 'point_group', 'source', 'status', 'value']
    """

    value: float
    source: str
    status: str = "best known"
    point_group: str | None = None
    note: str = ""


def best_known(n: int, d: int = 3, energy: Any = "coulomb") -> Record | None:
    """Return the best known energy of n points on the unit sphere in d dimensions, with its source, or None.

    There are four tables: the Thomson problem (d = 3, all n ≤ 204 and some n up to 470), the Tammes problem (d = 3,
    all n ≤ 200 and some n up to 750), five codes in 4 to 7 dimensions, and lines (d from 3 to 7, n ≤ 24). Of five
    points in space, the triangular bipyramid is proved to be the best. A universal optimum has an exact value for
    each potential that it is optimal for: Coulomb, Riesz, logarithmic, and the largest cosine of Tammes. The minimum of
    the frame potential is n²/d for n ≥ d. The minimum of the ReLU energy is 0 for n ≤ 2d.

    Parameters
    ----------
    n
        Number of points, at least 2.
    d
        Dimension, at least 2.
    energy
        As for `minimize_energy`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    References
    ----------
    :cite:t:`cohn2007`. For an entry of a table, `source` names the reference.

    Examples
    --------
    >>> import geomsup as gs
    >>> round(gs.best_known(12).value, 9), gs.best_known(12).status
    (49.165253058, 'proved')
    >>> gs.best_known(240, 8, ("riesz", 6)).value
    8860.763888888889
    """
    n, d = integer("n", n, minimum=2), integer("d", d, minimum=2)
    potential = as_potential(energy)
    if potential.name == "frame":
        return Record(float(max(n, n * n / d)), "Benedetto and Fickus 2003, Finite normalized tight frames", "proved")
    if potential.name == "relu":
        return _relu(n, d)
    if potential.name == "coherence":
        return _lines(n, d)
    if potential.name == "custom":
        return None
    codes = _table_of("codes") if potential.name == "tammes" else {}
    return codes.get((n, d)) or _universal(n, d, potential) or (_table(n, potential) if d == 3 else None)


def tolerance(value: float, potential: Potential) -> float:
    """Return how far apart two equal energies may be: 1e-9 of the value, or 1e-9 itself for cosines."""
    return RELATIVE * (1.0 if potential.is_maximum else max(abs(value), 1e-3))


def _five(potential: Potential) -> Record | None:
    """Return the energy of the triangular bipyramid, which is proved to be the lowest of five points in space."""
    exponent = 1.0 if potential.name == "coulomb" else potential.exponent
    if potential.name == "log":
        source = "Dragnev, Legg and Townsend 2002, Discrete logarithmic energy on the sphere"
    elif exponent in (1.0, 2.0):
        source = "Schwartz 2013, The five-electron case of Thomson's problem"
    elif exponent is not None and exponent <= LARGEST_OF_BIPYRAMID:
        source = "Schwartz 2016, The phase transition in 5 point energy minimization"
    else:
        return None
    products, pairs = np.array([-1.0, -0.5, 0.0]), np.array([1, 3, 6])
    terms = potential.terms(products, 2 - 2 * products)[0]
    return Record(float(terms @ pairs), source, "proved", "D3h" if exponent == 1.0 else None)


def _universal(n: int, d: int, potential: Potential) -> Record | None:
    """Return the energy of a simplex, orthoplex, polygon or sharp code, computed from its inner products."""
    source, status = COHN_KUMAR, "proved"
    if (n, d) == (5, 3) and potential.name != "tammes":
        return _five(potential)
    if n <= d + 1:
        products, counts = np.array([-1 / (n - 1)]), np.array([n - 1])
    elif n == 2 * d:
        products, counts = np.array([-1.0, 0.0]), np.array([1, n - 2])
    elif d == 2:
        products, counts = np.cos(2 * np.pi * np.arange(1, n) / n), np.ones(n - 1)
    elif n < 2 * d and potential.name == "tammes":
        return Record(0.0, "Rankin 1955, The closest packing of spherical caps in n dimensions", status)
    elif (n, d) in _sharp():
        products, counts, note = _sharp()[n, d]
        if "NOT" in note and not (potential.is_maximum or (potential.exponent or 1.0) in (1.0, 2.0)):
            return None
        status = "proved" if "(proved" in note else "best known"
        source = (
            "Cohn, de Laat and Leijenhorst 2024"
            if "2024" in note
            else COHN_KUMAR
            if "(proved" in note
            else "Ballinger et al. 2009"
            if "conj" in note
            else "D4 root system"
        )
    else:
        return None
    if potential.name == "tammes":
        return Record(float(products.max()), source, status)
    terms = potential.terms(products, 2 - 2 * products)[0]
    return Record(float(n * (terms @ counts) / 2), source, status)


def _relu(n: int, d: int) -> Record | None:
    if n <= 2 * d:
        return Record(0.0, "no positive inner product: some vertices of the cross-polytope", "proved")
    if n == 2 * d + 1:
        return Record(5 * (3 - 5**0.5) / 4, "a pentagon and d - 2 digons; found by search")
    return None


def _lines(n: int, d: int) -> Record | None:
    if n <= d:
        return Record(0.0, "orthogonal lines", "proved")
    if d == 2:
        return Record(cos(pi / n), "lines at equal angles", "proved")
    return _table_of("lines").get((n, d))


def _table(n: int, potential: Potential) -> Record | None:
    if potential.name == "coulomb" or (potential.name == "riesz" and potential.exponent == 1):
        return _table_of("thomson").get((n, 3))
    return _table_of("tammes").get((n, 3)) if potential.name == "tammes" else None


def _rows(name: str) -> list[dict[str, str]]:
    text = files("geomsup.energy").joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@lru_cache(maxsize=None, typed=True)
def _table_of(name: str) -> dict[tuple[int, int], Record]:
    column = {"thomson": "energy", "tammes": "cosine", "codes": "cosine", "lines": "coherence"}[name]
    return {
        (int(row["n"]), int(row.get("d", 3))): Record(
            float(row[column]),
            row["source"],
            "proved" if row.get("status") in ("proved", "meets bound") else "best known",
            row.get("point_group"),
            row.get("note", ""),
        )
        for row in _rows(name)
    }


@cache
def _sharp() -> dict[tuple[int, int], tuple[np.ndarray, np.ndarray, str]]:
    found = {}
    for row in _rows("universal_optima"):
        pairs = np.array([pair.split(":") for pair in row["inner_products"].split()], dtype=float)
        found[int(row["n"]), int(row["d"])] = (pairs[:, 0], pairs[:, 1], row["status"])
    return found
