"""What many rows are like that form no shape: coherence, overlaps against chance, tightness, effective rank."""

from dataclasses import dataclass, replace

import numpy as np

from geomsup.recognition.reading.overlaps import BINS, Overlaps, overlaps
from geomsup.recognition.reading.spans import RANK_FLOOR
from geomsup.tables import Readable

__all__ = ["MANY", "Description", "describe"]

# An unnamed component of more rows is described; fewer rows are listed well enough.
MANY = 100

# |G_ij| of an equiangular tight frame is one number. "Near equiangular": its standard deviation is at most
# this fraction of its root mean square; for random rows it is 0.60.
EQUIANGULAR_SPREAD = 0.1

# "Tight frame": the distance of F from (n/r) I is at most this fraction of that of random rows, √(r/n) relative to
# (n/r) I. Random orthonormal columns, their rows scaled to unit length, have 0.14.
TIGHT_RATIO = 0.2

# "Nearly random": the distribution of G_ij is within this distance (Kolmogorov-Smirnov) of that of random rows.
# 2000 random rows in 100 dimensions: 0.0004; word embeddings: 0.1 and more.
RANDOM_DISTANCE = 0.03

# "Low effective rank": the participation ratio is below this fraction of what random rows have.
LOW_RANK_RATIO = 0.5

# Rows that are brought to double precision at a time.
ROWS = 4096


@dataclass(frozen=True)
class Description(Readable):
    """A component of many rows in numbers.

    All but `norm_spread` are about the rows X scaled to unit length, with G_ij the cosine of rows i and j, and F = XᵀX.

    Attributes
    ----------
    verdict
        One or more of "near equiangular", "tight frame", "nearly random" and "low effective rank", joined by commas.
        "dense" comes first, unless one of the first two applies.
    n_rows, rank
        Number n of rows, and dimension r of their span. Directions below 2 % of the mean eigenvalue do not count.
    coherence
        max ``|G_ij|``.
    coherent_pair
        Two rows with the largest ``|G_ij|``, as indices into W.
    welch
        √((n − r)/(r(n − 1))), the least coherence possible; attained by equiangular tight frames. 0 for n <= r.
    largest_cosine
        max G_ij.
    rankin
        Least largest cosine possible: −1/(n − 1) (a simplex) for n <= r + 1, else 0.
    mean_cosine, rms_cosine
        Mean and root mean square of G_ij, i ≠ j.
    equiangular_spread
        Standard deviation of ``|G_ij|`` over its root mean square: 0 for equiangular rows, 0.60 for random ones.
    excess_kurtosis
        E G⁴/(E G²)² − 3, about 0: it is 0 for a normal distribution of mean 0.
    random_rms, random_kurtosis
        The same for random rows in d dimensions: 1/√d and −6/(d + 2); d is r, or m where n <= m rows span n.
    random_distance
        Kolmogorov-Smirnov distance of the G_ij from those of random rows, density ∝ (1 − g²)^((d−3)/2).
    tightness
        ‖F − (n/r) I‖/‖(n/r) I‖ (Frobenius): 0 for a tight frame, √(r/n) for random rows.
    effective_rank
        Participation ratio (tr F)²/tr F²; r for a tight frame, nr/(n + r) for random rows.
    norm_spread
        Standard deviation of the row norms over their mean.

    References
    ----------
    :cite:t:`welch1974`; :cite:t:`rankin1955`; :cite:t:`benedetto2003`.

    Examples
    --------
    >>> import geomsup as gs
    >>> import numpy as np
    >>> W = np.random.default_rng(0).normal(size=(400, 60))
    >>> description = gs.classify(W).components[0].description
    >>> description.verdict, description.to_dict()["rank"]
    ('dense, nearly random', 60)
    """

    verdict: str
    n_rows: int
    rank: int
    coherence: float
    coherent_pair: tuple[int, int]
    welch: float
    largest_cosine: float
    rankin: float
    mean_cosine: float
    rms_cosine: float
    equiangular_spread: float
    excess_kurtosis: float
    random_rms: float
    random_kurtosis: float
    random_distance: float
    tightness: float
    effective_rank: float
    norm_spread: float

    @property
    def random_effective_rank(self) -> float:
        """Effective rank that as many random rows would have, nr/(n + r)."""
        return self.n_rows * self.rank / (self.n_rows + self.rank)

    def __str__(self) -> str:
        return (
            f"{self.verdict}: max |cos| {self.coherence:.3g} (Welch {self.welch:.3g}), "
            f"rms cos {self.rms_cosine:.3g} (random {self.random_rms:.3g}), "
            f"effective rank {self.effective_rank:.4g} of {self.rank} (random {self.random_effective_rank:.4g}), "
            f"off tight by {self.tightness:.2g}, off random by {self.random_distance:.2g}, "
            f"norms ±{100 * self.norm_spread:.2g} %"
        )


