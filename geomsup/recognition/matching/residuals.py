"""What residuals say beside their size: one vertex out of place, a stretch, or residuals all alike are no noise."""

from dataclasses import dataclass, replace
from math import exp, lgamma, log, pi

import numpy as np

from geomsup.recognition import chance
from geomsup.recognition.found import Found
from geomsup.recognition.matching.acceptance import freedom
from geomsup.recognition.matching.alignment import procrustes
from geomsup.recognition.matching.match import Match

__all__ = [
    "WorstRow", "all_alike", "another", "doubted", "in_span", "log_any_size", "log_student", "stretched",
    "two_distances", "worst_row",
]  # fmt: skip

# A displacement that is no noise has any order of magnitude from 0.001 to 1, an interval of log 1000.
SIZES = 7.0

# Odds, before the rows are looked at, that the vertex of the worst row is out of place by more than the noise.
DISPLACED = 0.01
# Odds that such a shape is another one, half of those at the distance x = 1, at which a shape is not accepted any more
# if all rows are as far: fitted to rows turned by 5 to 45 degrees (`python -m benchmarks.reliability --hard`).
ANOTHER = 0.1
# A shape whose residuals are no noise is "distorted" from these odds of another shape on: those of one row that is
# 0.8 times as far from its vertex as all may be on average.
FAR_OUT = ANOTHER

# A shape is also "distorted" if a pattern of the residuals is this probable, and they are this large, in degrees: more
# than rounding makes.
SURE, LEAST_DEGREES = 0.99, 0.25

# Odds, before the rows are looked at, that a shape is fitted to rows with two kinds of distances, such as those of a
# graph. Of a thousand shapes under noise, the evidence for it was beyond e⁹ in none.
TWO_DISTANCES = 1e-3
# Inner products that are compared: from so few, two kinds can be told from one, and so many are enough.
FEWEST_ROWS, MOST_ROWS = 8, 1000

# Steps to the nearest linear image: each leaves a third of the error for a stretch by a half.
IMAGE_STEPS = 8


@dataclass(frozen=True)
class WorstRow:
    """Distance of the worst row from its vertex, where the others put it, and how dense such rows are.

    Attributes
    ----------
    distance
        The distance, at least `chance.SMALLEST_DEVIATION`.
    log_even, log_uneven
        Log density of such a displacement by the noise of the others, and of one of any size.
    """

    distance: float
    log_even: float
    log_uneven: float


def worst_row(X: np.ndarray, whole: np.ndarray, template: np.ndarray, parameters: int, m: int) -> WorstRow | None:
    """Return the row furthest from its vertex.

    None in one dimension, where rows cannot turn, and where all freedom of the others has been fitted.

    Parameters
    ----------
    X
        ``(k, ·)`` unit rows, seen in some dimensions.
    whole
        The same rows in all columns: the noise that leaves the dimensions of X tells of that in them.
    template
        ``(k, r)`` vertex of each row.
    parameters
        Number of parameters of the template that have been fitted.
    m
        Number of dimensions of random directions, at most as many as X has columns.
    """
    d = m - 1
    if d < 1:
        return None
    fitted = template @ procrustes(template, X)
    worst = int(np.argmax(np.linalg.norm(X - fitted, axis=1)))
    others = np.arange(len(X)) != worst
    frame = procrustes(template[others], X[others])
    distance = max(float(np.linalg.norm(X[worst] - template[worst] @ frame)), chance.SMALLEST_DEVIATION)
    by_noise = [_log_noise(distance, d, rows, template, parameters, others) for rows in (X, whole)]
    log_even = max((value for value in by_noise if value is not None), default=None)
    return None if log_even is None else WorstRow(distance, log_even, log_any_size(distance, d))


