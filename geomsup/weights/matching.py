"""Rows of two matrices, paired."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.arrays import read_only
from geomsup.recognition.hidden.nulls import NULLS, draw, effective_dimension
from geomsup.recognition.reading.rows import UnitRows, strong_rows
from geomsup.threads import Progress
from geomsup.weights.cosines import expected_largest, log_tail
from geomsup.weights.pairing import assigned, nearest
from geomsup.weights.printing import Listed, p_value
from geomsup.weights.reading import matrix, same_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Matching", "match"]

# p-values below this count as beyond chance in the headline.
BEYOND_CHANCE = 0.05

# Rows of the null model whose largest cosines are averaged: their standard deviation, about 0.03 in 100 dimensions, is
# divided by 16.
ROWS = 256
# Rows of the shuffled model may be 0; all lengths are in units of the largest entry.
SHORTEST = 1e-30


@dataclass(frozen=True, eq=False, repr=False)
class Matching(Listed):
    """Pairs of rows of a and b, the nearest first.

    Attributes
    ----------
    pairs
        ``(pairs, 2)`` row of a, row of b. A row is in one pair at most; cosines of 0 or less make no pair.
    cosines
        ``(pairs,)``.
    p_values
        ``(pairs,)`` probability, at most, that any two rows of the null model are as near: times the number of pairs of
        rows.
    mmcs, mmcs_back
        Mean, over the rows of a, of the largest cosine with a row of b; and over the rows of b. Rows of zeros are left
        out.
    mmcs_by_chance, mmcs_back_by_chance
        Their means in the null model.
    ml2r
        Mean, over the rows of a, of the norm of the nearest row of b over its own norm.
    n_a, n_b, n_dimensions
        Sizes of a and b.
    null
        The null model.
    effective_dimension
        Number of dimensions in which random directions are as near to each other as rows of the null model. It is
        estimated, except for "rotation".

    Examples
    --------
    >>> import geomsup as gs
    >>> import numpy as np
    >>> a = np.eye(4)
    >>> found = gs.match(a, 2 * a[[1, 0, 3, 2]])
    >>> found.pairs.tolist(), found.mmcs, found.ml2r
    ([[0, 1], [1, 0], [2, 3], [3, 2]], 1.0, 2.0)
    >>> found.partner(3)
    2
    >>> len(found.to_rows()), len(found.to_dict()["cosines"])
    (4, 4)
    >>> found.plot().get_xlabel()
    'cosine of a pair'
    """

    pairs: np.ndarray
    cosines: np.ndarray
    p_values: np.ndarray
    mmcs: float
    mmcs_back: float
    mmcs_by_chance: float
    mmcs_back_by_chance: float
    ml2r: float
    n_a: int
    n_b: int
    n_dimensions: int
    null: str
    effective_dimension: float

    @property
    def beyond_chance(self) -> int:
        """Number of pairs with a p-value below 0.05."""
        return int((self.p_values < BEYOND_CHANCE).sum())

    def partner(self, row: int) -> int | None:
        """Return the row of b that is paired with a row of a, or None.

        Raises
        ------
        TypeError, ValueError
            If a has no such row.
        """
        row = checks.integer("row", row, minimum=0, maximum=self.n_a - 1)
        (place,) = np.nonzero(self.pairs.reshape(-1, 2)[:, 0] == row)
        return int(self.pairs[place[0], 1]) if len(place) else None

    @property
    def headline(self) -> str:
        """What was found, in one sentence of at most 40 words."""
        how = "exact" if self.null == "rotation" else "estimated"
        return (
            f"{self.beyond_chance} of {checks.count(self.n_a, 'row')} of a have a partner in b beyond chance "
            f"(p < {BEYOND_CHANCE}, of {checks.count(self.n_a * self.n_b, 'pair')}); MMCS {self.mmcs:.3f}, by chance "
            f"{self.mmcs_by_chance:.3f}; ML2R {self.ml2r:.3g}; null: {self.null}, {how}"
        )

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per pair: rows of a and b, cosine, p-value."""
        return [
            {"a": int(i), "b": int(j), "cosine": float(cosine), "p_value": float(p)}
            for (i, j), cosine, p in zip(self.pairs, self.cosines, self.p_values, strict=True)
        ]

    def _lines(self) -> list[tuple[str, ...]]:
        rows = self.to_rows()
        return [
            ("a", "b", "cosine", "p-value"),
            *((str(row["a"]), str(row["b"]), f"{row['cosine']:.3f}", p_value(row["p_value"])) for row in rows),
        ]

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw how many pairs have which cosine; see `geomsup.plot.plot_matching`."""
        from geomsup.plot import plot_matching

        return plot_matching(self, ax=ax)


def match(a: Any, b: Any, *, null: str = "rotation", rng: Any = 0, progress: Progress = None) -> Matching:
    """Pair the rows of two matrices by the largest sum of cosines, and compare the cosines with chance.

    Rows are vectors of one space: directions of two dictionaries of one model, say. Models that were trained apart have
    a hidden space each, which are turned against each other. Compare their neurons over the features that they share:
    ``match(first.W.T, second.W.T)``.

    The pairs have positive cosines with the largest sum. Of more than 2²⁴ pairs of rows, only the 16 nearest of each
    row are candidates. The p-value of a pair is P(cos >= c) = I_{1−c²}((d−1)/2, 1/2)/2, times the number n n' of pairs
    of rows. So the probability that any pair of the null model has a p-value below 0.05 is at most 0.05.

    MMCS is the mean max cosine similarity, and ML2R the mean L2 ratio, with a as the reference.

    Parameters
    ----------
    a, b
        ``(n, m)`` and ``(n', m)``, anything `geomsup.as_rows` takes. Rows are what is paired, even if they are fewer
        than columns. Rows of zeros have no partner.
    null
        "rotation": each row is turned at random; this is exact, with d = m. "covariance": normal rows with the mean and
        covariance of the unit rows of a, and of b. "shuffled": the entries of each column change places. For these two
        d is the number of dimensions in which random rows have as large cosines of any sign, an estimate, and the
        factor 1/2 is left out.
    rng
        Seed or generator of the draws from the null model.
    progress
        Called as progress(stage, fraction): stage "cosines".

    Returns
    -------
    Matching
        The pairs, nearest first, and the scores.

    Raises
    ------
    TypeError
        If `a` or `b` does not hold real numbers, or `progress` cannot be called.
    ValueError
        If `a` or `b` has other than 2 axes, is not finite, or is 0; if they differ in width; or `null` is unknown.

    References
    ----------
    :cite:t:`sharkey2022`; :cite:t:`bushnaq2025`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a = rng.normal(size=(50, 30))
    >>> b = a[rng.permutation(50)] + 0.3 * rng.normal(size=(50, 30))
    >>> print(match(a, b).headline)
    50 of 50 rows of a have a partner in b beyond chance (p < 0.05, of 2500 pairs); MMCS 0.955, by chance 0.401; ML2R \
1.05; null: rotation, exact
    """
    first = matrix("a", a)
    second = matrix("b", b)
    same_width("b", second, "a", first.shape[1])
    checks.one_of("null", null, NULLS)
    generator = checks.random_generator("rng", rng)
    checks.callback("progress", progress)
    A, B = strong_rows(first, 0.0), strong_rows(second, 0.0)
    scaled = _scaled(A, null), _scaled(B, null)
    d = effective_dimension(scaled[0], null, generator, scaled[1])
    ahead, back = nearest(A.single, B.single, progress), nearest(B.single, A.single)
    i, j = assigned(A.single, B.single, ahead, back)
    cosines, log_p = _compared(A, B, i, j, d)
    log_p += np.log(float(len(first)) * len(second)) + (0.0 if null == "rotation" else np.log(2))
    order = np.lexsort((i, -cosines))
    pairs = np.stack([A.strong[i], B.strong[j]], axis=1)[order]
    pairs.setflags(write=False)
    return Matching(
        pairs=pairs,
        cosines=read_only(cosines[order]),
        p_values=read_only(np.exp(np.minimum(log_p[order], 0.0))),
        mmcs=_mean(ahead[1][:, 0]),
        mmcs_back=_mean(back[1][:, 0]),
        mmcs_by_chance=_by_chance(scaled[0], scaled[1], null, generator),
        mmcs_back_by_chance=_by_chance(scaled[1], scaled[0], null, generator),
        ml2r=_ratio(A, B, ahead[0][:, 0]),
        n_a=len(first), n_b=len(second), n_dimensions=first.shape[1], null=null, effective_dimension=d,
    )  # fmt: skip


def _scaled(rows: UnitRows, null: str) -> np.ndarray:
    """Rows in single precision: of the lengths that the null model keeps."""
    return rows.single if null == "rotation" else rows.single * rows.relative[:, None].astype(np.float32)


def _by_chance(X: np.ndarray, Y: np.ndarray, null: str, rng: np.random.Generator) -> float:
    """Mean largest cosine of a row of the null model of X with the rows of that of Y."""
    if null == "rotation":
        return expected_largest(len(Y), Y.shape[1])
    drawn = draw(X, null, rng)[:ROWS], draw(Y, null, rng)
    first, second = (rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(SHORTEST) for rows in drawn)
    return _mean((first @ second.T).max(axis=1))


def _compared(A: UnitRows, B: UnitRows, i: np.ndarray, j: np.ndarray, d: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the cosines of pairs, and the logs of the probabilities that random ones have larger ones."""
    chords = np.linalg.norm(A.take(i) - B.take(j), axis=1)
    return 1 - chords**2 / 2, log_tail(chords, d)


def _mean(largest: np.ndarray) -> float:
    return float(np.clip(largest.astype(np.float64).mean(), -1.0, 1.0))


def _ratio(A: UnitRows, B: UnitRows, nearest: np.ndarray) -> float:
    """Mean L2 ratio of the nearest rows of B and the rows of A."""
    with np.errstate(over="ignore"):
        mean = float((B.relative[nearest] / A.relative).mean())
        ratio = mean * (B.scale / A.scale)
    if not np.isfinite(ratio):
        raise ValueError(
            "`b` must have norms comparable with those of `a`; their ratio overflows. Rescale one of them."
        )
    return ratio
