"""What a reading of W finds: a set of rows, and the shape that they form, if any."""

from dataclasses import dataclass
from math import inf, log

import numpy as np

from geomsup.recognition import chance
from geomsup.shapes import Polytope

__all__ = ["DOUBT", "EXACT", "Found"]

# A shape is named when chance comes as close at most this often ...
DOUBT = 0.1
# ... or when the rows are on it to this rms distance: a pair of opposite rows in one dimension is a digon,
# although chance makes one every other time.
EXACT = 1e-6

# How often rows that noise of 3 % would explain are a shape that is not in the catalogue, over how often they are the
# shape. Noise of that size is usual; if it is larger, another shape is likelier, by the fourth power. This is a round
# number, not fitted to planted cases yet (`python -m benchmarks.reliability` shows how it does).
UNLISTED = 1e-4


@dataclass(frozen=True, eq=False)
class Found:
    """A set of rows, and its shape.

    Attributes
    ----------
    members
        Its rows, ascending, as indices into the unit rows.
    rank
        Rank of its shape, or of its rows above the noise floor.
    polytope, variant, isomorphism, residual, template, n_parameters, runner_up, margin, empty
        As in `Component`. A single direction has a `residual` but no `polytope`; what has no name has neither.
    n_vertices
        Number of vertices that rows are on.
    chord
        Root-mean-square distance of rows and fitted vertices.
    log_p
        Log of the number of choices times the probability of an accident; 0 without evidence.
    relative_noise
        Noise per coordinate over 3 % of the shortest chord.
    rival
        How probable the best other explanation is, over the probability of this one.
    stray
        Whether it is one row that lies across the other components.
    lines
        Whether its rows are lines, each a pair of opposite vertices of the shape.
    """

    members: np.ndarray
    rank: int
    polytope: Polytope | None = None
    variant: str | None = None
    isomorphism: tuple[int, ...] | None = None
    residual: float | None = None
    n_vertices: int = 0
    chord: float = inf
    log_p: float = 0.0
    template: np.ndarray | None = None
    n_parameters: int = 0
    runner_up: str | None = None
    margin: float | None = None
    empty: tuple[int, ...] = ()
    relative_noise: float = 0.0
    rival: float = 0.0
    stray: bool = False
    lines: bool = False

    @property
    def named(self) -> bool:
        """Whether it has a name: that of its shape, or of a single direction."""
        return self.residual is not None

    @property
    def no_accident(self) -> bool:
        """Whether its shape is unlikely by chance, or exact."""
        return self.log_p <= log(DOUBT) or self.chord < EXACT

    @property
    def sure(self) -> bool:
        """Whether the name stands; in a cut that is still compared with others, it may not."""
        return self.named

    def unnamed(self) -> "Found":
        """Return the rows without what was fitted to them."""
        return Found(self.members, self.rank)

    def confidence(self, n: int) -> float:
        """Probability that the name is right.

        It is no accident, wherever among n rows and whatever its size; it explains the rows better than others do; and
        it is not another shape, which the catalogue lacks, at the distance of the noise.
        """
        no_accident = chance.confidence(self.log_p + chance.log_elsewhere(n, len(self.members), self.n_vertices))
        return no_accident / (1.0 + self.rival + UNLISTED * self.relative_noise**4)