def _log_noise(
    distance: float, d: int, X: np.ndarray, template: np.ndarray, parameters: int, others: np.ndarray
) -> float | None:
    """Log density of a displacement in d dimensions by the noise of the others: Student's t of their residuals.

    The others were fitted, with a frame and parameters: where they put the vertex is uncertain too. A fraction h of
    the freedom of all rows has been fitted, so the variance is 1/(1 − h) times that of the noise.
    """
    m = X.shape[1]
    total = freedom(len(X), m, template.shape[1]) - parameters
    left = total - (m - 1)
    if left < 1:
        return None
    T = template[others]
    squared = float(((X[others] - T @ procrustes(T, X[others])) ** 2).sum())
    squared = max(squared, len(X) * chance.SMALLEST_DEVIATION**2) * len(X) * (m - 1) / total
    return log_student(distance, d, squared, left)


def log_student(distance: float, d: int, squared: float, left: int) -> float:
    """Log density, in d dimensions, of noise of which `left` values had this sum of squares: Student's t."""
    return (
        lgamma((left + d) / 2) - lgamma(left / 2) - d / 2 * log(pi * squared)
        - (left + d) / 2 * log(1 + distance**2 / squared)
    )  # fmt: skip


def log_any_size(distance: float, d: int) -> float:
    """Log density, in d dimensions, of a displacement of any order of magnitude: 1/(its ball's volume · d · SIZES)."""
    return -chance.log_ball(d) - d * log(distance) - log(d * SIZES)


def another(log_ratio: float, x: float) -> float:
    """Odds of another shape at a distance of x times the largest accepted, if noise does not explain it.

    `log_ratio` is the log density of the distance by noise, over that of any size.
    """
    return _no_noise(log_ratio) * _another_at(x)


def _no_noise(log_ratio: float) -> float:
    """Probability that noise does not explain a displacement; `log_ratio` as in `another`."""
    return 1 / (1 + exp(min(log_ratio - log(DISPLACED), chance.LARGEST_EXPONENT)))


def _another_at(x: float) -> float:
    """Odds of another shape at a distance of x times the largest accepted."""
    return ANOTHER * x**2 * (1 + x**2)


