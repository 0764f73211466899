"""Subspaces that matrices write to and read from, compared with random ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.arrays import read_only
from geomsup.threads import Progress
from geomsup.weights.angles import angle_law, largest_cosines
from geomsup.weights.printing import Listed, p_value
from geomsup.weights.reading import matrix, same_width
from geomsup.weights.rotations import share_law, shares_by_chance, tail

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Subspaces", "subspaces"]

# p-values below this count as beyond chance in the headline.
BEYOND_CHANCE = 0.05

# Fewer draws have no tenth largest among them, and say nothing of small p-values.
FEWEST_ROTATIONS = 99

# A singular value below this fraction of the largest is rounding.
ROUNDING = 1e-10

# A share that varies by less than this varies by rounding.
FIXED = 1e-9


@dataclass(frozen=True, eq=False, repr=False)
class Subspaces(Listed):
    """What is shared by subspaces of one space; entry (i, j) is about the square of i in the subspace of j.

    Attributes
    ----------
    names
        Of the k matrices.
    ranks
        Number of dimensions kept of each.
    n_dimensions
        Of the space, m.
    shares
        ``(k, k)`` part of the sum of squares of i that lies in the subspace of j.
    by_chance
        ``(k, k)`` its mean for a random subspace, r_j/m.
    p_shares
        ``(k, k)`` two-sided p-values of the shares, times the number of tests.
    angles
        Principal angles of each pair i < j in degrees, smallest first; pairs in the order (0, 1), (0, 2), ....
    p_angles
        ``(k, k)`` p-values of the smallest angle, times the number of tests.
    rotations
        Number of random rotations that the p-values were estimated from.

    Examples
    --------
    >>> import geomsup as gs
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> axes = np.linalg.qr(rng.normal(size=(24, 24)))[0]
    >>> found = gs.subspaces({"out": rng.normal(size=(40, 3)) @ axes[:3], "in": rng.normal(size=(9, 3)) @ axes[1:4]})
    >>> found.ranks, found.shares.shape
    ((3, 3), (2, 2))
    >>> found.principal_angles("out", "in").round(3)
    array([ 0.,  0., 90.])
    >>> len(found.to_rows()), sorted(found.to_dict())[0], found.plot().get_xlabel()
    (2, 'angles', 'subspace of')
    """

    names: tuple[str, ...]
    ranks: tuple[int, ...]
    n_dimensions: int
    shares: np.ndarray
    by_chance: np.ndarray
    p_shares: np.ndarray
    angles: tuple[tuple[float, ...], ...]
    p_angles: np.ndarray
    rotations: int

    def principal_angles(self, first: str, second: str) -> np.ndarray:
        """Return the principal angles of two of the subspaces, degrees, smallest first.

        Raises
        ------
        ValueError
            If there is no such name, or both are the same.
        """
        checks.one_of("first", first, self.names)
        checks.one_of("second", second, [name for name in self.names if name != first])
        return np.array(self.angles[_pairs(self.names).index(tuple(sorted(map(self.names.index, (first, second)))))])

    @property
    def headline(self) -> str:
        """What was found, in one sentence of at most 40 words."""
        k, beyond = len(self.names), self.p_shares < BEYOND_CHANCE
        more = int((beyond & (self.shares > self.by_chance)).sum())
        near = int((self.p_angles < BEYOND_CHANCE).sum()) // 2
        return (
            f"{k} subspaces of {checks.count(self.n_dimensions, 'dimension')}: of {k * (k - 1)} shares {more} larger "
            f"and {int(beyond.sum()) - more} smaller than chance, of {len(self.angles)} smallest angles {near} smaller "
            f"(p < {BEYOND_CHANCE}, corrected); estimated, {self.rotations} rotations"
        )

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per ordered pair: its share and smallest angle, against chance."""
        pairs = _pairs(self.names)
        return [
            {
                "square_of": self.names[i],
                "in": self.names[j],
                "rank": self.ranks[j],
                "share": float(self.shares[i, j]),
                "by_chance": float(self.by_chance[i, j]),
                "p_share": float(self.p_shares[i, j]),
                "angle": self.angles[pairs.index((min(i, j), max(i, j)))][0],
                "p_angle": float(self.p_angles[i, j]),
            }
            for i in range(len(self.names))
            for j in range(len(self.names))
            if i != j
        ]

    def _lines(self) -> list[tuple[str, ...]]:
        return [
            ("square of", "in", "rank", "share", "by chance", "p-value", "smallest angle", "p-value"),
            *(
                (
                    row["square_of"], row["in"], str(row["rank"]), f"{row['share']:.3f}", f"{row['by_chance']:.3f}",
                    p_value(row["p_share"]), f"{row['angle']:.1f}°", p_value(row["p_angle"]),
                )
                for row in self.to_rows()
            ),
        ]  # fmt: skip

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the shares as a matrix, against chance; see `geomsup.plot.plot_subspaces`."""
        from geomsup.plot import plot_subspaces

        return plot_subspaces(self, ax=ax)


def subspaces(
    matrices: Mapping[str, Any], *, rank: Any = 0.9, rotations: int = 999, rng: Any = 0, progress: Progress = None
) -> Subspaces:
    """Compare the subspaces that matrices write to and read from, with random ones.

    The rows of each matrix are vectors of one space, such as the residual stream: what embeddings, heads and neurons
    write to it, or read from it. Of each matrix the directions of its largest singular values span its subspace. For
    each ordered pair, the *share* is the part of the sum of squares of the first matrix, ‖A P_B‖²/‖A‖², that lies in
    the subspace of the second. For each pair, principal angles say how near the two subspaces are.

    If a matrix is turned at random, the mean share is r/m. How improbable the observed shares and smallest angles are
    is estimated from random rotations, and for angles from draws of their exact law. Beyond the tenth largest draw
    another law goes on from there: for shares a Beta law of the exact mean and variance, for angles Tracy and Widom's.
    All p-values are multiplied by the number of tests, 3k(k − 1)/2; those of shares are two-sided.

    Parameters
    ----------
    matrices
        Name and matrix ``(n, m)`` of at least two, each anything `geomsup.as_rows` takes. Rows are the vectors.
    rank
        How many directions are kept. A number below 1: the fewest that have this part of the matrix's sum of squares.
        A whole number: so many. A dictionary has one or the other for each name.
    rotations
        Random rotations; at least 99.
    rng
        Seed or generator of the rotations.
    progress
        Called as progress(stage, fraction): stage "rotations".

    Returns
    -------
    Subspaces
        Shares, angles and p-values.

    Raises
    ------
    TypeError
        If `matrices` is no dictionary, or one of them does not hold real numbers.
    ValueError
        If there are fewer than two `matrices`; if one has other than 2 axes, is not finite, or is 0; if they differ in
        width; or if `rank` is larger than the rank of a matrix.

    References
    ----------
    :cite:t:`bjorck1973`; :cite:t:`edelman2008`; :cite:t:`johnstone2008`; :cite:t:`chiani2014`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> axes = np.linalg.qr(rng.normal(size=(32, 32)))[0]
    >>> tokens, positions = rng.normal(size=(500, 28)) @ axes[:28], rng.normal(size=(64, 4)) @ axes[28:]
    >>> head = rng.normal(size=(8, 4)) @ axes[28:] + 0.1 * rng.normal(size=(8, 32))
    >>> print(subspaces({"tokens": tokens, "positions": positions, "head": head}, rank={
    ...     "tokens": 0.9, "positions": 4, "head": 4}).headline)
    3 subspaces of 32 dimensions: of 6 shares 2 larger and 4 smaller than chance, of 3 smallest angles 1 smaller \
