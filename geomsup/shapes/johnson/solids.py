"""The list of the Johnson solids."""

from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np

from geomsup.shapes.johnson.carved import CARVED
from geomsup.shapes.johnson.inscribed import inscribed_johnson_solids
from geomsup.shapes.johnson.sporadic import SPORADIC
from geomsup.shapes.johnson.stacks import STACKS, stack
from geomsup.shapes.johnson.table import OTHERS, TABLE
from geomsup.shapes.polytope import Polytope
from geomsup.shapes.solid import solid

__all__ = ["johnson_solids"]


@lru_cache(maxsize=1)
def johnson_solids() -> tuple[Polytope, ...]:
    """Return J1 to J92: all convex solids with regular faces, but for the uniform ones.

    The eight that are inscribed in a sphere about their centroid have the kind "Johnson", the others "solid". A number
    always means the solid with regular faces. A name that a shape with free parameters has, such as "snub disphenoid",
    means that shape; "regular-faced snub disphenoid" is J84.

    References
    ----------
    :cite:t:`johnson1966`.

    Examples
    --------
    >>> johnson_solids()[44], johnson_solids()[44].aliases
    (Polytope(gyroelongated square bicupola: 24 vertices in 3 dimensions), ('J45', 'Johnson solid 45'))
    >>> johnson_solids()[83].norms[[0, -1]].round(4)
    array([1.1435, 0.8321])
    """
    inscribed = {int(shape.aliases[0][1:]): shape for shape in inscribed_johnson_solids()}
    return tuple(inscribed.get(number) or _made(number) for number in range(1, len(TABLE) + len(inscribed) + 1))


def _made(number: int) -> Polytope:
    entry = TABLE[number]
    f_vector = (entry.vertices, entry.vertices + entry.faces - 2, entry.faces)
    aliases = (f"J{number}", f"Johnson solid {number}", *OTHERS.get(number, ()))
    return solid(entry.name, _maker(number), f_vector, entry.order, aliases)


def _maker(number: int) -> Callable[[], np.ndarray]:
    return partial(stack, STACKS[number]) if number in STACKS else (CARVED | SPORADIC)[number]
