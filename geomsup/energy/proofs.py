"""Why no points can do better: bounds that a configuration meets, and published proofs."""

from math import sqrt

from geomsup.energy.potentials import Potential
from geomsup.energy.records import Record, tolerance

__all__ = ["lower_bound", "proof_of"]


def proof_of(n: int, d: int, potential: Potential, energy: float, record: Record | None) -> str:
    """Return why an energy is proved to be the lowest: the bound it meets, or a publication; "" if nothing proves it.

    Examples
    --------
    >>> proof_of(6, 3, Potential("coherence"), 5**-0.5, None)
    'meets the Welch bound'
    """
    bound = lower_bound(n, d, potential)
    if bound is not None and energy <= bound[0] + tolerance(bound[0], potential):
        return f"meets {bound[1]}"
    if record is not None and record.status == "proved" and energy <= record.value + tolerance(record.value, potential):
        return record.source
    return ""


def lower_bound(n: int, d: int, potential: Potential) -> tuple[float, str] | None:
    """Return what no n points have less than, and the name of the bound; None if there is no simple one.

    For cosines of points these are Rankin's bounds -1/(n - 1), and 0 for n > d + 1. For those of lines they are
    Welch's sqrt((n - d) / (d (n - 1))), and 1 / sqrt(d) for n > d (d + 1) / 2, where orthoplexes of projectors meet it.
    The frame potential is at least n²/d (rankin1955; welch1974; conway1996; benedetto2003).
    """
    if potential.name == "tammes":
        return (
            (-1.0 / (n - 1), "Rankin's bound of a simplex") if n <= d + 1 else (0.0, "Rankin's bound of an orthoplex")
        )
    if potential.name == "coherence":
        if n <= d:
            return 0.0, "the bound of lines at right angles"
        if n > d * (d + 1) // 2:
            return 1.0 / sqrt(d), "the orthoplex bound"
        return sqrt((n - d) / (d * (n - 1))), "the Welch bound"
    if potential.name == "frame":
        return max(float(n), n * n / d), "the Benedetto-Fickus bound n²/d" if n >= d else "the bound n"
    return (0.0, "the bound 0 of a sum of squares") if potential.name == "relu" else None
