"""A shape fitted to rows, as a value."""

from dataclasses import dataclass

import numpy as np

from geomsup.recognition.found import Found
from geomsup.recognition.matching.acceptance import ACCEPTANCE, LONGEST_CHORD, freedom, noise_estimate
from geomsup.recognition.matching.templates import count_templates
from geomsup.shapes import Polytope

__all__ = ["USUAL_NOISE", "Match"]

# Noise per coordinate, as a fraction of the shortest chord. Above it, more noise counts as less likely: a noisy
# bicapped triangular prism is no square antiprism with three times the noise.
USUAL_NOISE = 0.03


@dataclass(frozen=True, eq=False)
class Match:
    """A shape fitted to unit rows X ``(k, m)``.

    Attributes
    ----------
    polytope
        The shape, None for a single direction.
    variant
        Name of the variant, "uniform", ...; "fitted" for a member of the shape's family at parameters of its own;
        or "distorted".
    isomorphism
        Vertex index of each row.
    template
        ``(k, r)``: vertex of each row, in the nearest variant or the fitted member.
    frame
        ``(r, m)`` orthonormal rows, the axes of the template in the space of X.
    chord
        Root-mean-square distance of rows and fitted vertices.
    reach
        Largest root-mean-square distance at which this template is accepted.
    n_parameters
        Number of parameters fitted.
    runner_up
        Name of the shape that is nearest but for this one, among those of as many vertices; None without any.
    margin
        How much further that is at least, in root-mean-square distance; by lower bounds, or by fitting it.
    rival
        How probable the best other shape is by its fit and freedom, over the probability of this one.
    """

    polytope: Polytope | None
    variant: str
    isomorphism: tuple[int, ...]
    template: np.ndarray
    frame: np.ndarray
    chord: float
    reach: float = ACCEPTANCE * LONGEST_CHORD
    n_parameters: int = 0
    runner_up: str | None = None
    margin: float | None = None
    rival: float = 0.0

    @property
    def symmetry_order(self) -> int:
        """Order of the shape's symmetry group."""
        return self.polytope.symmetry_order if self.polytope else 1

    @property
    def n_vertices(self) -> int:
        """Number of vertices that rows are on, at most the number of rows."""
        return self.polytope.n_vertices - len(self.empty) if self.polytope else 1

    @property
    def empty(self) -> tuple[int, ...]:
        """Vertices of the shape that no row is on."""
        return tuple(sorted(set(range(self.polytope.n_vertices)) - set(self.isomorphism))) if self.polytope else ()

    @property
    def n_templates(self) -> int:
        """Number of templates, variants included, that were possible at this rank and number of vertices.

        Where vertices are empty, shapes of any number of vertices up to this one were possible.
        """
        if self.polytope is None:
            return 1
        sizes = range(self.n_vertices, self.polytope.n_vertices + 1)
        return max(1, sum(count_templates(self.polytope.dimension, size) for size in sizes))

    @property
    def fitted(self) -> np.ndarray:
        """Vertices of the fitted shape, one per row, ``(k, m)``."""
        return self.template @ self.frame

    def noise(self, m: int) -> float | None:
        """Estimate of the noise per coordinate of rows in m dimensions; None where all freedom has been fitted."""
        k, r = self.template.shape
        return noise_estimate(k, m, r, self.chord, self.n_parameters)

    def relative_noise(self, m: int) -> float:
        """Noise per coordinate of rows in m dimensions, over `USUAL_NOISE` of the shortest chord."""
        k, r = self.template.shape
        left = max(freedom(k, m, r) - self.n_parameters, 1)
        return self.chord * (k / left) ** 0.5 * ACCEPTANCE / self.reach / USUAL_NOISE

    def residual(self, X: np.ndarray) -> float:
        """Root-mean-square angle between rows and fitted vertices, in degrees."""
        chords = np.linalg.norm(X - self.fitted, axis=1)
        angles = 2 * np.arcsin(np.minimum(chords / 2, 1.0))
        return float(np.degrees(np.sqrt(np.mean(angles**2))))

    def found(self, X: np.ndarray, members: np.ndarray, log_p: float) -> Found:
        """Return this as what unit rows X, the `members` of W, were found to be."""
        shape = self.polytope
        return Found(
            members=members,
            rank=len(self.frame),
            polytope=shape,
            variant=self.variant if shape else None,
            isomorphism=self.isomorphism if shape else None,
            residual=self.residual(X),
            n_vertices=self.n_vertices,
            chord=self.chord,
            log_p=log_p,
            template=self.template if shape else None,
            n_parameters=self.n_parameters,
            runner_up=self.runner_up,
            margin=self.margin,
            empty=self.empty,
            relative_noise=self.relative_noise(X.shape[1]) if shape else 0.0,
            rival=self.rival,
        )
