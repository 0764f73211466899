"""What a caller gives to be drawn: a result of the right kind, or several."""

from collections.abc import Iterable, Mapping
from typing import Any

from geomsup import checks

__all__ = ["result", "results"]

# Which function returns a result of this kind.
SOURCES = {
    "BlockTable": "block_table()",
    "Comparison": "compare(model, features)",
    "Comparisons": "compare(models, features)",
    "Configuration": "minimize_energy(12)",
    "Geometry": "classify(W)",
    "PhaseDiagram": "phase_diagram(2, 1, p, I)",
    "Plateaus": "plateaus([0.5, 0.3])",
    "Polytope": "polytope('cube')",
    "Sweep": "sweep('train', axes, n_features=5)",
    "Symmetry": "symmetry(points)",
}


def result(name: str, value: Any, kind: str) -> Any:
    """Return `value` if it is of the class of this name; else say which function returns one.

    Examples
    --------
    >>> result("geometry", None, "Geometry")
    Traceback (most recent call last):
    TypeError: `geometry` must be a Geometry; got None. Pass geomsup.classify(W), for example.
    """
    if not _is(value, kind):
        raise TypeError(
            f"`{name}` must be a {kind}; got {checks.shown(value)}. Pass geomsup.{SOURCES[kind]}, for example."
        )
    return value


def results(name: str, values: Any, kind: str) -> list[Any]:
    """Return `values` as a list if each is of the class of this name, and there is at least one.

    Examples
    --------
    >>> results("comparisons", [None], "Comparison")
    Traceback (most recent call last):
    TypeError: `comparisons[0]` must be a Comparison; got None. Pass geomsup.compare(model, features), for example.
    """
    if not isinstance(values, Iterable) or isinstance(values, str | bytes | Mapping):
        raise TypeError(
            f"`{name}` must be a list of {kind} results; got {checks.shown(values)}. "
            f"Pass [geomsup.{SOURCES[kind]}], for example."
        )
    listed = [result(f"{name}[{place}]", value, kind) for place, value in enumerate(values)]
    if not listed:
        raise ValueError(f"`{name}` must have at least one; got none. Pass [geomsup.{SOURCES[kind]}], for example.")
    return listed


def _is(value: Any, kind: str) -> bool:
    """Whether a value is of one of our classes, which would take long to import."""
    return any(base.__name__ == kind and base.__module__.startswith("geomsup.") for base in type(value).__mro__)
