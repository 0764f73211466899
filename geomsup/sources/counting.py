"""Are more features than dimensions stored? A test on activations alone, whose false alarms are bounded by a proof."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.arrays import read_only, to_numpy
from geomsup.sources.directions import BLOCK, Directions, directions
from geomsup.sources.limits import SMALLEST, is_more_frequent, lower_limit, upper_limit
from geomsup.sources.precision import half_rounding
from geomsup.threads import Progress, check_stop, patiently
from geomsup.weights.printing import Listed, p_value
from geomsup.weights.reading import probability

__all__ = ["SuperpositionTest", "superposition_test"]

# Limits of P(none), limits from below and limits from above each have a third of the level.
SHARE = 1 / 3

# Single directions closer than this many tolerances count once: one direction may be rounded in two ways.
APART = 100.0

# Of two samples on one ray, each by one: a smaller tolerance takes roundings for directions.
ROUNDINGS = 2

# Up to this tolerance, directions are known well enough for a proof. Of those known more coarsely, up to m may always
# be independent: a random 5 x 5 matrix has a singular value below a rounding to bfloat16 in one of fifteen draws.
FINE = 1e-5

# Halvings of the logarithm of a level, from 1e-300 to 1: to nine digits.
HALVINGS = 40

# Chance that the samples called for do not show what is there.
MISSED = 0.1

# More samples than this are not called for: nobody has them, and from 1e12 on older incomplete beta functions fail.
MOST_NEEDED = 1e11

# Numbers of float16 below 2^-14 are multiples of its least one. Below half of that they have fewer bits than 10.
LEAST_HALF, MOST_LOST = 2.0**-24, 2.0**-15

# Divisors from here on: smaller ones give a quotient beyond 1, as 0 would.
LEAST = np.finfo(float).tiny


@dataclass(frozen=True, eq=False, repr=False)
class SuperpositionTest(Listed):
    """What activations alone say of the number of their sources.

    Attributes
    ----------
    p_value
        Least level at which "no superposition" is rejected; 1 if at none.
    proved
        Whether false alarms are bounded by the proof: not if directions were only known coarsely.
    level
        Level that was asked for.
    directions
        ``(k, m)`` unit vectors on which surely one source alone is active, at the level; most frequent first.
    counts
        Samples on each of them.
    levels
        Least level at which each of them is sure.
    rank
        Of these directions: less than their number if they depend on each other.
    samples, zeros, n_dimensions
        Number of samples, how many of them are 0, and m.
    needed
        Samples at which m + 1 features of one probability, with as many zeros, would show nine times in ten; None if no
        number would do.

    Examples
    --------
    >>> import geomsup as gs
    >>> X = gs.Features(3, 0.1).sample(2000, rng=0)
    >>> found = gs.superposition_test(X @ gs.polytope("triangle").vertices)
    >>> found.shown, found.rank, len(found.to_rows()), sorted(found.to_dict())[:2]
    (True, 2, 3, ['counts', 'directions'])
    """

    p_value: float
    proved: bool
    level: float
    directions: np.ndarray
    counts: np.ndarray
    levels: np.ndarray
    rank: int
    samples: int
    zeros: int
    n_dimensions: int
    needed: int | None

    @property
    def shown(self) -> bool:
        """Whether superposition is shown at the level. If not, there may be some all the same."""
        return self.p_value <= self.level

    @property
    def reason(self) -> str:
        """Why superposition is shown, or why it is not."""
        sure, m = len(self.counts), self.n_dimensions
        if self.shown:
            return "too many for independent sources" if sure > m else "they depend on each other, as sources do not"
        if not self.zeros:
            return "no sample is 0: features are dense, or something was added"
        if self.zeros == self.samples:
            return "all samples are 0"
        if self.needed is None:
            return "features are too dense"
        if self.samples < self.needed:
            return f"{m + 1} equally frequent features would need {self.needed} samples"
        if sure < m:
            return "others may be too rare to be sure"
        return "independent sources explain them"

    @property
    def headline(self) -> str:
        """What was found, in one sentence of at most 40 words."""
        said = "superposition" if self.shown else "superposition not shown"
        sure = checks.count(len(self.counts), "single direction")
        sureness = "proved" if self.proved else "not proved: directions are too coarse"
        bound = f"p <= {p_value(self.p_value)}, {sureness}" if self.p_value < 1 else "p = 1"
        return (
            f"{said}: {sure} of rank {self.rank} in {checks.count(self.n_dimensions, 'dimension')}; {self.reason} "
            f"({bound}; {checks.count(self.samples, 'sample')}, {self.zeros} of them 0)"
        )

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per single direction: how many samples, which share, and from which level on it is sure."""
        return [
            {"direction": k, "samples": int(count), "share": float(count / self.samples), "level": float(level)}
            for k, (count, level) in enumerate(zip(self.counts, self.levels, strict=True))
        ]

    def _lines(self) -> list[tuple[str, ...]]:
        return [
            ("direction", "samples", "share", "sure from level"),
            *(
                (str(row["direction"]), str(row["samples"]), f"{row['share']:.3g}", p_value(row["level"]))
                for row in self.to_rows()
            ),
        ]


