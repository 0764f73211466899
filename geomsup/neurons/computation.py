"""Computation in superposition: does a hidden ReLU layer compute more functions than dedicated neurons could?"""

from dataclasses import dataclass, field
from math import lgamma
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.model import ToyModel, checked_model
from geomsup.neurons.cells import Layer, one_active, subsets, two_active
from geomsup.tables import Readable, Tabular, html_table
from geomsup.threads import check_stop, in_threads, processors, stop_flag

__all__ = ["Computation", "computation"]

POWERS = (2, 4)
LARGEST = 1e50  # of outputs: their fourth powers, summed over outputs, are doubles
MOST_SAMPLES = 10**7
CHUNK = 2**22  # numbers of samples at a time: 32 MB
ONE_FEATURE = 0.9  # of a neuron's squared weights: a second weight of a third of the largest gives just this
IN_USE = 0.05  # strength of a neuron, as a fraction of the strongest one's, above which it is in use
ROUNDING = 1e-9  # relative difference of losses that may be rounding: sums of 1e5 terms leave 1e-11 at most
RARE = 1e-12  # chance of so many active features that they need no bound of their own
NEVER = 1e-300  # a chance below it has no reciprocal to draw by, and adds nothing
SURE = 3.0  # standard errors between the loss and that of dedicated neurons, from which on the estimate decides
HALVINGS = 60  # of the bracket of the best constant: the loss is flat there, so that half of them would do


