"""How many features share a neuron: eight metrics of polysemanticity, and two of samples."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.arrays import read_only, to_numpy
from geomsup.threads import check_stop
from geomsup.weights import shares as of
from geomsup.weights.printing import Listed
from geomsup.weights.reading import balanced, matrix, same_shape

__all__ = ["Polysemanticity", "polysemanticity"]

# Blocks of samples that are left out in turn, for standard errors.
BLOCKS = 20

# Weights whose metrics are worked out at a time.
BLOCK = 2**22

METRICS = {  # and their headings
    "largest_share": "largest share",
    "participation": "participation",
    "kurtosis": "kurtosis",
    "capacity": "capacity",
    "entropy": "entropy",
    "features": "features",
    "equivocation": "equivocation",
    "hoyer": "Hoyer",
}


@dataclass(frozen=True, eq=False, repr=False)
class Polysemanticity(Listed):
    """Metrics of every neuron, ``(n_neurons,)`` each. A neuron without weights has 0 in all of them.

    With s_i the share of feature i in the squares of the neuron's amplitudes w_i (see `polysemanticity`):

    Attributes
    ----------
    largest_share
        max s_i: 1 if the neuron has one feature.
    participation
        1/Σ s_i²: k for k features of equal shares.
    kurtosis
        Excess kurtosis of w over the features, about its mean: large for one feature among many.
    capacity
        Σ_i C_i times the neuron's part of the squares of feature i, with the capacities C_i = G_ii²/Σ_j G_ij²,
        G = W_out W_inᵀ. The sum over neurons is Σ C_i.
    entropy
        -Σ s_i log₂ s_i, in bits.
    features
        Number of features with at least `threshold` times the largest share.
    equivocation
        Bits that the activation leaves open about which feature is active: H(i) less the mutual information I(i; h),
        exact for one active feature at a time with values uniform on [0, 1], weighted by how large the activation is.
    hoyer
        (√n - ‖w‖₁/‖w‖₂)/(√n - 1): 1 for one feature, 0 for n equal ones.
    threshold
        Of `features`.
    n_features, n_neurons
        Shape of the weights.
    activation_kurtosis, activity_ratio
        Excess kurtosis E(h - Eh)⁴/(Var h)² - 3 and (E|h|)²/E h² of each neuron's activations; None without samples.
    activation_kurtosis_error, activity_ratio_error
        Standard errors of these, from leaving out a twentieth of the samples in turn.
    samples
        Number of samples; None without.

    Examples
    --------
    >>> import geomsup as gs
    >>> found = gs.polysemanticity([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    >>> found.features.tolist(), found.layer["participation"], found.capacity.tolist()
    ([1, 2], 1.5, [1.0, 1.0])
    >>> len(found.to_rows()), sorted(found.to_dict())[:2]
    (2, ['activation_kurtosis', 'activation_kurtosis_error'])
    """

    largest_share: np.ndarray
    participation: np.ndarray
    kurtosis: np.ndarray
    capacity: np.ndarray
    entropy: np.ndarray
    features: np.ndarray
    equivocation: np.ndarray
    hoyer: np.ndarray
    threshold: float
    n_features: int
    n_neurons: int
    activation_kurtosis: np.ndarray | None = None
    activation_kurtosis_error: np.ndarray | None = None
    activity_ratio: np.ndarray | None = None
    activity_ratio_error: np.ndarray | None = None
    samples: int | None = None

    @property
    def layer(self) -> dict[str, float]:
        """Each metric of the layer: its mean over the neurons that have weights; of the capacity the sum."""
        used = self.largest_share > 0
        return {
            name: float(getattr(self, name).sum() / (1 if name == "capacity" else max(used.sum(), 1)))
            for name in METRICS
        }

    @property
    def headline(self) -> str:
        """What was found, in one sentence of at most 40 words."""
        layer, one = self.layer, int((self.features == 1).sum())
        return (
            f"{layer['features']:.3g} of {checks.count(self.n_features, 'feature')} per neuron on average, in "
            f"{checks.count(self.n_neurons, 'neuron')}; {one} with one feature; participation "
            f"{layer['participation']:.3g}, equivocation {layer['equivocation']:.3g} bits, "
            f"capacities of {layer['capacity']:.3g} in all"
        )

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per neuron: the eight metrics, and those of samples if there are any."""
        sampled = [name for name in SAMPLED if getattr(self, name) is not None]
        return [
            {"neuron": a} | {name: getattr(self, name)[a].item() for name in (*METRICS, *sampled)}
            for a in range(self.n_neurons)
        ]

    def _lines(self) -> list[tuple[str, ...]]:
        lines = [("neuron", *METRICS.values())]
        lines += [(str(row["neuron"]), *(f"{row[name]:.3g}" for name in METRICS)) for row in self.to_rows()]
        if self.activation_kurtosis is None:
            return lines
        pairs = [[getattr(self, name), getattr(self, f"{name}_error")] for name in SAMPLED[::2]]
        said = [tuple(f"{value:.3g} ± {error:.2g}" for value, error in zip(*pair, strict=True)) for pair in pairs]
        ends = [("activations' kurtosis", "activity ratio"), *zip(*said, strict=True)]
        return [(*line, *end) for line, end in zip(lines, ends, strict=True)]


SAMPLED = ("activation_kurtosis", "activation_kurtosis_error", "activity_ratio", "activity_ratio_error")


def polysemanticity(
    W_in: Any, W_out: Any = None, activations: Any = None, *, threshold: float = 0.1, rectified: bool = False
) -> Polysemanticity:
    """Return eight metrics of how many features share each neuron, and of the layer.

    A feature's amplitude in a neuron is its weight into it, w_i = W_in[i, a]. With `W_out` it is
    sign(W_in[i, a]) √|W_in[i, a] W_out[i, a]|: what goes through the neuron to the feature's own output. If W_out is
    W_in, this is the same.

    Scaling a neuron's weights changes nothing but the capacities; if its weights out are divided by the factor, nothing
    at all. Order and signs of features and of neurons change nothing, but if only some of a neuron's weights change
    their sign, kurtosis and equivocation do. A feature without weights changes kurtosis and `hoyer` only. Σ C_i is the
    same in every orthogonal basis of the hidden layer; all else is about these neurons. See the page on your weights
    for how reliable each metric was on models with known truth.

    Parameters
    ----------
    W_in
        ``(n_features, n_neurons)``, anything `geomsup.as_rows` takes: weights of features into the neurons.
    W_out
        The same shape: weights of neurons on the outputs of the same features. PyTorch has one of the two transposed.
    activations
        ``(samples, n_neurons)`` activations of the neurons, at least 20 samples. They say how rarely and how strongly
        a neuron fires, not for how many features.
    threshold
        A feature counts if its share is at least this part of the neuron's largest.
    rectified
        If True, weights in that are negative count as 0: no feature opens a ReLU with them, if features are never
        negative. Measured on such models, this makes most metrics much more reliable.

    Returns
    -------
    Polysemanticity
        The metrics.

    Raises
    ------
    TypeError
        If an array does not hold real numbers.
    ValueError
        If an array has another shape, is not finite, or weights are 0 everywhere; or another argument is out of its
        range.

    References
    ----------
    :cite:t:`scherlis2022`: capacity. :cite:t:`hoyer2004`. :cite:t:`treves1991`: the activity ratio.

    Examples
    --------
    >>> print(polysemanticity([[1.0], [1.0], [0.0], [-1.0]]).headline)
    3 of 4 features per neuron on average, in 1 neuron; 0 with one feature; participation 3, equivocation 0.667 bits, \
capacities of 1 in all
    """
    into = matrix("W_in", W_in)
    out = into if W_out is None else matrix("W_out", W_out)
    same_shape("W_out", out, "W_in", into)
    if checks.boolean("rectified", rectified):
        into = _positive(into)
    threshold = checks.positive_number("threshold", threshold)
    if not threshold <= 1:
        raise ValueError(f"`threshold` must be at most 1; got {threshold:g}. Pass a part of the largest share.")
    sampled = {} if activations is None else _of_samples(activations, into.shape[1])
    parts = [_of_neurons(into[:, first:last], out[:, first:last], threshold) for first, last in _blocks(*into.shape)]
    metrics = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    metrics["capacity"] = _capacity(into, out)
    for values in metrics.values():
        values.setflags(write=False)
    return Polysemanticity(
        threshold=threshold, n_features=len(into), n_neurons=into.shape[1], **metrics, **sampled
    )  # fmt: skip


def _blocks(n_features: int, n_neurons: int) -> list[tuple[int, int]]:
    """Return where blocks of neurons begin and end."""
    step = max(BLOCK // n_features, 1)
    return [(first, min(first + step, n_neurons)) for first in range(0, n_neurons, step)]


def _of_neurons(into: np.ndarray, out: np.ndarray, threshold: float) -> dict[str, np.ndarray]:
    """Return the metrics that need these neurons alone."""
    amplitudes = _amplitudes(into, out)
    share = of.shares(amplitudes)
    check_stop()
    return {
        "largest_share": of.largest_share(share), "participation": of.effective_number(share),
        "kurtosis": of.kurtosis(amplitudes), "entropy": of.entropy(share), "features": of.frequent(share, threshold),
        "equivocation": of.equivocation(amplitudes), "hoyer": of.concentration(amplitudes),
    }  # fmt: skip


def _positive(into: np.ndarray) -> np.ndarray:
    if not (into > 0).any():
        raise ValueError("`W_in` must have positive weights if rectified; got none. Pass rectified=False.")
    return np.maximum(into, 0.0)


def _amplitudes(into: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return sign(W_in) √|W_in W_out|, the largest of each neuron 1."""
    into, out = (one / np.where(one.any(axis=0), np.abs(one).max(axis=0), 1.0) for one in (into, out))
    found = np.sign(into) * np.sqrt(np.abs(into)) * np.sqrt(np.abs(out))
    return found / np.where(found.any(axis=0), np.abs(found).max(axis=0), 1.0)


def _capacity(into: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return the capacities of features, shared out among neurons like the products of weights."""
    into, out = balanced(into, out)
    part = np.abs(into * out)
    whole = part.sum(axis=1, keepdims=True)
    part = part / np.where(whole > 0, whole, 1.0)
    return of.capacities(into, out) @ part


def _of_samples(activations: Any, n_neurons: int) -> dict[str, Any]:
    """Return kurtosis and activity ratio of each neuron's activations, with jackknife errors."""
    H = to_numpy("activations", activations)
    if H.ndim != 2 or H.shape[1] != n_neurons or len(H) < BLOCKS:
        raise ValueError(
            f"`activations` must have the shape (samples, {n_neurons}), at least {BLOCKS} samples; got {H.shape}. "
            "Pass a column per neuron."
        )
    H = H / np.maximum(np.abs(H).max(axis=0), np.finfo(float).tiny)
    mean = H.mean(axis=0)  # powers are of what is left: it may be small beside the mean
    blocks = np.array_split(H, BLOCKS)
    sums = np.array(
        [[np.abs(one).sum(axis=0), *(((one - mean) ** k).sum(axis=0) for k in range(1, 5))] for one in blocks]
    )
    sizes = np.array([len(one) for one in blocks])
    found: dict[str, Any] = {"samples": len(H)}
    for name, statistic in (("activation_kurtosis", _kurtosis), ("activity_ratio", _activity_ratio)):
        left_out = np.array(
            [statistic((sums.sum(axis=0) - sums[k]) / (len(H) - sizes[k]), mean) for k in range(BLOCKS)]
        )
        found[name] = read_only(statistic(sums.sum(axis=0) / len(H), mean))
        spread = ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0)
        found[f"{name}_error"] = read_only(np.sqrt(spread * (BLOCKS - 1) / BLOCKS))
    return found


def _kurtosis(moments: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return the excess kurtosis by moments: E|h|, then E(h - mean)ᵏ, k = 1..4; 0 for what never varies."""
    _, first, second, third, fourth = moments
    variance = second - first**2
    central = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
    varies = variance > (4 * np.finfo(float).eps * mean) ** 2  # else rounding alone
    return np.where(varies, central / np.where(varies, variance, 1.0) ** 2 - 3.0, 0.0)


def _activity_ratio(moments: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return (E|h|)²/E h², of the same moments."""
    size, first, second, _, _ = moments
    square = second + 2 * mean * first + mean**2
    return np.divide(size**2, square, out=np.zeros(len(size)), where=square > 0)
