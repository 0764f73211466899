"""Plain words for readers who have never seen the package."""

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geomsup.recognition import Component

__all__ = ["explained", "fraction", "shortened"]

# Fractions with larger denominators are shown as decimals, which say more.
LARGEST_DENOMINATOR = 60

# Names of shapes beyond this length are cut where there is little room.
LONGEST = 34


def explained(component: "Component") -> str:
    """Return what a component is, in words.

    Examples
    --------
    >>> import geomsup as gs
    >>> explained(gs.classify([[1.0], [-1.0]]).components[0])
    '2 features on opposite directions of one line'
    """
    shape, name = component.polytope, component.name
    if name.startswith("stray"):
        return "a feature that lies across the other components"
    if name.startswith("dedicated"):
        return "a feature with a direction of its own"
    if shape is None:
        return f"{len(component.features)} features that interfere with each other, and form no shape known here"
    if component.rank == 1:
        return f"{len(component.features)} features on opposite directions of one line"
    on = f"{len(component.features)} features on the {shape.n_vertices} corners of"
    figure = {2: "a flat figure", 3: "a solid"}.get(component.rank, f"a figure in {component.rank} dimensions")
    return f"{on} {figure}"


def fraction(value: float) -> str:
    """Return a number between 0 and 1 as a fraction, if it is a simple one.

    Examples
    --------
    >>> fraction(0.4), fraction(1.0), fraction(0.41234)
    ('2/5', '1', '0.412')
    """
    near = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
    return str(near) if abs(float(near) - value) < 1e-9 else f"{value:.3f}"


def shortened(name: str, longest: int = LONGEST) -> str:
    """Return a name that fits into little room."""
    return name if len(name) <= longest else name[: longest - 1].rstrip() + "…"
