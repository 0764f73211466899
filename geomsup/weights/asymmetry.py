"""The asymmetric superposition motif in weights into and out of neurons, against shuffled weights."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.arrays import read_only
from geomsup.threads import Progress, check_stop, patiently, stop_flag
from geomsup.weights.printing import Listed, p_value
from geomsup.weights.reading import balanced, matrix, same_shape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Motifs", "motifs"]

# Least part of the interference that the inhibitor takes away: several neurons may take a part each.
INHIBITS = 0.25
# Part of the interference that may be left in the sum over all neurons: nearly none.
LEFT = 0.1

# Motifs that are listed; more are only counted.
MOST_LISTED = 10_000

# Fewer shuffles cannot give a p-value of 0.05.
FEWEST_SHUFFLES = 19


@dataclass(frozen=True, eq=False, repr=False)
class Motifs(Listed):
    """Asymmetric motifs: one neuron stores two features unequally, and another takes the interference away.

    Attributes
    ----------
    found
        ``(motifs, 4)`` shared neuron, strong feature, weak feature, inhibitor; the first 10,000.
    ratios
        ``(motifs, 2)`` weight in of the strong feature over that of the weak one, and weight out of the weak feature
        over that of the strong one.
    left
        ``(motifs,)`` effect of the strong feature on the output of the weak one, summed over all neurons, over the part
        that goes through the shared neuron: 0 or less where all of it is taken away.
    count
        Number of motifs.
    chance
        ``(2, shuffles)`` numbers of motifs in weights shuffled in two ways: pairs dealt to other neurons, and rows of
        W_out dealt to other features.
    p_value
        (1 + number of shuffles with as many motifs)/(1 + number of shuffles), of the two ways the larger one.
    n_features, n_neurons
        Shape of the weights.

    Examples
    --------
    >>> import geomsup as gs
    >>> found = gs.motifs([[2.0, 1.0], [-0.5, 0.0]], [[0.5, 0.0], [2.0, -4.5]])
    >>> found.found.tolist(), found.to_rows()[0]["inhibitor"], found.left.round(3)
    ([[0, 0, 1, 1]], 1, array([-0.125]))
    >>> found.count, found.chance.shape, sorted(found.to_dict())[:2]
    (1, (2, 99), ['chance', 'count'])
    >>> found.plot().get_xlabel()
    'motifs in shuffled weights'
    """

    found: np.ndarray
    ratios: np.ndarray
    left: np.ndarray
    count: int
    chance: np.ndarray
    p_value: float
    n_features: int
    n_neurons: int

    @property
    def by_chance(self) -> float:
        """Mean number of motifs in shuffled weights, of the two ways to shuffle the larger one."""
        return float(self.chance.mean(axis=1).max())

    @property
    def headline(self) -> str:
        """What was found, in one sentence of at most 40 words."""
        return (
            f"{checks.count(self.count, 'asymmetric motif')} among {checks.count(self.n_features, 'feature')} and "
            f"{checks.count(self.n_neurons, 'neuron')}; {self.by_chance:.3g} in shuffled weights on average; "
            f"p = {p_value(self.p_value)}, estimated from {self.chance.shape[1]} shuffles"
        )

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per motif: neurons, features, ratios of weights, and what is left of the interference."""
        return [
            {
                "neuron": int(a), "strong": int(i), "weak": int(j), "inhibitor": int(b),
                "ratio_in": float(ratio_in), "ratio_out": float(ratio_out), "left": float(left),
            }
            for (a, i, j, b), (ratio_in, ratio_out), left in zip(self.found, self.ratios, self.left, strict=True)
        ]  # fmt: skip

    def _lines(self) -> list[tuple[str, ...]]:
        names = ("neuron", "strong", "weak", "inhibitor")
        return [
            (*names, "ratio in", "ratio out", "left"),
            *(
                (
                    *(str(row[name]) for name in names),
                    *(f"{row[name]:.3g}" for name in ("ratio_in", "ratio_out", "left")),
                )
                for row in self.to_rows()
            ),
        ]

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the numbers of motifs in shuffled weights, and the observed one; see `geomsup.plot.plot_motifs`."""
        from geomsup.plot import plot_motifs

        return plot_motifs(self, ax=ax)


def motifs(
    W_in: Any,
    W_out: Any,
    *,
    ratio: float = 2.0,
    share: float = 0.2,
    shuffles: int = 99,
    rng: Any = 0,
    progress: Progress = None,
) -> Motifs:
    """Find the asymmetric superposition motif in the weights of ReLU neurons, and count it against shuffled weights.

    Neuron A reads feature i strongly and feature j weakly, and writes them the other way round, as with weights
    [2, −½] in and [½, 2] out: so it serves both. Then feature i interferes with output j. Neuron B, which is open for
    the same sign of x_i, takes the interference away: the sum over all neurons is nearly zero, or negative, which a
    ReLU of the output removes. Each (A, i, j) counts once, with the strongest B.

    Weights are shuffled in two ways, and the larger p-value counts. In the first, each feature keeps its pairs of
    weights in and out, but they are dealt to other neurons, for every feature anew: each feature is still served as
    before, and chance decides who shares a neuron and who inhibits. In the second, each row of W_out is dealt to
    another feature: what neurons have in common is kept, and if W_in and W_out know nothing of each other, the p-value
    is exact. Before, all neurons are scaled so that their weights in and out have the same norm: no model changes.

    Parameters
    ----------
    W_in, W_out
        ``(n_features, n_neurons)`` both, anything `geomsup.as_rows` takes: weights of features into the neurons, and of
        neurons on the outputs of the same features. PyTorch has the first of them transposed.
    ratio
        Least ratio of the two weights in, and of the two weights out.
    share
        A neuron serves a feature if its weight in times its positive weight out is more than this part of the product
        of the norms of all such weights of the feature, which is the most that all neurons together can give.
    shuffles
        Number of shuffles; at least 19.
    rng
        Seed or generator of the shuffles.
    progress
        Called as progress(stage, fraction): stage "shuffles".

    Returns
    -------
    Motifs
        The motifs and their number by chance.

    Raises
    ------
    TypeError
        If `W_in` or `W_out` does not hold real numbers, or `progress` cannot be called.
    ValueError
        If `W_in` or `W_out` has other than 2 axes, is not finite, or is 0; if they differ in shape; or another argument
        is out of its range.

    References
    ----------
    :cite:t:`elhage2022`.

    Examples
    --------
    >>> print(motifs([[2.0, 1.0], [-0.5, 0.0]], [[0.5, 0.0], [2.0, -4.5]]).headline)
    1 asymmetric motif among 2 features and 2 neurons; 0.525 in shuffled weights on average; p = 0.53, estimated from \