def superposition_test(
    H: Any, *, level: float = 0.01, tolerance: float = 1e-6, zero: float = 0.0, progress: Progress = None
) -> SuperpositionTest:
    """Test whether activations hold more features than they have dimensions, from these activations alone.

    The hypothesis "no superposition" is h = A s: the columns of A, at most m, are independent; the sources s_i are
    independent of each other, never negative, and often 0; their values have any law; samples are drawn independently.
    If it is true it is rejected with a probability of at most `level`, whatever A, the probabilities and the laws are.
    Independent means here: the directions of any k columns have no singular value below `tolerance` sqrt(k).

    Where one source alone is active, h lies on a ray that never changes, so that its direction comes again and again.
    A direction d of several active sources comes more rarely. Divide these sources into two sets: by independence
    P(d) <= P(d') P(d'') / P(none), where d' and d'' are the directions that the two sets have alone. So a direction
    that surely comes more often than the product of the two most frequent others over P(none) has one source alone.
    Independent columns have independent directions: if the sure ones are more than m, or depend on each other, the
    hypothesis is false. Confidence limits hold for all directions at once, also unseen ones.

    It needs exact activations, up to rounding: noise, a bias, a mean taken away, a ReLU or any other curve between the
    sources and h leave nothing to be counted. Sources with both signs have two directions each and look like digons,
    and two sources that come together more often than by chance look like a third: these break the hypothesis too. It
    never says that there is no superposition.

    Parameters
    ----------
    H
        ``(samples, m)`` activations of a hidden layer, more samples than dimensions.
    level
        Largest probability of a false alarm.
    tolerance
        Samples whose directions are closer than this are one direction. The default has room for single precision. For
        float16 it must be 0.001 or more, and for bfloat16 0.008, also where they were converted to more. Above 1e-5
        nothing is proved, and superposition is shown by more than m directions only.
    zero
        Rows up to this length are 0; by default only those of zeros.
    progress
        Called as progress(stage, fraction): stage "directions".

    Returns
    -------
    SuperpositionTest
        The p-value and the single directions.

    Raises
    ------
    TypeError
        If `H` does not hold real numbers, or `progress` cannot be called.
    ValueError
        If `H` has other than 2 axes, no more rows than columns, is not finite, or has half precision and `tolerance` is
        too small for it; or another argument is out of its range.

    References
    ----------
    :cite:t:`elhage2022`, "Open questions": how can one tell whether features are in superposition?

    Examples
    --------
    >>> import geomsup as gs
    >>> X = gs.Features(5, 0.05).sample(3000, rng=0)
    >>> print(superposition_test(X @ gs.polytope("pentagon").vertices).headline)
    superposition: 5 single directions of rank 2 in 2 dimensions; too many for independent sources \
(p <= 3.3e-26, proved; 3000 samples, 2304 of them 0)
    >>> print(superposition_test(X[:, :2]).headline)
    superposition not shown: 2 single directions of rank 2 in 2 dimensions; independent sources explain them \
(p = 1; 3000 samples, 2695 of them 0)
    """
    rows = to_numpy("H", H)
    if rows.ndim != 2 or rows.shape[1] == 0 or len(rows) <= rows.shape[1]:
        hint = "Transpose it." if rows.ndim == 2 and 0 < len(rows) < rows.shape[1] else "Pass a row per sample."
        raise ValueError(f"`H` must have the shape (samples, m) with more samples than m; got {rows.shape}. {hint}")
    level = probability("level", level)
    tolerance = checks.positive_number("tolerance", tolerance)
    coarse = float(f"{ROUNDINGS * half_rounding(rows):.1g}")
    if tolerance < coarse:
        raise ValueError(
            "`H` must have single precision or better, as rounding to half precision makes directions of its own; got "
            f"numbers of half precision. Record activations in float32, or pass tolerance={coarse:g}, without a proof."
        )
    if _is_lost(rows):
        raise ValueError(
            "`H` must not have rows that float16 rounds to fewer digits, below 3e-5, as these have directions of their "
            "own; got some. Record activations in float32, or scale them up before they are rounded."
        )
    if not 1e-12 <= tolerance <= 1e-2:
        raise ValueError(f"`tolerance` must be from 1e-12 to 0.01; got {tolerance:g}. Pass a few roundings, as 1e-6.")
    zero = checks.number("zero", zero)
    if not zero >= 0:
        raise ValueError(f"`zero` must be at least 0; got {zero:g}. Pass a length, such as 1e-9.")
    checks.callback("progress", progress)
    units = _units(rows, zero)
    found = patiently(lambda: directions(units, tolerance, progress))
    zeros = len(rows) - len(units)
    levels = _levels(found, len(rows), zeros)
    order = _apart(found.points, np.argsort(levels, kind="stable"), levels, APART * tolerance)
    fine = tolerance <= FINE
    first = _first_dependent(found.points[order], tolerance) if fine else _first_beyond(found.points[order])
    sure = np.sort(order[levels[order] <= level])
    points = found.points[sure]
    return SuperpositionTest(
        p_value=1.0 if first is None else float(levels[order[first]]), proved=fine, level=level,
        directions=read_only(points), counts=_whole(found.counts[sure]), levels=read_only(levels[sure]),
        rank=_rank(points, tolerance),
        samples=len(rows), zeros=zeros, n_dimensions=rows.shape[1],
        needed=_needed(zeros / len(rows), rows.shape[1], level),
    )  # fmt: skip


