"""How probable it is that random directions come as close to a shape as the data do."""

from dataclasses import dataclass, replace
from itertools import combinations
from math import comb, exp, inf, lgamma, log, pi

import numpy as np

__all__ = [
    "LARGEST_EXPONENT", "Tube", "confidence", "deviation", "log_ball", "log_betainc", "log_cap", "log_choices",
    "log_elsewhere", "log_share", "log_sphere", "tube",
]  # fmt: skip

# The least deviation. Smaller ones are rounding errors of the formula in `deviation`, a difference of squares. It also
# keeps log p finite, so that two perfect shapes count more than one.
SMALLEST_DEVIATION = 1e-8

# Ratios of probabilities beyond e to this power are nothing, or as good as infinite.
LARGEST_EXPONENT = 700.0

# Smaller probabilities are too near to what a double holds: then the first term of their series is as good.
TINY = 1e-280


def deviation(X: np.ndarray, template: np.ndarray, free: np.ndarray | None = None) -> float:
    """Root-mean-square distance of unit rows X from the nearest copy of `template` inside a subspace.

    ρ² = (‖X‖² + ‖T‖² − 2‖Tᵀ X C‖_*)/k, where the columns of C span the subspace and ‖·‖_* is the sum of
    singular values: orthogonal Procrustes in closed form. What of X leaks out of the subspace counts.

    Parameters
    ----------
    X
        ``(k, m)`` unit rows.
    template
        ``(k, r)``; row i is the template vertex of row i of X.
    free
        C, ``(m, f)`` orthonormal columns: the complement of the other components' span; None for all of space.

    Examples
    --------
    >>> digon = np.array([[1.0], [-1.0]])
    >>> deviation(np.array([[1.0], [1.0]]), digon, np.eye(1))
    1.4142
    """
    images = template.T @ X
    overlap = np.linalg.svd(images if free is None else images @ free, compute_uv=False).sum()
    squared = ((X**2).sum() + (template**2).sum() - 2 * overlap) / len(X)
    return float(np.sqrt(max(squared, SMALLEST_DEVIATION**2)))


@dataclass(frozen=True)
class Tube:
    """Neighbourhood of the copies of a shape among all k-tuples of directions.

    Attributes
    ----------
    log_density
        Logarithm of the volume of the copies over that of all k-tuples.
    codimension
        Number D of independent ways to leave the copies.
    squared_radius
        Squared distance kρ² of the data from the nearest copy.
    """

    log_density: float = 0.0
    codimension: int = 0
    squared_radius: float = 0.0

    @property
    def possible(self) -> bool:
        """Whether there is any copy: the free dimensions may be too few."""
        return self.log_density < inf

    @property
    def log_probability(self) -> float:
        """Log of the probability to be as near as the data; above 0 where that is too far for the formula."""
        D = self.codimension
        if D == 0:
            return self.log_density
        return self.log_density + log_ball(D) + D / 2 * log(self.squared_radius)

    def at_least(self, squared_radius: float) -> "Tube":
        """Return this tube, of at least a squared radius."""
        return replace(self, squared_radius=max(self.squared_radius, squared_radius))

    def __add__(self, other: "Tube") -> "Tube":
        """Both shapes at once, the second one free in the complement of the first."""
        return Tube(
            self.log_density + other.log_density,
            self.codimension + other.codimension,
            self.squared_radius + other.squared_radius,
        )


