"""Sets of rows that are nearly orthogonal, more than chance allows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.arrays import read_only
from geomsup.recognition.printing import listed
from geomsup.recognition.reading.rows import UnitRows, strong_rows
from geomsup.threads import Progress, check_stop, patiently, stop_flag
from geomsup.weights.printing import Listed, p_value
from geomsup.weights.reading import matrix, probability
from geomsup.weights.volumes import EXPONENTS, Volumes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LocalBases", "local_bases"]

# Rows that are looked at around a seed: those most nearly orthogonal to it.
ROOM = 1024

# Rows that a set is grown from: the seed alone, and as many of those that are most often orthogonal to each other.
STARTS = (1, 4, 16)

# Rounds in which a row's score becomes the sum of its neighbours': enough to leave the seed, too few to leave its set.
ROUNDS = 4

# A set is given up when this many rows more than twice its best size have joined it.
PATIENCE = 32

# Cosines below this have the logarithm of this: rounding, in single precision.
ROUNDING = 1e-7


@dataclass(frozen=True, eq=False, repr=False)
class LocalBases(Listed):
    """Sets of nearly orthogonal rows, least probable first.

    Attributes
    ----------
    bases
        Row indices of each set, ascending; a row is in one set at most.
    p_values
        Probability, at most, that any set of as many random directions is as improbable: times the number of sets of
        that size, and of sizes.
    volumes
        det G of the unit rows of each set: 1 if they are orthogonal.
    coherences
        Largest absolute cosine within each set.
    rms_cosines
        Root mean square of the cosines within each set; by chance it is 1/√m.
    n_rows, n_dimensions
        Shape of W.
    seeds
        Number of rows from which sets were grown. Where it is less than the number of rows, sets may be missed.

    Examples
    --------
    >>> import geomsup as gs
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> W = np.concatenate([np.linalg.qr(rng.normal(size=(8, 8)))[0], np.linalg.qr(rng.normal(size=(8, 8)))[0]])
    >>> found = gs.local_bases(W)
    >>> found.bases
    ((0, 1, 2, 3, 4, 5, 6, 7), (8, 9, 10, 11, 12, 13, 14, 15))
    >>> len(found.to_rows()), sorted(found.to_dict())[0], found.plot().get_xlabel()
    (2, 'bases', 'absolute cosine')
    """

    bases: tuple[tuple[int, ...], ...]
    p_values: np.ndarray
    volumes: np.ndarray
    coherences: np.ndarray
    rms_cosines: np.ndarray
    n_rows: int
    n_dimensions: int
    seeds: int

    @property
    def headline(self) -> str:
        """What was found, in one sentence of at most 40 words."""
        largest = f", the largest of {max(map(len, self.bases))} rows," if self.bases else ""
        return (
            f"{checks.count(len(self.bases), 'nearly orthogonal set')}{largest} among "
            f"{checks.count(self.n_rows, 'row')} in {checks.count(self.n_dimensions, 'dimension')}, beyond chance; "
            f"p-values are proved bounds, the search from {checks.count(self.seeds, 'seed')} may miss sets"
        )

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per set: how many rows, how nearly orthogonal, p-value."""
        return [
            {
                "size": len(basis), "volume": float(self.volumes[k]), "coherence": float(self.coherences[k]),
                "rms_cosine": float(self.rms_cosines[k]), "p_value": float(self.p_values[k]),
            }
            for k, basis in enumerate(self.bases)
        ]  # fmt: skip

    def _lines(self) -> list[tuple[str, ...]]:
        by_chance = self.n_dimensions**-0.5
        return [
            ("size", "rms cosine", "by chance", "largest", "p-value", "rows"),
            *(
                (
                    str(row["size"]), f"{row['rms_cosine']:.3f}", f"{by_chance:.3f}", f"{row['coherence']:.3f}",
                    p_value(row["p_value"]), listed(basis),
                )
                for row, basis in zip(self.to_rows(), self.bases, strict=True)
            ),
        ]  # fmt: skip

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw rms and largest cosine of each set, against chance; see `geomsup.plot.plot_bases`."""
        from geomsup.plot import plot_bases

        return plot_bases(self, ax=ax)


def local_bases(
    W: Any, *, level: float = 0.05, seeds: int = 400, rng: Any = 0, progress: Progress = None
) -> LocalBases:
    """Find sets of rows that are more nearly orthogonal than chance allows.

    In superposition all rows interfere. But features that come together may have rows that are nearly orthogonal to
    each other: a local basis. With k unit rows and their cosines G, det G is the square of the volume that they span:
    1 for orthogonal rows, and less for all others. It is compared with that of random directions.
    P(det G >= v) is bounded by Markov's inequality and the exact moments of the volume; times the number of all sets of
    k rows and of all sizes, this is a p-value: the probability that any set of random rows is as improbable is at most
    p. It holds however a set was found.

    Sets grow from seeds. Of the 1024 rows most nearly orthogonal to a seed, those that are most often orthogonal to
    each other begin; then each time the row joins that adds the largest volume.

    Parameters
    ----------
    W
        ``(n, m)`` with at least two rows, anything `geomsup.as_rows` takes. Rows are the vectors; those of zeros are
        left out.
    level
        Sets with a larger p-value are left out.
    seeds
        Rows to grow sets from, at most; all rows if there are not more.
    rng
        Seed or generator of the choice of seeds.
    progress
        Called as progress(stage, fraction): stage "seeds".

    Returns
    -------
    LocalBases
        The sets, least probable first.

    Raises
    ------
    TypeError
        If `W` does not hold real numbers, or `progress` cannot be called.
    ValueError
        If `W` has other than 2 axes, fewer than two rows, is not finite, or is 0; or another argument is out of its
        range.

    References
    ----------
    :cite:t:`elhage2022`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> W = rng.normal(size=(300, 40))
    >>> W[50:80] = np.linalg.qr(rng.normal(size=(40, 40)))[0][:30] + 0.02 * rng.normal(size=(30, 40))
    >>> found = local_bases(W)
    >>> [len(basis) for basis in found.bases], set(found.bases[0]) == set(range(50, 80))
    ([30], True)
    """
    rows = matrix("W", W)
    if len(rows) < 2:
        raise ValueError(f"`W` must have at least two rows; got shape {rows.shape}. Pass a row per feature.")
    level = probability("level", level)
    seeds = checks.integer("seeds", seeds, minimum=1)
    generator = checks.random_generator("rng", rng)
    checks.callback("progress", progress)
    strong = strong_rows(rows, 0.0)
    chosen = generator.permutation(len(strong))[:seeds]
    sets = patiently(lambda: _search(strong, Volumes.of(len(strong), rows.shape[1]), chosen, np.log(level), progress))
    sets.sort(key=lambda one: (one[0], one[1].tolist()))
    grams = [_gram(strong, members) for _, members in sets]
    off = [np.abs(gram[np.triu_indices(len(gram), 1)]) for gram in grams]
    return LocalBases(
        bases=tuple(tuple(np.sort(strong.strong[members]).tolist()) for _, members in sets),
        p_values=read_only([np.exp(min(log_p, 0.0)) for log_p, _ in sets]),
        volumes=read_only([np.exp(_log_volume(gram)) for gram in grams]),
        coherences=read_only([one.max() for one in off]),
        rms_cosines=read_only([(one**2).mean() ** 0.5 for one in off]),
        n_rows=len(rows), n_dimensions=rows.shape[1], seeds=len(chosen),
    )  # fmt: skip


def _search(
    rows: UnitRows, volumes: Volumes, seeds: np.ndarray, log_level: float, progress: Progress
) -> list[tuple[float, np.ndarray]]:
    """Return log p-values and members of sets that share no row."""
    found: list[tuple[float, np.ndarray]] = []
    free = np.ones(len(rows), dtype=bool)
    for number, seed in enumerate(seeds):
        left = np.flatnonzero(free)
        if free[seed] and len(left) > 1 and volumes.largest > 1:
            best = _grown(rows, left, seed, volumes)
            if best[0] <= log_level:
                best = _refined(rows, left, best, volumes)
                found.append(best)
                free[best[1]] = False
        check_stop()
        if progress is not None:
            progress("seeds", (number + 1) / len(seeds))
    return found


def _grown(rows: UnitRows, left: np.ndarray, seed: int, volumes: Volumes) -> tuple[float, np.ndarray]:
    """Log p-value and members of the least probable set that grows from a seed, among the rows that are left."""
    near = _nearest(rows.single, left, np.array([seed]))
    order = near[_often_orthogonal(rows.single[near])]
    return min((_from(rows, left, order[:start], volumes) for start in STARTS), key=lambda one: one[0])


def _refined(
    rows: UnitRows, left: np.ndarray, best: tuple[float, np.ndarray], volumes: Volumes
) -> tuple[float, np.ndarray]:
    """Grow the set again from the three quarters of it that are most nearly orthogonal, while it gets less probable."""
    while True:
        members = best[1]
        apart = 1 / np.diag(
            np.linalg.inv(_gram(rows, members))
        )  # squared distance of a row from the span of the others
        core = members[np.argsort(-apart)[: -(-3 * len(members) // 4)]]
        again = _from(rows, left, core, volumes)
        if not again[0] < best[0]:
            return best
        best = again


def _from(rows: UnitRows, left: np.ndarray, members: np.ndarray, volumes: Volumes) -> tuple[float, np.ndarray]:
    """Log p-value and members of the least probable set that grows from these."""
    near = _nearest(rows.single, left, members)
    grown = near[_grow(rows.single[near], len(members), volumes)]
    return volumes.log_p(len(grown), _log_volume(_gram(rows, grown))), grown


def _nearest(X: np.ndarray, left: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Members first, then the rows of which least lies in their span."""
    basis = np.linalg.qr(X[members].T)[0]
    inside = ((X @ basis)[left] ** 2).sum(axis=1)
    inside[np.isin(left, members)] = -1.0
    room = min(ROOM, len(left))
    near = left[np.argpartition(inside, room - 1)[:room]]
    return np.concatenate([members, near[~np.isin(near, members)]])