(p < 0.05, corrected); estimated, 999 rotations
    """
    rows = _read(matrices)
    rotations = checks.integer("rotations", rotations, minimum=FEWEST_ROTATIONS)
    generator = checks.random_generator("rng", rng)
    checks.callback("progress", progress)
    names = tuple(rows)
    axes = [_singular(rows[name]) for name in names]
    ranks = tuple(_rank(name, _asked(rank, name, names), parts) for name, (parts, _) in zip(names, axes, strict=True))
    k, m = len(names), axes[0][1].shape[1]
    checks.room("rotations", rotations * k * k)
    weights = np.array([np.pad(parts, (0, m - len(parts))) for parts, _ in axes])
    bases = [directions[:r] for (_, directions), r in zip(axes, ranks, strict=True)]
    shares = np.array([[_share(parts, directions, basis) for basis in bases] for parts, directions in axes])
    between = [_principal(bases[i], bases[j]) for i, j in _pairs(names)]
    drawn = shares_by_chance(weights, np.array(ranks), rotations, generator, progress)
    p_shares = np.ones((k, k))
    for i, j in ((i, j) for i in range(k) for j in range(k) if i != j):
        p_shares[i, j] = _p_share(shares[i, j], drawn[:, i, j], weights[i], ranks[j])
    p_angles = _p_angles(ranks, m, between, rotations, generator)
    tests = 3 * k * (k - 1) // 2
    return Subspaces(
        names=names, ranks=ranks, n_dimensions=m,
        shares=read_only(shares), by_chance=read_only(np.tile(np.array(ranks) / m, (k, 1))),
        p_shares=read_only(np.minimum(tests * p_shares, 1)),
        angles=tuple(tuple(np.degrees(one).tolist()) for one in between),
        p_angles=read_only(np.minimum(tests * p_angles, 1)), rotations=rotations,
    )  # fmt: skip


def _read(matrices: Any) -> dict[str, np.ndarray]:
    if not isinstance(matrices, Mapping):
        raise TypeError(
            f"`matrices` must be a dictionary of names and matrices; got {checks.shown(matrices)}. "
            'Pass {"name": matrix, ...}.'
        )
    if len(matrices) < 2:
        raise ValueError(
            f"`matrices` must have at least two entries; got {len(matrices)}. There is nothing to compare."
        )
    rows: dict[str, np.ndarray] = {}
    for name, value in matrices.items():
        if not isinstance(name, str):
            raise TypeError(f"`matrices` must have names as keys; got {checks.shown(name)}. Pass a text.")
        rows[name] = matrix(f"matrices[{checks.shown(name)}]", value)
        first = next(iter(rows))
        named = (f"matrices[{checks.shown(one)}]" for one in (name, first))
        same_width(next(named), rows[name], next(named), rows[first].shape[1])
    return rows


def _singular(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parts of the sum of squares along the right singular directions, largest first, and these as rows."""
    scaled = rows / np.abs(rows).max()
    if len(scaled) > scaled.shape[1]:  # the same directions and values, of a small matrix
        scaled = np.linalg.qr(scaled, mode="r")
    _, values, directions = np.linalg.svd(scaled, full_matrices=False)
    kept = values > ROUNDING * values[0]
    parts = values[kept] ** 2
    return parts / parts.sum(), directions[kept]


