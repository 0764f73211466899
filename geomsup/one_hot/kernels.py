"""Integrals over one-hot inputs, x = μ e_j with μ uniform on [0, 1], and the critical points of a shape."""

import numpy as np
from numpy.polynomial import Polynomial

__all__ = ["critical_ratios", "ratio_moments", "squared_errors"]

Terms = tuple[np.ndarray, np.ndarray, np.ndarray]

NEAR = 1e-9  # a root at most this far outside the interval of its polynomial counts as inside; nearer roots are one
REAL = 1e-6  # double roots split into complex pairs this far from the axis
POLISHING = 4  # Newton steps: eigenvalue routines leave 1e-13 or so of a root, each step squares that
SETTLED = 1e-10  # longest last step at a root: rounding alone leaves 1e-13, a false root far more


def squared_errors(coupling: np.ndarray, b: np.ndarray, own: np.ndarray) -> Terms:
    """Return h_ij = 3 ∫₀¹ (δ_ij x - relu(G_ij x + b_i))² dx and its slopes in G_ij and in b_i, each ``(r, c)``.

    Row i is output i, column j the active feature; `own` ``(r, c)`` is δ. Where the output is on, for x in [start,
    end], its error is linear in x, so the integrals are those of products of linear functions, and no large terms
    cancel.
    """
    left = np.broadcast_to(b[:, None], coupling.shape)
    right = coupling + left
    on_left, on_right = left > 0, right > 0
    slope = np.where(on_left == on_right, 1.0, coupling)
    crossing = -left / slope
    start = np.where(on_left | ~on_right, 0.0, crossing)
    end = np.where(on_right, 1.0, np.where(on_left, crossing, 0.0))
    error_start = own * start - np.maximum(left, 0.0)
    error_end = own * end - np.maximum(right, 0.0)
    length = np.where(on_left == on_right, end - start, np.maximum(left, right) / np.abs(slope))
    silent = own * (start**3 + (1.0 - end**3))
    value = length * (error_start**2 + error_start * error_end + error_end**2) + silent
    slope_coupling = -length * (error_start * (2 * start + end) + error_end * (start + 2 * end))
    slope_b = -3 * length * (error_start + error_end)
    return value, slope_coupling, slope_b


def ratio_moments(cosines: np.ndarray, ratio: float) -> tuple[float, float, float, float]:
    """Return A, B, A', B' at τ = `ratio` < 1, for a vertex that sees all vertices (itself too) under `cosines`.

    A = ∫ x relu(x - τ) dx, B = Σ_j ∫ relu(g_j x - τ)² dx: the potential of the vertex with norm² s and bias -τ s is
    H = 1 - 6 s A + 3 s² B.
    """
    g, t = cosines, ratio
    if t >= 0:
        above = g[g > t]
        B, slope_B = ((above - t) ** 3 / (3 * above)).sum(), -((above - t) ** 2 / above).sum()
        return (1 - t) ** 2 * (2 + t) / 6, float(B), (t * t - 1) / 2, float(slope_B)
    on, off = g[g >= t], g[g < t]
    B = (on**2 - 3 * on * t + 3 * t * t).sum() / 3 + (t**3 / (3 * off)).sum()
    slope_B = (2 * t - on).sum() + (t * t / off).sum()
    return 1 / 3 - t / 2, float(B), -0.5, float(slope_B)


def critical_ratios(cosines: np.ndarray) -> list[float]:
    """Return every τ < 1, ascending, at which some norm makes the potential stationary in norm and bias.

    For given τ the best norm² is A / B, with H = 1 - 3 A² / B left; that is stationary in τ where
    2 A' B = A B', a polynomial equation of degree at most 5 between any two neighbouring cosines.
    """
    ends = np.unique(np.append(cosines[cosines < 1], 0.0))
    found = [0.0] if ends[-1] == 0 else []  # above all other cosines H = 1 - (1 - τ)(2 + τ)² / 4
    for low, high in zip([-np.inf, *ends[:-1].tolist()], ends.tolist(), strict=True):
        slope = _slope_polynomial(cosines, low, high)
        for root in slope.roots():
            if abs(root.imag) < REAL and -NEAR <= root.real <= high - low + NEAR:
                ratio = _polished(cosines, slope, high, float(root.real))
                if ratio is not None and low - NEAR <= ratio <= high + NEAR:
                    found.append(ratio)
    found.sort()
    return [ratio for i, ratio in enumerate(found) if i == 0 or ratio - found[i - 1] > NEAR]


def _slope_polynomial(cosines: np.ndarray, low: float, high: float) -> Polynomial:
    """Return A' B - A B' / 2 between neighbouring cosines, in v = `high` - τ >= 0; primes are derivatives in v.

    In v, the sums over cosines in B have no negative terms, so they do not cancel.
    """
    if high > 0:
        on = cosines[cosines >= high]
        A = Polynomial([1 - high, 1]) ** 2 * Polynomial([2 + high, -1]) / 6
        gap = on - high
        B = Polynomial([(gap**3 / on).sum() / 3, (gap**2 / on).sum(), (gap / on).sum(), (1 / on).sum() / 3])
    else:
        on, off = cosines[cosines >= high], cosines[cosines <= low]
        A = Polynomial([1 / 3 - high / 2, 1 / 2])
        B = Polynomial([(on**2 - 3 * on * high).sum() / 3 + len(on) * high**2, on.sum() - 2 * len(on) * high, len(on)])
        B += Polynomial([-high, 1]) ** 3 * (1 / np.abs(off)).sum() / 3
    return (A.deriv() * B - A * B.deriv() / 2).trim()


def _polished(cosines: np.ndarray, slope: Polynomial, high: float, v: float) -> float | None:
    """Improve a root by Newton steps with slopes summed without cancellation; None for a false root."""
    steepness, step = slope.deriv(), np.inf
    for _ in range(POLISHING):
        A, B, dA, dB = ratio_moments(cosines, high - v)
        step = (dA * B - A * dB / 2) / (steepness(v) or np.inf)
        v += step
    return float(high - v) if abs(step) <= SETTLED else None
