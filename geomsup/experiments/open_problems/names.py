"""Names of geometries, short enough for a figure."""

__all__ = ["brief_name", "plain_name"]


def plain_name(name: str) -> str:
    """Return the shapes of a geometry's name, without their variants.

    Examples
    --------
    >>> plain_name("triangle, tight frame + dedicated dimension (2 features on 1 vertex)")
    'triangle + dedicated dimension'
    """
    return " + ".join(part.split(",")[0].split(" (")[0] for part in str(name).split(" + "))


def brief_name(name: str) -> str:
    """Return the plain name with "dedicated" for dedicated dimensions."""
    return plain_name(name).replace("dedicated dimensions", "dedicated").replace("dedicated dimension", "dedicated")