def _asked(rank: Any, name: str, names: tuple[str, ...]) -> Any:
    if not isinstance(rank, Mapping):
        return rank
    if set(rank) != set(names):
        raise ValueError(f"`rank` must have an entry for each matrix; got {checks.shown(dict(rank))}. Name them all.")
    return rank[name]


def _rank(name: str, asked: Any, parts: np.ndarray) -> int:
    """Number of directions kept."""
    if isinstance(asked, int | np.integer) and not isinstance(asked, bool):
        rank = checks.integer("rank", asked, minimum=1)
        if rank > len(parts):
            raise ValueError(
                f"`rank` must be at most the rank of matrices[{checks.shown(name)}], {len(parts)}; got {rank}. "
                "Ask for less."
            )
        return rank
    part = checks.positive_number("rank", asked)
    if not part < 1:
        raise ValueError(f"`rank` must be a whole number, or a part less than 1; got {part:g}. Pass 0.9, or 8.")
    return int(np.searchsorted(parts.cumsum(), part * (1 - ROUNDING))) + 1


def _share(parts: np.ndarray, directions: np.ndarray, basis: np.ndarray) -> float:
    return float(np.clip(parts @ ((directions @ basis.T) ** 2).sum(axis=1), 0.0, 1.0))


def _principal(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Principal angles of orthonormal rows in radians, smallest first; small ones by sines, which do not round."""
    few, many = sorted((first, second), key=len)
    inside = few @ many.T
    cosines = np.linalg.svd(inside, compute_uv=False)
    angles = np.arccos(np.clip(cosines, 0.0, 1.0))
    small = cosines**2 >= 0.5
    if small.any():
        sines = np.linalg.svd(few - inside @ many, compute_uv=False)[::-1]
        angles[small] = np.arcsin(np.clip(sines, 0.0, 1.0))[small]
    return angles


def _p_share(share: float, draws: np.ndarray, weights: np.ndarray, rank: int) -> float:
    """Two-sided p-value of one share; 1 where all random subspaces have the same."""
    if np.ptp(draws) < FIXED:
        return 1.0
    above, below = share_law(weights, rank)
    return min(2 * min(tail(share, draws, above), tail(-share, -draws, lambda value: below(-value))), 1.0)


def _p_angles(
    ranks: tuple[int, ...], m: int, between: list[np.ndarray], rotations: int, rng: np.random.Generator
) -> np.ndarray:
    """p-values of the smallest angles; 1 where two subspaces meet in any case. Pairs of the same ranks share draws."""
    k = len(ranks)
    p, known = np.ones((k, k)), dict[tuple[int, int], np.ndarray]()
    for (i, j), angles in zip(_pairs(ranks), between, strict=True):
        if ranks[i] + ranks[j] <= m:
            sizes = min(ranks[i], ranks[j]), max(ranks[i], ranks[j])
            if sizes not in known:
                known[sizes] = largest_cosines(*sizes, m, rotations, rng)
            p[i, j] = p[j, i] = tail(float(np.cos(angles[0]) ** 2), known[sizes], angle_law(known[sizes]))
    return p


def _pairs(names: tuple[Any, ...]) -> list[tuple[int, ...]]:
    return [(i, j) for i in range(len(names)) for j in range(i + 1, len(names))]