@dataclass(frozen=True, eq=False)
class Computation(Readable, Tabular):
    """What a hidden ReLU layer loses on y_i = ReLU(x_i), and whether dedicated neurons could lose as little.

    Attributes
    ----------
    verdict
        "superposed": it loses less than any model whose neurons each read one feature. Else "dedicated", if nearly
        each of its own neurons reads one feature (`shares`), or "dense". "undecided" if the loss is not known well
        enough.
    sure
        "proved" by `low` and `high`, "estimated" by `loss` and three of its `error`, or "unknown".
    loss, error
        Σ_i E (y_i - ReLU(x_i))^power, and one standard error: samples stand for three and more active features, and for
        two if `pairs` is 0.
    low, high
        Bounds on the expected loss: proved, up to rounding.
    dedicated
        A lower bound on the loss of all models of so many neurons that each read one feature: proved.
    silent
        The loss of the best model whose neurons each read and write one and the same feature: proved. Its other outputs
        are 0.
    active, by_active, by_active_error
        P(k features are active), and the expected loss given that, for k = 0, 1, 2 and "three or more", ``(4,)``. The
        first two are exact, the third is if pairs were integrated, and the last is sampled.
    one
        The loss at output i given that feature j alone is active, ``(n, n)``: row j, column i. Exact.
    shares
        The largest part of each neuron's squared weights that is on one feature, ``(m,)``; 0 if it is not in use.
    pairs
        Number of pairs integrated: all n (n - 1) / 2, or none.
    power, probability, model
        What was asked.

    Examples
    --------
    >>> import geomsup as gs
    >>> two = gs.ToyModel([[1.0], [0.0]], activation="linear", hidden_activation="relu")
    >>> print(gs.computation(two, 0.1))
    2 outputs of 1 neuron: dedicated (proved); loss 0.01667, of dedicated neurons at least 0.01604
    """

    verdict: str
    sure: str
    loss: float
    error: float
    low: float
    high: float
    dedicated: float
    silent: float
    active: np.ndarray = field(repr=False)
    by_active: np.ndarray = field(repr=False)
    by_active_error: np.ndarray = field(repr=False)
    one: np.ndarray = field(repr=False)
    shares: np.ndarray = field(repr=False)
    pairs: int
    power: int
    probability: float
    model: ToyModel = field(repr=False)

    @property
    def own(self) -> np.ndarray:
        """The loss at its own output given that feature i alone is active, ``(n,)``."""
        return np.diag(self.one).copy()

    @property
    def crosstalk(self) -> np.ndarray:
        """The loss at all other outputs given that feature i alone is active, ``(n,)``."""
        return self.one.sum(axis=1) - self.own

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per feature: what its own output and the others lose if it alone is active."""
        pairs = zip(self.own, self.crosstalk, strict=True)
        return [{"feature": i, "own": float(own), "crosstalk": float(other)} for i, (own, other) in enumerate(pairs)]

    def __str__(self) -> str:
        n, m = self.model.W.shape
        return (
            f"{checks.count(n, 'output')} of {checks.count(m, 'neuron')}: {self.verdict} ({self.sure}); loss "
            f"{self.loss:.4g}, of dedicated neurons at least {self.dedicated:.4g}"
        )

    def _repr_html_(self) -> str:
        return html_table(str(self), self.to_rows())


@checks.hinted
def computation(
    model: ToyModel,
    probability: float,
    *,
    power: int = 2,
    pairs: int = 2000,
    samples: int = 20_000,
    rng: Any = None,
) -> Computation:
    """Return whether a hidden ReLU layer computes ReLU(x_i) of more features than dedicated neurons could.

    The model is y = W_out ReLU(Wᵀ x + b_hidden) + b. Each feature is active with `probability` p, independently, and is
    then uniform on [-1, 1]. What it loses with no, one or two active features is exact: y is linear between the
    neurons' breakpoints on a segment, and in the cells between their lines in a square.

    *Dedicated.* Let each of m neurons read one feature. At least n - m outputs are then independent of their own
    feature, and lose at least min_c E (ReLU(x) - c)^power: p/6 - p²/16 for squares. The bound is attained: m neurons
    compute m features exactly, and b holds the constant elsewhere.

    *Three and more.* Let s features be active. A neuron changes by at most the sum h_k that it reads, so that by
    Minkowski's inequality the norm of error i is at most ``|y_i(0)| + Σ_k |W_out[i, k]| ‖h_k‖ + ‖ReLU(x_i)‖``. The
    norms are over the choice of the s features and their values, and are finite sums. The bound is far from tight: it
    proves a verdict where n p is well below 1.

    *Squares of one active feature.* Nothing beats (n - m)/6 in all if b = 0: for any x > 0 the outputs for the n
    features are the columns of a matrix of rank m, which is to be x times the identity.

    Parameters
    ----------
    model
        A `ToyModel` with a hidden "relu", a "linear" output and one hidden layer.
    probability
        p, between 0 and 1.
    power
        2 or 4: of the errors that are summed.
    pairs
        The most pairs of features that are integrated: 2,000 of them take seconds. If there are more, two active
        features are sampled too.
    samples, rng
        Samples of each kind that is sampled, and anything ``np.random.default_rng`` takes.

    Raises
    ------
    TypeError, ValueError
        If an argument is something else, or outputs could exceed 1e50.

    References
    ----------
    :cite:t:`bhagat2026` ask whether 100 such functions of 50 neurons are computed in superposition.

    Examples
    --------
    >>> import geomsup as gs
    >>> import numpy as np
    >>> one_each = gs.ToyModel(np.eye(4, 2), activation="linear", hidden_activation="relu")
    >>> found = gs.computation(one_each, 0.01, power=4)
    >>> found.verdict, found.own.round(3)  # outputs without a neuron lose E ReLU(x)⁴ = 1/10
    ('dedicated', array([0. , 0. , 0.1, 0.1]))
    """
    layer = _layer(checked_model("model", model))
    p = checks.positive_number("probability", probability)
    if not p < 1:
        raise ValueError(f"`probability` must be below 1; got {p:g}. Pass P(x_i ≠ 0).")
    power = checks.integer("power", power, minimum=2, maximum=4)
    if power not in POWERS:
        raise ValueError(f"`power` must be 2 or 4; got {power}. Pass one of them.")
    pairs = checks.integer("pairs", pairs, minimum=0)
    samples = checks.integer("samples", samples, minimum=100, maximum=MOST_SAMPLES)
    generator = checks.random_generator("rng", rng)
    n, m = model.W.shape
    chance = _binomial(n, p)
    active = np.array([*np.append(chance, 0.0)[:3], chance[3:].sum()])  # one feature has no pairs
    one = _one(layer, power)
    integrated = n * (n - 1) // 2 if n * (n - 1) // 2 <= pairs else 0
    exact = bool(integrated) or n == 1

    def sampled(part: slice) -> tuple[float, float]:
        return _sampled(layer, chance, part, power, samples, generator)

    two, two_error = (_pairs(layer, power), 0.0) if exact else sampled(slice(2, 3))
    more, more_error = sampled(slice(3, None))
    by_active = np.array([_none(layer, power), one.sum() / n, two, more])
    errors = np.array([0.0, 0.0, two_error, more_error])
    known = 3 if exact else 2  # numbers of active features whose losses are exact
    low = float(active[:known] @ by_active[:known])
    high = low + _most(layer, chance, known, power)
    loss, error = float(active @ by_active), float(np.linalg.norm(active * errors))
    unread = max(n - m, 0)
    dedicated, silent = unread * _constant(p, power), unread * p * _silent(power)
    shares = _shares(layer)
    verdict, sure = _verdict(layer, shares, (low, high), (loss, error), dedicated)
    return Computation(
        verdict, sure, loss, error, low, high, dedicated, silent, active, by_active, errors, one, shares, integrated,
        power, p, model,
    )  # fmt: skip


def _layer(model: ToyModel) -> Layer:
    """Return W, b_hidden, W_out and b of a model of the right kind."""
    if model.hidden_activation != "relu" or model.activation != "linear" or model.W_between is not None:
        raise ValueError(
            f"`model` must have one hidden layer of ReLUs and a linear output; got {model!r}. Pass a model with "
            'hidden_activation="relu" and activation="linear".'
        )
    b_hidden = np.zeros(model.n_hidden) if model.b_hidden is None else np.array(model.b_hidden)
    with np.errstate(over="ignore", invalid="ignore"):
        heard = np.abs(model.decoder) @ (np.abs(model.W).sum(axis=0) + np.abs(b_hidden)) + np.abs(model.b)
    if not heard.max() <= LARGEST:
        raise ValueError(
            f"`model` must have outputs up to {LARGEST:g}; got up to {heard.max():g}. Rescale the weights."
        )
    return np.array(model.W), b_hidden, np.array(model.decoder), np.array(model.b)


def _binomial(n: int, p: float) -> np.ndarray:
    """Return P(s of n features are active), ``(n + 1,)``."""
    s = np.arange(n + 1)
    choices = np.array([lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) for k in s])
    return np.exp(choices + s * np.log(p) + (n - s) * np.log1p(-p))


def _none(layer: Layer, power: int) -> float:
    _, b_hidden, W_out, b = layer
    return float((np.abs(W_out @ np.maximum(b_hidden, 0.0) + b) ** power).sum())


def _one(layer: Layer, power: int) -> np.ndarray:
    return in_threads(lambda _: one_active(layer, power, stop_flag()), [None])[0]


def _pairs(layer: Layer, power: int) -> float:
    """Return the mean loss of two active features over all pairs; 0 if there are none."""
    first, second = np.triu_indices(len(layer[0]), 1)
    if not len(first):
        return 0.0

    def integrated(part: np.ndarray) -> np.ndarray:
        return two_active(layer, first[part], second[part], power, stop_flag())

    parts = np.array_split(np.arange(len(first)), min(processors() * 4, len(first)))
    return float(np.concatenate(in_threads(integrated, parts)).mean())


def _sampled(
    layer: Layer, chance: np.ndarray, part: slice, power: int, samples: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the expected loss given that so many features are active, and its standard error."""
    W, b_hidden, W_out, b = layer
    n, numbers, weights = len(W), np.arange(len(chance))[part], chance[part]
    if not weights.sum() > NEVER:
        return 0.0, 0.0
    counts = rng.choice(numbers, samples, p=weights / weights.sum())
    lost = np.empty(samples)
    step = max(CHUNK // n, 1)
    for start in range(0, samples, step):
        check_stop()
        some = counts[start : start + step]
        x = np.zeros((len(some), n))
        active = np.repeat(np.arange(len(some)), some), subsets(some, n, rng.random(some.sum()))
        x[active] = rng.uniform(-1, 1, some.sum())
        e = np.maximum(x @ W + b_hidden, 0.0) @ W_out.T + b - np.maximum(x, 0.0)
        lost[start : start + step] = (np.abs(e) ** power).sum(axis=1)
    return float(lost.mean()), float(lost.std(ddof=1) / np.sqrt(samples))


def _most(layer: Layer, chance: np.ndarray, first: int, power: int) -> float:
    """Return a bound on what so many active features and more add to the loss."""
    n = len(chance) - 1
    last = int((np.cumsum(chance[::-1])[::-1] > RARE).sum())  # the bound rises: that of all stands for all beyond
    each = (chance[s] * _bound(layer, s, power) for s in range(first, max(last, first)))
    return float(sum(each) + chance[max(last, first) :].sum() * _bound(layer, n, power))


def _bound(layer: Layer, active: int, power: int) -> float:
    """Return a bound on the expected loss given so many active features, by Minkowski's inequality."""
    W, b_hidden, W_out, b = layer
    n = len(W)
    each = active / n
    squares = (W**2).sum(axis=0)
    if power == 2:
        heard = each * squares / 3  # E h_k²
    else:  # E x⁴ = 1/5 of each, and (E x²)² = 1/9 of each pair, in three orders
        fourths = (W**4).sum(axis=0)
        both = each * (active - 1) / max(n - 1, 1)
        heard = each * fourths / 5 + both * (squares**2 - fourths) / 3
    still = np.abs(W_out @ np.maximum(b_hidden, 0.0) + b)
    norms = still + np.abs(W_out) @ np.maximum(heard, 0.0) ** (1 / power) + (each * _silent(power)) ** (1 / power)
    return float((norms**power).sum())


def _silent(power: int) -> float:
    """Return E ReLU(x)^power of an active feature: what an output of 0 loses."""
    return 1 / (2 * (power + 1))


def _constant(p: float, power: int) -> float:
    """Return min_c E (ReLU(x) - c)^power: what the best constant output loses."""
    if power == 2:
        return p / 6 - p**2 / 16

    def slope(c: float) -> float:  # of a quarter of (1 - p/2) c⁴ + p/2 ((1 - c)⁵ + c⁵)/5
        return (1 - p / 2) * c**3 + p / 8 * (c**4 - (1 - c) ** 4)

    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return (1 - p / 2) * low**4 + p / 2 * ((1 - low) ** 5 + low**5) / 5


def _shares(layer: Layer) -> np.ndarray:
    """Return the largest part of each neuron's squared weights; 0 for neurons that are not in use."""
    W, _, W_out, _ = layer
    largest = np.abs(W).max(axis=0)
    squares = (W / np.where(largest > 0, largest, 1.0)) ** 2
    strength = np.linalg.norm(W, axis=0) * np.linalg.norm(W_out, axis=0)
    used = (strength > IN_USE * strength.max()) & (largest > 0)
    return np.where(used, 1 / np.maximum(squares.sum(axis=0), 1.0), 0.0)


def _verdict(
    layer: Layer, shares: np.ndarray, bounds: tuple[float, float], found: tuple[float, float], dedicated: float
) -> tuple[str, str]:
    if (np.count_nonzero(layer[0], axis=0) <= 1).all():  # `dedicated` is a bound on just these models
        return "dedicated", "proved"
    (low, high), (loss, error) = bounds, found
    reads_one = "dedicated" if (shares[shares > 0] > ONE_FEATURE).all() else "dense"
    below, above = dedicated * (1 - ROUNDING), dedicated * (1 + ROUNDING)
    if high < below:
        return "superposed", "proved"
    if low >= above:
        return reads_one, "proved"
    if loss + SURE * error < below:
        return "superposed", "estimated"
    if loss - SURE * error >= above:
        return reads_one, "estimated"
    return "undecided", "unknown"
