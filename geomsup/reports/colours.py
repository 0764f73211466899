"""Which colour of the palette belongs to which component."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geomsup.plot.palette import PALETTE

if TYPE_CHECKING:
    from geomsup.recognition import Geometry

__all__ = ["FAINT", "Colours", "colours_of"]

# What is not represented, in place of an index into the palette.
FAINT = -1


@dataclass(frozen=True)
class Colours:
    """Indices into the palette.

    Attributes
    ----------
    components
        Of each component.
    features
        Of each row of W; -1 for those not represented.
    names
        Of each name, where all components of a name share one.
    by
        "component", or "shape" where there are more components than colours.
    """

    components: tuple[int, ...]
    features: tuple[int, ...]
    names: dict[str, int]
    by: str


def colours_of(geometry: "Geometry") -> Colours:
    """Return a colour per component, or one per name if there are more components than colours.

    Examples
    --------
    >>> import geomsup as gs
    >>> colours_of(gs.classify([[1, 0], [-1, 0], [0, 1], [0, -1], [0, 0]])).features
    (0, 0, 1, 1, -1)
    """
    names: dict[str, int] = {}
    for component in geometry.components:
        names.setdefault(component.full_name, len(names) % len(PALETTE))
    few = len(geometry.components) <= len(PALETTE)
    own = tuple(i if few else names[part.full_name] for i, part in enumerate(geometry.components))
    features = [FAINT] * geometry.n_features
    for colour, component in zip(own, geometry.components, strict=True):
        for feature in component.features:
            features[feature] = colour
    return Colours(own, tuple(features), names, "component" if few else "shape")