99 shuffles
    """
    into, out = matrix("W_in", W_in), matrix("W_out", W_out)
    same_shape("W_out", out, "W_in", into)
    ratio = checks.number("ratio", ratio)
    if not ratio > 1:
        raise ValueError(f"`ratio` must be more than 1; got {ratio:g}. Equal weights are not asymmetric; pass 2.")
    share = checks.positive_number("share", share)
    if not share < 1:
        raise ValueError(f"`share` must be less than 1; got {share:g}. A neuron that serves two features shares them.")
    shuffles = checks.integer("shuffles", shuffles, minimum=FEWEST_SHUFFLES, maximum=checks.MOST_NUMBERS)
    generator = checks.random_generator("rng", rng)
    checks.callback("progress", progress)
    into, out = balanced(into, out)
    serves = _serves(into, out, share)
    found = np.empty((MOST_LISTED, 4), np.int64)
    count = patiently(lambda: _count(into, out, serves, ratio, found))
    chance = np.zeros((2, shuffles))
    served = serves.any(axis=1)  # only these are in motifs, to whichever neurons their pairs are dealt
    for number in range(shuffles):
        dealt = _dealt(into[served], out[served], serves[served], generator)
        chance[0, number] = patiently(lambda dealt=dealt: _count(*dealt, ratio, found[:0]))
        other = out[generator.permutation(len(out))]
        chance[1, number] = patiently(
            lambda other=other: _count(into, other, _serves(into, other, share), ratio, found[:0])
        )
        if progress is not None:
            progress("shuffles", (number + 1) / shuffles)
    listed = found[: min(count, MOST_LISTED)].copy()
    listed.setflags(write=False)
    a, i, j, _ = listed.T
    left = [_left(into, out, *places) for places in zip(a, i, j, strict=True)]
    with np.errstate(divide="ignore"):
        ratios = np.stack([np.abs(into[i, a] / into[j, a]), out[j, a] / out[i, a]], axis=1)
    return Motifs(
        found=listed, ratios=read_only(np.minimum(ratios, np.finfo(float).max)),
        left=read_only(left), count=count, chance=read_only(chance),
        p_value=float(((1 + (chance >= count).sum(axis=1)) / (1 + shuffles)).max()),
        n_features=len(into), n_neurons=into.shape[1],
    )  # fmt: skip


def _serves(into: np.ndarray, out: np.ndarray, share: float) -> np.ndarray:
    """Whether a neuron gives a feature's own output at least a share of what the norms of its weights allow."""
    positive = np.maximum(out, 0.0)
    allowed = np.linalg.norm(into, axis=1) * np.linalg.norm(positive, axis=1)  # by Cauchy and Schwarz
    return (np.abs(into) * positive > share * allowed[:, None]) & (allowed[:, None] > 0)


def _count(into: np.ndarray, out: np.ndarray, serves: np.ndarray, ratio: float, found: np.ndarray) -> int:
    from geomsup.weights.kernels import find

    count = find(into, out, serves, ratio, INHIBITS, LEFT, found, stop_flag())
    check_stop()
    return int(count)


def _dealt(
    into: np.ndarray, out: np.ndarray, serves: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Deal each feature's pairs of weights to other neurons."""
    places = rng.permuted(np.tile(np.arange(into.shape[1]), (len(into), 1)), axis=1)
    first, second, third = (np.take_along_axis(one, places, axis=1) for one in (into, out, serves))
    return first, second, third


def _left(into: np.ndarray, out: np.ndarray, a: int, i: int, j: int) -> float:
    onto = np.maximum(np.sign(into[i, a]) * into[i], 0.0) * out[j]
    return float(onto.sum() / onto[a])
