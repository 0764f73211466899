"""A configuration of points as a value: its energy, how it compares with what is known, what it looks like."""

from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.arrays import read_only
from geomsup.energy.minima import Minimum
from geomsup.energy.newton import LARGEST, Curvature, curvature
from geomsup.energy.potentials import Potential
from geomsup.energy.proofs import proof_of
from geomsup.energy.records import Record, tolerance
from geomsup.tables import Readable, Tabular

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.isometries import Symmetry
    from geomsup.recognition import Geometry

__all__ = ["Configuration"]

# Coordinates of points that are named although their search was ended early, when an answer is wanted within 2 s: 150
# points in space take 0.4 s of processor time, 300 take 8 s.
MOST_NAMED = 450


@dataclass(frozen=True, eq=False, repr=False)
class Configuration(Readable, Tabular):
    """The best configuration found of n points on the unit sphere, and the search that found it.

    Attributes
    ----------
    points
        ``(n, d)``, rows of length 1, read-only.
    energy
        Their energy; for "tammes" and "coherence" the largest cosine.
    potential
        The `Potential` that was minimised.
    best_known
        The `Record` of this problem, or None.
    n_starts
        Number of starts.
    minima
        The distinct minima met (`energy`, `points`, `hits`), lowest first, each after a descent to rounding; the best
        is polished by Newton steps too. Where configurations can be deformed at no cost, each end counts as distinct.
        If the search was ended early, starts that would have met count as distinct.
    gradient_rms
        Root mean square of the n d coordinates of the energy's gradient on the sphere; for maxima the decrease
        that the last linear program still promised.
    complete
        False where Ctrl-C or the time limit ended the search.

    Examples
    --------
    >>> import geomsup as gs
    >>> found = gs.thomson(6)
    >>> found.n, found.d, found.geometry.name, found.kind
    (6, 3, 'octahedron (3 digons)', 'minimum')
    >>> print(f"{found.angle:.1f}")
    90.0
    >>> found.symmetry.order, found.hits >= 1, found.is_minimum, found.index, found.zero_modes
    (48, True, True, 0, 0)
    >>> found.verdict
    'matches the best known'
    >>> found.headline()
    '6 points in 3 dimensions, coulomb'
    >>> found.rows()[0]
    ('energy', '9.98528137424')
    >>> len(found.to_rows()), found.to_dict()["n"]
    (6, 6)
    >>> found.plot().name
    '3d'
    """

    points: np.ndarray
    energy: float
    potential: Potential
    best_known: Record | None
    n_starts: int
    minima: tuple[Minimum, ...] = field(repr=False)
    gradient_rms: float
    complete: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", read_only(self.points))

    @property
    def n(self) -> int:
        """Number of points."""
        return self.points.shape[0]

    @property
    def d(self) -> int:
        """Dimension of the space around the sphere."""
        return self.points.shape[1]

    @property
    def hits(self) -> int:
        """Number of starts that reached this energy, within a relative 1e-8."""
        edge = self.energy + 10 * tolerance(self.energy, self.potential)
        return sum(minimum.hits for minimum in self.minima if minimum.energy <= edge)

    @property
    def angle(self) -> float:
        """Smallest angle between two points, degrees; between two lines for "coherence"."""
        t = self.points @ self.points.T
        t = (np.abs(t) if self.potential.name == "coherence" else t)[np.triu_indices(self.n, 1)]
        i = np.triu_indices(self.n, 1)
        at = int(np.argmax(t))
        a, b = self.points[i[0][at]], self.points[i[1][at]]
        near = min(np.linalg.norm(a - b), np.linalg.norm(a + b) if self.potential.name == "coherence" else np.inf)
        return float(np.degrees(2 * np.arcsin(min(1.0, near / 2))))

    @property
    def verdict(self) -> str:
        """How the energy compares with the best known at a relative 1e-9 (of cosines, absolute)."""
        if self.best_known is None:
            return "no published value to compare with"
        excess = self.energy - self.best_known.value
        if abs(excess) <= tolerance(self.best_known.value, self.potential):
            return "matches the best known"
        if excess > 0:
            return f"above the best known by {excess:.3g}"
        return f"below the best known by {-excess:.3g}, which would be new"

    @property
    def proof(self) -> str:
        """Why no points have a lower energy: the bound that is met, or who proved it; "" if nothing proves it."""
        return proof_of(self.n, self.d, self.potential, self.energy, self.best_known)

    @property
    def status(self) -> str:
        """How sure the energy is: "proved" to be the lowest, "best known", or "best of N starts"."""
        if self.proof:
            return "proved"
        if self.best_known and self.energy <= self.best_known.value + tolerance(self.best_known.value, self.potential):
            return "best known"
        return f"best of {checks.count(self.n_starts, 'start')}"

    @cached_property
    def _curvature(self) -> Curvature | None:
        if self.potential.is_maximum or self.n * (self.d - 1) > LARGEST:
            return None
        return curvature(self.points, self.potential)

    @property
    def index(self) -> int | None:
        """Number of negative eigenvalues of the Hessian, 0 at a minimum; None for maxima and very many points.

        None also for ReLU energies of points at right angles, where second derivatives do not exist.
        """
        return self._curvature.index if self._curvature else None

    @property
    def zero_modes(self) -> int | None:
        """Number of directions, rotations aside, in which the Hessian is zero; None as for `index`."""
        return self._curvature.zero_modes if self._curvature else None

    @property
    def is_minimum(self) -> bool | None:
        """Whether the Hessian proves a minimum up to rotations; None where flat directions leave it open."""
        if self._curvature is None:
            return None
        return False if self._curvature.index else None if self._curvature.zero_modes else True

    @cached_property
    def geometry(self) -> "Geometry":
        """The named geometry of the points (`classify`)."""
        from geomsup.recognition import classify

        return classify(self.points, orientation="rows")

    @cached_property
    def symmetry(self) -> "Symmetry":
        """The isometries of the points (`symmetry`): `order`, `schoenflies` in three dimensions, `orbits`."""
        from geomsup.isometries import symmetry

        return symmetry(self.points)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        return {
            "n": self.n,
            "d": self.d,
            "potential": self.potential.label,
            "energy": self.energy,
            "angle": self.angle,
            "best_known": self.best_known.to_dict() if self.best_known else None,
            "verdict": self.verdict,
            "status": self.status,
            "proof": self.proof,
            "hits": self.hits,
            "n_starts": self.n_starts,
            "complete": self.complete,
            "gradient_rms": self.gradient_rms,
            "index": self.index,
            "zero_modes": self.zero_modes,
            "geometry": self.geometry.name if self._is_named else None,
            "symmetry": self._symmetry_in_words() if self._is_named else None,
            "minima": [minimum.to_dict() for minimum in self.minima],
            "points": self.points.tolist(),
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per point: its coordinates x0, x1, ..."""
        return [{"point": i} | {f"x{k}": float(x) for k, x in enumerate(point)} for i, point in enumerate(self.points)]

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the points on matplotlib `ax` (a new one by default) and return the axes."""
        from geomsup.plot import plot_configuration

        return plot_configuration(self, ax=ax)

    @property
    def kind(self) -> str:
        """What the critical point is, in words."""
        if self._curvature is None:
            if self.potential.is_maximum:
                return "contacts balance" if self.gradient_rms < 1e-9 else "contacts do not balance"
            return "undecided" if self.potential.name == "relu" else "not checked"
        if self.index:
            return f"saddle of index {self.index}"
        flat = f" with {self.zero_modes} flat directions" if self.zero_modes else ""
        return f"minimum{flat}"

    def rows(self) -> list[tuple[str, str]]:
        """Return the lines of the printed summary, as pairs of a heading and a text."""
        known = "none"
        if self.best_known:
            known = f"{self.best_known.value:.12g} ({self.best_known.status}; {self.best_known.source})"
        maximum = self.potential.is_maximum
        starts = checks.count(self.n_starts, "start")
        several = "minimum" if len(self.minima) == 1 else "minima"
        return [
            ("largest cosine" if maximum else "energy", f"{self.energy:.12g}"),
            ("best known", known),
            ("verdict", self.verdict + ("" if self.complete else "; the search was ended early")),
            ("status", self.status + (f": {self.proof}" if self.proof else "")),
            ("smallest angle", f"{self.angle:.6f}°"),
            ("reached by", f"{self.hits} of {starts}; {len(self.minima)} distinct {several} met"),
            ("critical point", f"{self.kind}, {'gain left' if maximum else 'gradient rms'} {self.gradient_rms:.1e}"),
            *self._names(),
        ]

    def _symmetry_in_words(self) -> dict[str, Any]:
        return {"order": self.symmetry.order, "schoenflies": self.symmetry.schoenflies}

    def _names(self) -> list[tuple[str, str]]:
        if not self._is_named:
            return [("geometry", "not looked at, since the search was ended early")]
        label = f"{self.symmetry.schoenflies}, " if self.symmetry.schoenflies else ""
        return [("geometry", self.geometry.name), ("symmetry", f"{label}order {self.symmetry.order}")]

    @property
    def _is_named(self) -> bool:
        return self.complete or self.points.size <= MOST_NAMED

    def headline(self) -> str:
        """Return in one line what was minimised."""
        return f"{checks.count(self.n, 'point')} in {checks.count(self.d, 'dimension')}, {self.potential.label}"

    def __str__(self) -> str:
        return "\n".join([self.headline(), *(f"  {head:15} {text}" for head, text in self.rows())])

    def __repr__(self) -> str:
        return f"Configuration({self.headline()}, energy={self.energy:.12g}, {self.verdict})"

    def _repr_html_(self) -> str:
        body = "".join(f"<tr><th>{escape(head)}</th><td>{escape(text)}</td></tr>" for head, text in self.rows())
        return f"<table><caption>{escape(self.headline())}</caption>{body}</table>"