def describe(
    X: np.ndarray, norms: np.ndarray, *, features: np.ndarray | None = None, found: Overlaps | None = None
) -> Description:
    """Describe unit rows X ``(n, m)``, n >= 2, whose lengths were `norms`.

    Costs n² m operations where the overlaps have not been taken before, see `overlaps`.

    Parameters
    ----------
    X
        ``(n, m)`` unit rows.
    norms
        ``(n,)`` their lengths in W.
    features
        Index of each row in W; 0, 1, ... by default.
    found
        Overlaps of X, if known.

    Examples
    --------
    >>> angles = np.arange(3) * np.pi / 3  # three lines at 60 degrees
    >>> X = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    >>> described = describe(X, np.ones(3))
    >>> described.verdict, described.coherence, described.welch
    ('near equiangular, tight frame', 0.5, 0.5)
    """
    n, m = X.shape
    found = overlaps(X) if found is None else found
    eigenvalues = _eigenvalues(X)
    rank = int((eigenvalues > RANK_FLOOR * n / min(n, m)).sum())
    d = m if rank == min(n, m) else rank
    effective_rank = n**2 / float((eigenvalues**2).sum())
    square = found.mean_square
    spread = np.sqrt(max(square - found.mean_absolute**2, 0.0) / square) if square > 0 else 0.0
    features = np.arange(n) if features is None else features
    values = Description(
        verdict="",
        n_rows=n,
        rank=rank,
        coherence=found.coherence,
        coherent_pair=(int(features[found.coherent_pair[0]]), int(features[found.coherent_pair[1]])),
        welch=float(np.sqrt(max(n - rank, 0) / (rank * (n - 1)))),
        largest_cosine=found.largest,
        rankin=-1 / (n - 1) if n <= rank + 1 else 0.0,
        mean_cosine=found.mean,
        rms_cosine=square**0.5,
        equiangular_spread=float(spread),
        excess_kurtosis=found.mean_fourth / square**2 - 3 if square > 0 else 0.0,
        random_rms=d**-0.5,
        random_kurtosis=-6 / (d + 2),
        random_distance=_distance_from_random(found, d),
        tightness=float(np.sqrt(max(rank / effective_rank - 1, 0.0))),
        effective_rank=effective_rank,
        norm_spread=float(norms.std() / norms.mean()),
    )
    return _with_verdict(values)


def _with_verdict(values: Description) -> Description:
    regular = []
    if values.equiangular_spread <= EQUIANGULAR_SPREAD:
        regular.append("near equiangular")
    if values.tightness <= TIGHT_RATIO * (values.rank / values.n_rows) ** 0.5:
        regular.append("tight frame")
    verdicts = regular or ["dense"]
    if values.random_distance <= RANDOM_DISTANCE:
        verdicts = [*verdicts, "nearly random"]
    if values.effective_rank < LOW_RANK_RATIO * values.random_effective_rank:
        verdicts = [*verdicts, "low effective rank"]
    return replace(values, verdict=", ".join(verdicts))


def _eigenvalues(X: np.ndarray) -> np.ndarray:
    """Eigenvalues of F = XᵀX that can differ from 0, by the smaller Gram matrix."""
    n, m = X.shape
    if n < m:
        return np.linalg.eigvalsh((X @ X.T).astype(np.float64))
    F = np.zeros((m, m))
    for first in range(0, n, ROWS):
        block = X[first : first + ROWS].astype(np.float64)
        F += block.T @ block
    return np.linalg.eigvalsh(F)


def _distance_from_random(found: Overlaps, d: int) -> float:
    """Kolmogorov-Smirnov distance of the overlaps from those of random unit rows in d dimensions.

    The cosine g of two has the distribution F: P(g² <= t) = I_t(1/2, (d−1)/2), the regularised incomplete beta
    function. Both distributions are averaged over each step of the histogram: where weights are shared between two
    points, their running sum is that average, and ∫F = tF + (1 − t²)^((d−1)/2)/((d − 1) B(1/2, (d−1)/2)).
    """
    if d == 1:
        return 1.0 if min(found.histogram[0], found.histogram[-1]) < 0.25 * found.n_pairs else 0.0
    from scipy.special import beta, betainc

    t, half = np.linspace(-1, 1, BINS + 1), (d - 1) / 2
    law = 0.5 + 0.5 * np.sign(t) * betainc(0.5, half, t**2)
    integral = t * law + (1 - t**2) ** half / (2 * half * beta(0.5, half))
    mean = np.diff(integral) * BINS / 2
    return float(np.abs(np.cumsum(found.histogram[:-1]) / found.n_pairs - mean).max())