def _often_orthogonal(X: np.ndarray) -> np.ndarray:
    """Order rows, the first of which is the seed: by how often they are orthogonal to others that are."""
    G = np.abs(X @ X.T)
    score = -np.log(np.maximum(G, ROUNDING))
    np.fill_diagonal(score, 0.0)
    pairs = max(score.size - len(score), 1)  # the diagonal is 0, and counts in neither mean nor deviation
    mean = score.sum(dtype=np.float64) / pairs
    deviation = max(np.vdot(score, score) / pairs - mean**2, 0.0) ** 0.5
    score -= mean
    score /= max(deviation, ROUNDING)
    np.fill_diagonal(score, 0.0)
    weights = np.maximum(score[0], 0.0) if len(X) < ROOM else np.ones(len(X))
    for _ in range(ROUNDS):
        weights = np.maximum(score @ weights, 0.0)
        weights /= max(weights.max(), ROUNDING)
    weights[0] = np.inf
    return np.argsort(-weights)


def _grow(X: np.ndarray, first: int, volumes: Volumes) -> np.ndarray:
    """Rows of the least probable set that has the first ones, in the order in which they joined."""
    from geomsup.weights.kernels import grow

    order = np.arange(len(X))
    size, _ = grow(X @ X.T, first, volumes.moments, EXPONENTS, volumes.places, order, PATIENCE, stop_flag())
    check_stop()
    return order[:size]


def _gram(rows: UnitRows, members: np.ndarray) -> np.ndarray:
    X = rows.take(members)
    return X @ X.T


def _log_volume(gram: np.ndarray) -> float:
    sign, value = np.linalg.slogdet(gram)
    return float(value) if sign > 0 and len(gram) > 1 else -np.inf