def in_span(X: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Unit rows X in the coordinates of the orthonormal rows `frame`, of length 1 again."""
    flat = X @ frame.T
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), chance.SMALLEST_DEVIATION)


def doubted(found: Found, match: Match, X: np.ndarray) -> Found:
    """Return what unit rows X were found to be, with the odds that it is another shape: what is left is no noise.

    All rows together may be near to a large shape although one of them is not. A row turned out of the span counts as
    well as one turned in it. Or inner products that a shape makes equal are of two kinds. Or the rows are a linear
    image of the shape, or all equally far from it, as those of another orbit of its symmetries are.
    """
    if match.polytope is None:
        return found
    flat, T, parameters = in_span(X, match.frame), match.template, match.n_parameters
    pattern = max(stretched(flat, T, parameters), *(all_alike(rows, T, parameters) for rows in (X, flat)))
    other = max(
        two_distances(X, match.fitted, len(match.frame), parameters, match.reach),
        *(_out_of_place(rows, X, match) for rows in (X, flat)),
        pattern * _another_at(match.chord / match.reach),
    )
    bent = other > FAR_OUT or (pattern > SURE and match.residual(X) > LEAST_DEGREES)
    return replace(found, rival=found.rival + other, variant="distorted" if bent else found.variant)


def two_distances(X: np.ndarray, fitted: np.ndarray, r: int, parameters: int, reach: float) -> float:
    """Odds that the residuals of inner products are of two kinds: of the neighbours in a graph, and of others.

    N values with a fraction q of one kind need N·H(q) nats to say which. They are then told more precisely, by
    N·log(1/w)/2 nats, w the variance within the kinds over all variance. N is at most the freedom of the residuals.
    """
    k, m = X.shape
    n, left = k * (k - 1) // 2, freedom(k, m, r) - parameters
    if not FEWEST_ROWS <= k <= MOST_ROWS or left < k:
        return 0.0
    residuals = np.sort((X @ X.T - fitted @ fitted.T)[np.triu_indices(k, 1)])
    residuals -= residuals.mean()
    first = np.arange(1, n)
    q, sums = first / n, residuals.cumsum()[:-1]
    between = (sums / first + sums / (n - first)) ** 2 * q * (1 - q)  # the rest adds to minus the sum
    within = 1 - between / max(float(residuals.var()), chance.SMALLEST_DEVIATION**2)
    nats = -np.log(np.maximum(within, chance.SMALLEST_DEVIATION)) / 2 + q * np.log(q) + (1 - q) * np.log(1 - q)
    evidence = min(n, left) * float(nats.max())
    two = 1 / (1 + exp(min(-evidence - log(TWO_DISTANCES), chance.LARGEST_EXPONENT)))
    squared = ((X - fitted) ** 2).sum() / k / reach**2
    return two * float(squared * (1 + squared))


def stretched(flat: np.ndarray, template: np.ndarray, parameters: int = 0) -> float:
    """Probability that rows are a linear image of a shape, by more than noise makes.

    A symmetric map has r(r + 1)/2 coefficients, one of them the size. The displacement that the nearest map makes is
    compared with what is left.

    Parameters
    ----------
    flat
        ``(k, r)`` unit rows, in the dimensions of the shape.
    template
        ``(k, r)`` vertex of each row.
    parameters
        Number of parameters of the template that have been fitted.
    """
    k, r = template.shape
    d = r * (r + 1) // 2 - 1 - parameters
    left = freedom(k, r, r) - parameters - d
    if d < 1 or left < 1:
        return 0.0
    X = flat @ procrustes(template, flat).T
    before = float(((X - template) ** 2).sum())
    after = min(float(((X - _nearest_image(template, X)) ** 2).sum()), before)
    rest = max(after, k * chance.SMALLEST_DEVIATION**2)
    moved = max(before - after, rest * d / left) ** 0.5  # less than noise makes is noise
    return _no_noise(log_student(moved, d, rest, left) - log_any_size(moved, d))


def _nearest_image(template: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Return the linear image of the template, its rows scaled to length 1, that is nearest to unit rows X."""
    sizes, image = np.ones(len(X)), template
    for _ in range(IMAGE_STEPS):  # the map and the lengths of its rows by turns
        image = template @ np.linalg.lstsq(template, sizes[:, None] * X)[0]
        sizes = (image * X).sum(axis=1)
    return image / np.maximum(np.linalg.norm(image, axis=1, keepdims=True), chance.SMALLEST_DEVIATION)


def all_alike(X: np.ndarray, template: np.ndarray, parameters: int = 0) -> float:
    """Probability that rows are not on a shape by noise, because all are equally far from their vertices.

    Squared distances by noise have a χ² law of ν values, ν the freedom for each row, and their shares p_i of the sum a
    Dirichlet law. Another orbit of the same symmetries has equal shares, up to a deviation of any size. Both densities
    are those of log p, in k − 1 dimensions.
    """
    k, m = X.shape
    total = freedom(k, m, template.shape[1]) - parameters
    if k < FEWEST_ROWS or total < k:
        return 0.0
    squared = ((X - template @ procrustes(template, X)) ** 2).sum(axis=1)
    if not squared.mean() > chance.SMALLEST_DEVIATION**2:
        return 0.0
    logs = np.log(np.maximum(squared / squared.sum(), chance.SMALLEST_DEVIATION))
    half = total / k / 2
    log_noise = lgamma(k * half) - k * lgamma(half) + half * float(logs.sum()) + log(k) / 2
    size = max(float(np.linalg.norm(logs - logs.mean())), chance.SMALLEST_DEVIATION)
    return _no_noise(log_noise - log_any_size(size, k - 1))


def _out_of_place(X: np.ndarray, whole: np.ndarray, match: Match) -> float:
    worst = worst_row(X, whole, match.template, match.n_parameters, X.shape[1])
    return 0.0 if worst is None else another(worst.log_even - worst.log_uneven, worst.distance / match.reach)
