"""Polytopes of ringed Coxeter diagrams, with all their names; vertices are generated when first needed."""

from functools import lru_cache, partial

from geomsup.shapes import families
from geomsup.shapes.polytope import Polytope
from geomsup.shapes.wythoff import construction
from geomsup.shapes.wythoff.acronyms import ACRONYMS
from geomsup.shapes.wythoff.coxeter import Coxeter
from geomsup.shapes.wythoff.ringings import Ringing, canonical, of_rank, symmetry_order
from geomsup.shapes.wythoff.words import coxeter_string, names, schlafli

__all__ = ["all_names", "wythoffian", "wythoffians"]

# Other names in use.
OTHERS = {
    "cube": ("hexahedron",),
    "tesseract": ("octachoron",),
    "24-cell": ("icositetrachoron", "octaplex"),
    "120-cell": ("hecatonicosachoron", "dodecaplex"),
    "600-cell": ("hexacosichoron", "tetraplex"),
    "rectified 5-cell": ("0_21",),
    "5-demicube": ("1_21", "demipenteract"),
    "2_21": ("2_21 (gosset)", "gosset 2_21"),
    "3_21": ("3_21 (gosset)", "gosset 3_21"),
    "4_21": ("4_21 (gosset)", "gosset 4_21"),
}


def wythoffian(group: Coxeter, rings: tuple[int, ...]) -> Polytope:
    """Polytope of a ringed diagram of rank 3 to 10; equal polytopes are one object.

    Examples
    --------
    >>> wythoffian(Coxeter("A", 4), (1,))
    Polytope(rectified 5-cell t1{3,3,3}: 10 vertices in 4 dimensions)
    >>> wythoffian(Coxeter("D", 4), (1,)).name, wythoffian(Coxeter("E", 8), tuple(range(8))).n_vertices
    ('24-cell', 696729600)
    """
    return _made(canonical(group, rings))


def wythoffians(rank: int) -> list[Polytope]:
    """Polytopes of all ringed diagrams of a rank from 3 to 10, each once.

    Examples
    --------
    >>> len(wythoffians(5))
    58
    """
    return [_made(ringing) for ringing in of_rank(rank)]


@lru_cache(maxsize=None, typed=True)
def _made(ringing: Ringing) -> Polytope:
    group, rings = ringing
    if group.family == "A" and rings == (0,):
        return families.simplex(group.rank)
    if group.family == "B" and rings == (group.rank - 1,):
        return families.orthoplex(group.rank)
    name, *_ = names(ringing)
    symbol, *_ = schlafli(ringing)
    return Polytope(
        name,
        partial(construction.vertices, group, rings),
        symbol,
        partial(construction.f_vector, group, rings),
        symmetry_order(group, rings),
        tuple(other for other in all_names(ringing) if other not in (name, symbol)),
        circumradius=partial(construction.radius, group, rings),
        vertex_transitive=True,
    )


def all_names(ringing: Ringing) -> tuple[str, ...]:
    """Return words, acronym, symbols and Coxeter strings of a canonical ringing and all that equal it.

    Examples
    --------
    >>> all_names(canonical(Coxeter("F", 4), (0,)))[:4]
    ('24-cell', 'icositetrachoron', 'octaplex', 'ico')
    """
    name, *_ = names(ringing)
    every = [ringing, *of_rank(ringing.group.rank)[ringing]]
    found = [name, *OTHERS.get(name, ()), *([ACRONYMS[name]] if name in ACRONYMS else [])]
    for make in (names, schlafli, lambda other: (coxeter_string(other),)):
        for other in every:
            found += make(other)
    return tuple(dict.fromkeys(found))