def tube(
    template: np.ndarray, symmetry_order: float, n_vertices: int, f: int, m: int, rho: float, parameters: int = 0,
    empty: int = 0,
) -> Tube:  # fmt: skip
    """Tube of radius ρ√k around the copies of a shape, to leading order in ρ.

    k directions, independent and uniform on the sphere S^{m−1}; copies: rotated and reflected inside the f
    free dimensions, and relabelled in all k!/|G| different ways. They form manifolds of dimension
    q = r(r−1)/2 + r(f−r) in (S^{m−1})^k, and a tube around one has the volume Vol(orbit) · V_D (ρ√k)^D,
    D = k(m−1) − q, V_D the volume of the unit D-ball. With λ_1..λ_r the eigenvalues of TᵀT,

    Vol(orbit) = Π_{j=f−r+1..f} Vol(S^{j−1}) · Π_{i<j<=r} √(λ_i+λ_j) · Π_{i<=r} λ_i^{(f−r)/2}.

    Where features share vertices (k > v) the relabellings are the surjections of k features on v vertices,
    modulo |G|. Where vertices are empty, the choice of them counts too.

    Parameters
    ----------
    template
        T, ``(k, r)``: the template vertex of each feature.
    symmetry_order
        |G|, the number of symmetries of the shape, empty vertices included.
    n_vertices
        Number v of different vertices in `template`.
    f, m
        Free and all dimensions, r <= f <= m. With r > f there is no copy, and the density is ``inf``.
    rho
        Root-mean-square deviation ρ per feature.
    parameters
        Number of parameters of the template that have been fitted. Each has a range of at most a quarter turn of
        all vertices, π/2·√k of length, and leaves one way less to leave the copies.
    empty
        Number of vertices of the shape that no feature is on.

    References
    ----------
    :cite:t:`weyl1939`; :cite:t:`hotelling1939`.

    Examples
    --------
    >>> digon = np.array([[1.0], [-1.0]])
    >>> exp(tube(digon, 2, 2, 1, 1, 0.1).log_probability)  # on a line, random signs differ every other time
    0.5
    """
    k, r = template.shape
    if r > f:
        return Tube(inf)
    codimension = max(k * (m - 1) - (r * (r - 1) // 2 + r * (f - r)) - parameters, 0)
    copies = (
        _log_labellings(k, n_vertices, n_vertices + empty) - log(symmetry_order) + parameters * log(pi / 2 * k**0.5)
    )
    return Tube(copies + _log_orbit(template, f) - k * log_sphere(m - 1), codimension, k * rho**2)


def log_choices(n: int, k: int, templates: int) -> float:
    """Logarithm of C(n, k) · `templates`, the number of ways there were to find a shape of k of n features.

    Examples
    --------
    >>> exp(log_choices(6, 3, 1))
    20.0
    """
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + log(templates)


def log_elsewhere(n: int, k: int, v: int) -> float:
    """Logarithm of the number of sizes a shape could have had.

    Any number of features from 2 to n would have made a discovery, and where k features share v < k vertices,
    any number of vertices from 2 to k.

    Examples
    --------
    >>> exp(log_elsewhere(7, 5, 5))
    6.0
    """
    return log(max(n - 1, 1)) + (log(max(k - 1, 1)) if v < k else 0.0)


def log_cap(m: int, rho: float) -> float:
    """Logarithm of the fraction of directions of m dimensions within a small distance of one of them.

    Examples
    --------
    >>> exp(log_cap(2, 0.1))  # an arc of 0.2 of a circle of 2π
    0.0318
    """
    return log_ball(m - 1) + (m - 1) * log(rho) - log_sphere(m - 1)


def log_share(share: float, d: int, m: int) -> float:
    """Log of the probability that at most this share of a random direction of m dimensions lies in d of them.

    The squared length in d dimensions has a Beta(d/2, (m − d)/2) law.

    Examples
    --------
    >>> exp(log_share(0.25, 1, 2)), exp(log_share(0.25, 1, 3))  # 30 of 90 degrees; a half of the height of a sphere
    (0.3333, 0.5)
    """
    if not 0 < d < m or share >= 1:
        return 0.0
    return float(log_betainc(d / 2, (m - d) / 2, np.array(max(share, SMALLEST_DEVIATION**2))))


def log_betainc(a: float, b: float, x: np.ndarray) -> np.ndarray:
    """Log of the regularised incomplete beta function I_x(a, b), also where this underflows.

    The first term of its series is x^a (1 − x)^b/(a B(a, b)).

    Examples
    --------
    >>> log_betainc(1.0, 2.0, np.array([0.5])).round(4), log_betainc(200.0, 0.5, np.array([1e-3])).round(2)
    (array([-0.2877]), array([-1384.77]))
    """
    from scipy.special import betainc, betaln

    exact = betainc(a, b, x)
    with np.errstate(divide="ignore"):
        first = a * np.log(x) + b * np.log1p(-x) - np.log(a) - betaln(a, b)
        return np.where(exact > TINY, np.log(exact), first)


def confidence(log_p: float) -> float:
    """One minus the probability that random directions would come as close to a named shape, 1 − min(1, p).

    Examples
    --------
    >>> confidence(log(0.01)), confidence(2.0)
    (0.99, 0.0)
    """
    return 1.0 - min(1.0, exp(min(log_p, 0.0)))


def _log_orbit(template: np.ndarray, f: int) -> float:
    """Volume of the rotated and reflected copies of the rows of `template` in f dimensions."""
    r = template.shape[1]
    eigenvalues = np.linalg.eigvalsh(template.T @ template).tolist()
    turns = sum(log(a + b) for a, b in combinations(eigenvalues, 2)) / 2
    tilts = (f - r) / 2 * sum(map(log, eigenvalues))
    return turns + tilts + sum(log_sphere(j - 1) for j in range(f - r + 1, f + 1))


def log_sphere(d: int) -> float:
    """Log of the volume of the d-sphere S^d in R^{d+1}; two points for d = 0."""
    return log(2) + (d + 1) / 2 * log(pi) - lgamma((d + 1) / 2)


def log_ball(d: int) -> float:
    """Log of the volume of the unit ball in R^d."""
    return d / 2 * log(pi) - lgamma(d / 2 + 1)


def _log_labellings(k: int, filled: int, v: int) -> float:
    """Number of ways to send k features to `filled` of v vertices, leaving none of these out: k! when all are equal."""
    chosen = lgamma(v + 1) - lgamma(filled + 1) - lgamma(v - filled + 1)
    if k == filled:
        return chosen + lgamma(k + 1)
    return chosen + log(sum((-1) ** j * comb(filled, j) * (filled - j) ** k for j in range(filled)))
