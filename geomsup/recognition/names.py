"""Names of components and of whole geometries."""

import re
from collections import Counter
from collections.abc import Sequence

from geomsup.shapes.families import orthoplex, polygonal
from geomsup.shapes.naming.words import plural_noun

__all__ = ["component_name", "counted", "dense_name", "geometry_name", "plural"]

DEDICATED = "dedicated dimension"
STRAY = "stray feature"

# Names that are no nouns: those of components without a shape.
SHAPELESS = ("unnamed", "dense", "near equiangular", "tight frame")

# A geometry of more kinds of components names the first ones.
MOST_KINDS = 8


def component_name(shape: str | None, n_features: int, n_vertices: int, rank: int, empty: int = 0) -> str:
    """Name of one component: its shape's, with remarks where vertices are empty, or features share them.

    Examples
    --------
    >>> component_name("pentagon", 7, 5, 2)
    'pentagon (7 features on 5 vertices)'
    >>> component_name("icosahedron", 10, 10, 3, empty=2)
    'icosahedron with 2 vertices empty'
    >>> component_name(None, 5, 5, 3), component_name(None, 15, 3, 2)
    ('unnamed (5 vertices, rank 3)', 'unnamed (15 features on 3 vertices, rank 2)')
    """
    vertices = f"{n_vertices} {_s('vertex', n_vertices)}"
    on = vertices if n_features == n_vertices else f"{n_features} features on {vertices}"
    if shape is None:
        return f"unnamed ({on}, rank {rank})"
    name = f"{shape} with {empty} {_s('vertex', empty)} empty" if empty else shape
    return name if n_features == n_vertices else f"{name} ({on})"


def dense_name(verdict: str, n_features: int, rank: int) -> str:
    """Name of a component of many rows that is no shape.

    Examples
    --------
    >>> dense_name("dense, nearly random", 30522, 384)
    'dense, nearly random (30522 vertices, rank 384)'
    """
    return f"{verdict} ({n_features} vertices, rank {rank})"


def geometry_name(names: Sequence[str]) -> str:
    """Join component names, which come in order, with counts; a compound with a name of its own gets it.

    Examples
    --------
    >>> geometry_name(["triangle", "triangle", "digon"])
    '2 triangles + digon'
    >>> geometry_name(["digon"] * 3), geometry_name(["pentagon", "digon"])
    ('octahedron (3 digons)', 'pentagonal bipyramid (pentagon + digon)')
    """
    if not names:
        return "nothing represented"
    kinds = Counter(names)
    shown = list(kinds) if len(kinds) <= MOST_KINDS else list(kinds)[: MOST_KINDS - 1]
    parts = " + ".join(counted(name, kinds[name]) for name in shown)
    others = len(names) - sum(kinds[name] for name in shown)
    if others:
        parts += f" + {others} others"
    compound = _compound(names)
    return f"{compound} ({parts})" if compound else parts


def plural(name: str) -> str:
    """Plural of a component's name; what follows the noun stays as it is.

    Examples
    --------
    >>> [plural(name) for name in ("tetrahedron", "5-simplex", "unnamed (5 vertices, rank 3)", "square pyramid, C4v")]
    ['tetrahedra', '5-simplices', 'unnamed (5 vertices, rank 3)', 'square pyramids, C4v']
    >>> plural("triangle of 3 digons"), plural("pentagon with 1 vertex empty"), plural("square about a mean")
    ('triangles of 3 digons', 'pentagons with 1 vertex empty', 'squares about a mean')
    """
    noun = re.split(r", | \(| with | about | of (?!the )", name)[0]
    return name if noun.startswith(SHAPELESS) else plural_noun(noun) + name.removeprefix(noun)


def _s(noun: str, count: int) -> str:
    return noun if count == 1 else plural(noun)


def counted(name: str, count: int) -> str:
    """Return a component's name with its number, if there are several.

    Examples
    --------
    >>> counted("digon", 1), counted("digon", 3)
    ('digon', '3 digons')
    """
    if count == 1:
        return name
    return f"{count} × {name}" if " diagonals of " in name else f"{count} {plural(name)}"


def _compound(names: Sequence[str]) -> str | None:
    """Cross-polytope of digons, or bipyramid of a polygon and a digon."""
    if len(names) > 1 and set(names) == {"digon"}:
        return orthoplex(len(names)).name
    if len(names) == 2 and names[1] == "digon":
        return _bipyramid(names[0])
    return None


def _bipyramid(base: str) -> str | None:
    from geomsup.shapes import polytope

    try:
        shape = polytope(base)
    except ValueError:
        return None
    return f"{polygonal(shape.n_vertices)} bipyramid" if shape.dimension == 2 else None