def _is_lost(rows: np.ndarray) -> bool:
    """Whether short rows have nothing but multiples of float16's least number."""
    longest = np.abs(rows).max(axis=1).astype(float)
    short = (longest > 0) & (longest < MOST_LOST)
    few = rows[short].astype(float) / LEAST_HALF
    return bool(short.any() and (few == np.rint(few)).all())


def _units(rows: np.ndarray, zero: float) -> np.ndarray:
    """Return the directions of the rows that are not 0."""
    parts = []
    for first in range(0, len(rows), BLOCK):
        block = rows[first : first + BLOCK]
        largest = np.abs(block).max(axis=1, keepdims=True)
        scaled = block / np.where(largest > 0, largest, 1.0)  # no square under- or overflows
        length = np.linalg.norm(scaled, axis=1, keepdims=True)
        with np.errstate(over="ignore"):
            there = ((largest > 0) & (length > zero / np.maximum(largest, LEAST)))[:, 0]
        parts.append(scaled[there] / length[there])
        check_stop()
    return np.concatenate(parts)


def _levels(found: Directions, samples: int, zeros: int) -> np.ndarray:
    """Return the least level at which each direction surely has one source alone; infinity if there is none."""
    low, high = np.full(len(found.counts), np.log(SMALLEST)), np.zeros(len(found.counts))
    first, second = _others(found)
    ever = _is_single(found.counts, first, second, samples, zeros, np.ones(len(low)))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        single = _is_single(found.counts, first, second, samples, zeros, np.exp(middle))
        low, high = np.where(single, low, middle), np.where(single, middle, high)
    return np.where(ever, np.exp(high), np.inf)


