"""Prism products, such as prisms and duoprisms, whose vertices are the pairs of vertices of the factors."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache, partial
from math import factorial, prod, sqrt

import numpy as np

from geomsup.shapes import families
from geomsup.shapes.families import adjective, polygon, polygonal
from geomsup.shapes.polytope import Polytope
from geomsup.shapes.uniform import wythoffian
from geomsup.shapes.wythoff.acronyms import ACRONYMS
from geomsup.shapes.wythoff.coxeter import LARGEST_RANK, groups

__all__ = ["cube", "duoprism", "prism", "prism_product"]

# A frame is tight when its eigenvalues agree this well.
TIGHT = 1e-9


def prism(base: Polytope) -> Polytope:
    """Uniform prism over a uniform polytope: its product with a segment of the same edge length.

    Examples
    --------
    >>> prism(polygon(5)), sorted(prism(polygon(5)).variants)
    (Polytope(pentagonal prism {5}x{}: 10 vertices in 3 dimensions), ['tight frame', 'uniform'])
    >>> prism(polygon(4)).name
    'cube'
    """
    return prism_product((base, families.digon()))


def duoprism(p: int, q: int) -> Polytope:
    """p,q-duoprism {p}x{q}; 4,q is the prism over the q-gonal prism.

    Examples
    --------
    >>> duoprism(3, 5).f_vector, duoprism(3, 3).symmetry_order, duoprism(4, 4).name
    ((15, 30, 23, 8), 72, 'tesseract')
    """
    return prism_product((polygon(p), polygon(q)))


def prism_product(factors: Sequence[Polytope]) -> Polytope:
    """Product of uniform polytopes of one edge length; its dimensions add, its vertices multiply.

    Squares and cubes count as segments, so that equal products are one object.

    Parameters
    ----------
    factors
        Uniform polytopes that are no products themselves, but for squares and cubes.

    Raises
    ------
    ValueError
        If the product is a cube of more than 10 dimensions.
    """
    segments, rest = 0, []
    for factor in factors:
        sides = _segments(factor)
        segments += sides
        rest += [] if sides else [factor]
    rest.sort(key=lambda factor: (-factor.dimension, factor.n_vertices, factor.name))
    return _product(segments, tuple(rest))


def _segments(factor: Polytope) -> int:
    """Dimension of a segment, square, cube, ...; 0 for other shapes."""
    d = factor.dimension
    return d if factor.n_vertices == 2**d and factor.symmetry_order == 2**d * factorial(d) else 0


def cube(d: int) -> Polytope:
    """d-cube: digon, square, cube, tesseract, 5-cube, ...

    Examples
    --------
    >>> [cube(d).name for d in (1, 2, 3, 4, 5)]
    ['digon', 'square', 'cube', 'tesseract', '5-cube']
    """
    if d > LARGEST_RANK:
        raise ValueError(f"`d` must be at most {LARGEST_RANK}; got {d}. Take a product of fewer segments.")
    if d < 3:
        return families.digon() if d == 1 else polygon(4)
    return wythoffian(groups(d)[1], (0,))


@lru_cache(maxsize=4096, typed=True)
def _product(segments: int, rest: tuple[Polytope, ...]) -> Polytope:
    if not rest:
        return cube(segments)
    if len(rest) == 1 and segments == 0:
        return rest[0]
    factors = (*rest, cube(segments)) if segments else rest
    names = _names(segments, rest)
    symbol = "x".join([*(factor.symbol for factor in rest), *["{}"] * segments])
    return Polytope(
        names[0],
        partial(_vertices, factors),
        symbol,
        _f_vector(factors),
        2**segments * factorial(segments) * _symmetry(rest),
        tuple(dict.fromkeys(names[1:])),
        partial(_tight, factors),
        circumradius=sqrt(sum(factor.circumradius**2 for factor in factors)),
        vertex_transitive=True,
        kind="product",
    )


def _symmetry(rest: tuple[Polytope, ...]) -> int:
    """Symmetries of the factors, and the permutations of equal ones."""
    return prod(factor.symmetry_order**m * factorial(m) for factor, m in Counter(rest).items())


def _f_vector(factors: tuple[Polytope, ...]) -> tuple[int, ...]:
    """Faces are products of faces, the factors themselves included: multiply the polynomials Σ f_k t^k."""
    counts = np.array([1], dtype=object)
    for factor in factors:
        counts = np.convolve(counts, np.array([*factor.f_vector, 1], dtype=object))
    return tuple(int(count) for count in counts[:-1])


def _vertices(factors: tuple[Polytope, ...]) -> np.ndarray:
    return _joined([factor.circumradius * factor.vertices for factor in factors])


def _tight(factors: tuple[Polytope, ...]) -> dict[str, np.ndarray]:
    """Return the variant in which every factor has the share of the norm that its dimension is of the whole, or none.

    A factor that is no tight frame itself takes its own such variant; cubes of equal edges have equal shares.
    """
    shares = [factor.variants.get("tight frame", factor.vertices) for factor in factors]
    vertices = _joined([sqrt(share.shape[1]) * share for share in shares])
    uniform = _vertices(factors)
    spectrum = np.linalg.eigvalsh(uniform.T @ uniform)
    return {} if np.ptp(spectrum) < TIGHT * spectrum[-1] else {"tight frame": vertices}


def _joined(blocks: list[np.ndarray]) -> np.ndarray:
    """All ways to put one row of each block side by side, on the unit sphere."""
    rows = blocks[0]
    for block in blocks[1:]:
        rows = np.hstack([np.repeat(rows, len(block), axis=0), np.tile(block, (len(rows), 1))])
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _names(segments: int, rest: tuple[Polytope, ...]) -> list[str]:
    """Names, the usual one first, then acronyms and words in another form."""
    if len(rest) == 1 and rest[0].dimension == 2:
        k = rest[0].n_vertices
        if segments == 1:
            names = [f"{polygonal(k)} prism", f"{k}-prism", f"{k}-gonal prism", f"x{k}o x"]
            names += ["enneagonal prism"] if k == 9 else []
            return names + [ACRONYMS[name] for name in names[:1] if name in ACRONYMS]
        if segments == 2:
            p, q = sorted((4, k))
            return [f"{p},{q}-duoprism", f"{q},{p}-duoprism", f"{polygonal(k)} prism prism", f"{{{p}}}x{{{q}}}"]
    if segments == 0 and [factor.dimension for factor in rest] == [2, 2]:
        p, q = (factor.n_vertices for factor in rest)
        return [f"{p},{q}-duoprism", f"{q},{p}-duoprism", f"x{p}o x{q}o", f"{{{q}}}x{{{p}}}"]
    if segments == 1 and len(rest) == 1:
        base = rest[0]
        names = [f"{adjective(base.name)} prism", f"{base.name} prism", f"{base.symbol}x{{}}"]
        return names + [f"{alias} prism" for alias in base.aliases]
    parts = [factor.name for factor in rest] + ([cube(segments).name] if segments else [])
    return [" x ".join(parts)]