def _others(found: Directions) -> tuple[np.ndarray, np.ndarray]:
    """Return the two largest counts among all other directions, for each; what was not looked at counts as two."""
    every = np.sort(np.r_[found.counts, [found.rest] * 3])[::-1][:3]
    first = np.where(found.counts >= every[0], every[1], every[0])
    return first, np.where(found.counts >= every[1], every[2], every[1])


def _is_single(count: Any, first: Any, second: Any, samples: float, zeros: float, level: Any) -> np.ndarray:
    """Whether a direction surely comes more often than any sum of sources can."""
    share = SHARE * np.asarray(level)
    none = lower_limit(zeros, samples, share)
    pair = upper_limit(first, samples, share) * upper_limit(second, samples, share)
    bound = np.where(none > 0, pair / np.maximum(none, LEAST), 1.0)
    return is_more_frequent(count, samples, np.minimum(bound, 1.0), share)


def _apart(points: np.ndarray, order: np.ndarray, levels: np.ndarray, distance: float) -> np.ndarray:
    """Return those that may be sure, surest first; of two that are close, the first one."""
    kept: list[int] = []
    for k in order[np.isfinite(levels[order])]:
        if not kept or ((points[kept] - points[k]) ** 2).sum(axis=1).min() > distance**2:
            kept.append(int(k))
    return np.array(kept, np.int64)


def _first_dependent(points: np.ndarray, tolerance: float) -> int | None:
    """Return the place of the first point that those before it span, or would beyond m; None if all are independent."""
    low, high = 0, min(len(points), points.shape[1] + 1)
    if not high or _rank(points[:high], tolerance) == high:
        return None
    while high - low > 1:  # the first `low` points are independent, the first `high` are not
        middle = (low + high) // 2
        low, high = (middle, high) if _rank(points[:middle], tolerance) == middle else (low, middle)
    return high - 1


def _first_beyond(points: np.ndarray) -> int | None:
    """Return the place of the first point beyond m; None if there is none."""
    return points.shape[1] if len(points) > points.shape[1] else None


def _rank(points: np.ndarray, tolerance: float) -> int:
    """Return the rank of unit vectors, each known up to the tolerance."""
    if not len(points):
        return 0
    return int((np.linalg.svd(points, compute_uv=False) > tolerance * len(points) ** 0.5).sum())


def _needed(none: float, m: int, level: float) -> int | None:
    """Return how many samples show m + 1 features of one probability that leave this share of zeros.

    They do so nine times in ten, about: even if each count is as unlucky as one of all of them is by that chance.
    """
    if not 0 < none < 1:
        return None
    from scipy.special import ndtri

    p = -np.expm1(np.log(none) / (m + 1))
    single = p * (1 - p) ** m

    unlucky = float(ndtri(1 - MISSED / (m + 1)))  # standard deviations

    def shows(samples: float) -> bool:
        mean, zeros = samples * single, samples * none
        less, more = max(mean - unlucky * mean**0.5, 0.0), mean + unlucky * mean**0.5
        fewer = max(zeros - unlucky * (zeros * (1 - none)) ** 0.5, 0.0)
        return bool(_is_single(less, more, more, samples, fewer, level))

    low, high = np.log(2.0), np.log(MOST_NEEDED)
    if not shows(MOST_NEEDED):
        return None
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if shows(np.exp(middle)) else (middle, high)
    return int(np.ceil(np.exp(high)))


def _whole(counts: np.ndarray) -> np.ndarray:
    counts.setflags(write=False)
    return counts
