"""What an output hears from other features: its law, the errors it makes, and what it costs."""

from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from geomsup import checks
from geomsup.activations import resolve_activation
from geomsup.features import Features
from geomsup.loss import ExpectedLoss, expected_loss
from geomsup.loss.expected import BY_ACTIVE, Unreachable, check_problem
from geomsup.model import ToyModel
from geomsup.neurons.reading import coupling_of, rising_outputs
from geomsup.neurons.tails import ROUNDING, chance_above, terms_of
from geomsup.samples import SampledFeatures
from geomsup.tables import Readable, Tabular, html_table
from geomsup.threads import Progress, Report

__all__ = ["Interference", "interference"]

MOST_EXACT = 128  # features: the series of more take minutes
MOST_SAMPLES = 10**7
CHUNK = 2**22  # numbers of samples at a time: 32 MB
FEW = 2000  # samples by which biases of larger models are chosen; what they lose is found as for all others
GRID = 24  # steps between biases tried per output, before the best one is refined
REFINEMENTS = 24  # golden sections: they shrink the bracket by 1e-5, and the loss is flat at its minimum
GOLDEN = (np.sqrt(5) - 1) / 2


@dataclass(frozen=True, eq=False)
class Interference(Readable, Tabular):
    """The law of interference at every output, and what it costs.

    Attributes
    ----------
    mean, variance
        Of Σ_{j≠i} (W_out Wᵀ)_ij x_j, ``(n,)``: closed forms.
    false_positive
        P(output i > threshold given that x_i is 0), ``(n,)``.
    miss
        P(output i <= threshold given that x_i is active), ``(n,)``.
    false_positive_error, miss_error
        Bounds on their errors if `method` is "exact"; one standard error each if it is "sampled".
    method
        "exact" or "sampled": how the two rates were found.
    loss, alone
        Expected losses of the model as it is, with b = 0, and with the best b found, ``(3,)``. `alone` is what would be
        lost without interference: by own weights and biases. The rest is due to interference.
    best_b
        The best biases found, ``(n,)``: for each output the best of 25, refined; of more than 128 features, on 2,000
        samples. A better one is not excluded.
    loss_error
        The largest error of `loss`: a bound, or a standard error if `loss_method` is "sampled".
    active, by_active, by_active_error
        P(k features are active), what they add to the loss, and its errors, ``(n + 1,)``; as in `ExpectedLoss`.
    loss_method, by_active_method
        How they were found: as in `ExpectedLoss`.
    threshold, samples, model, features
        What was asked.

    Examples
    --------
    >>> import geomsup as gs
    >>> digon = gs.ToyModel([[1.0], [-1.0]])
    >>> print(gs.interference(digon, gs.Features(2, 0.1)))
    interference at 2 outputs: 100.0 % of the loss 0.00333; false positives 0.0 %, misses 5.0 % (exact)
    >>> gs.interference(digon, gs.Features(2, 0.1)).tail(-0.5)
    array([0.95, 0.95])
    """

    mean: np.ndarray = field(repr=False)
    variance: np.ndarray = field(repr=False)
    false_positive: np.ndarray = field(repr=False)
    false_positive_error: np.ndarray = field(repr=False)
    miss: np.ndarray = field(repr=False)
    miss_error: np.ndarray = field(repr=False)
    method: str
    loss: np.ndarray
    alone: np.ndarray
    best_b: np.ndarray = field(repr=False)
    loss_error: float
    loss_method: str
    active: np.ndarray = field(repr=False)
    by_active: np.ndarray = field(repr=False)
    by_active_error: np.ndarray = field(repr=False)
    by_active_method: str
    threshold: float
    samples: int
    model: ToyModel = field(repr=False)
    features: Features | SampledFeatures = field(repr=False)

    @property
    def added(self) -> np.ndarray:
        """What interference adds to the loss, ``(3,)``: as it is, with b = 0, with the best b; below 0 if it helps."""
        return np.subtract(self.loss, self.alone)

    def tail(self, t: float) -> np.ndarray:
        """Return P(interference > t) at every output, ``(n,)``: exact, or of `samples` samples drawn with seed 0."""
        t = checks.number("t", t)
        coupling, _ = coupling_of(self.model)
        others = coupling - np.diag(np.diag(coupling))
        if self.method == "exact" and isinstance(self.features, Features):
            return np.array([_above(self.features, row, t)[0] for row in others])
        above = sum(_is_above(x, others, t).sum(axis=0) for x in _drawn(self.features, self.samples, 0))
        return np.asarray(above) / _size(self.features, self.samples)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per output: mean and deviation of its interference, and how often it errs."""
        columns = zip(self.mean, np.sqrt(self.variance), self.false_positive, self.miss, strict=True)
        return [
            {"output": i, "mean": float(mean), "deviation": float(deviation), "false_positive": float(false),
             "miss": float(miss)}
            for i, (mean, deviation, false, miss) in enumerate(columns)
        ]  # fmt: skip

    def __str__(self) -> str:
        share = self.added[0] / self.loss[0] if self.loss[0] else 0.0
        return (
            f"interference at {checks.count(len(self.mean), 'output')}: {share:.1%} of the loss {self.loss[0]:.3g}; "
            f"false positives {self.false_positive.mean():.1%}, misses {self.miss.mean():.1%} ({self.method})"
        ).replace("%", " %")

    def _repr_html_(self) -> str:
        return html_table(str(self), self.to_rows())


@checks.hinted
def interference(
    model: ToyModel,
    features: Features | SampledFeatures,
    *,
    threshold: float = 0.0,
    samples: int = 100_000,
    rng: Any = None,
    progress: Progress = None,
) -> Interference:
    """Return the law of interference at every output, its errors at a threshold, and what it costs.

    Output i sees its own feature, and the interference Σ_{j≠i} (W_out Wᵀ)_ij x_j. Tails of this sum are exact for up to
    128 independent features with values that are all points or all piecewise uniform: sums over points, or a Fourier
    series with a bound on what it leaves out. Else they are sampled.

    Parameters
    ----------
    model
        A `ToyModel` with a linear hidden layer, and an output "relu", "linear" or "leaky_relu".
    features
        `Features`, or `SampledFeatures`, whose rates are shares of the samples.
    threshold
        An output above it says that its feature is active. At least 0.
    samples, rng
        Number of samples where something must be sampled, and anything ``np.random.default_rng`` takes.
    progress
        Called as progress(stage, fraction): stages "rates" and "best biases".

    Raises
    ------
    TypeError, ValueError
        If `model` or `features` is something else, if sizes differ, `threshold` is below 0, or `progress` cannot be
        called.

    References
    ----------
    :cite:t:`elhage2022`, "Demonstrating superposition": positive and negative interference.

    Examples
    --------
    >>> import geomsup as gs
    >>> found = gs.interference(gs.ToyModel([[1.0], [-1.0]]), gs.Features(2, 0.25))
    >>> found.false_positive, found.miss  # an active feature is missed where the other is larger
    (array([0., 0.]), array([0.125, 0.125]))
    >>> found.loss.round(4), found.alone.round(4)  # as it is, b = 0, best b
    (array([0.0208, 0.0208, 0.0205]), array([0.    , 0.    , 0.0004]))
    """
    check_problem(model, features, "auto", None)
    rising_outputs(model)
    threshold = checks.number("threshold", threshold)
    if not threshold >= 0:
        raise ValueError(f"`threshold` must be at least 0; got {threshold:g}. Outputs that are 0 say nothing.")
    samples = checks.integer("samples", samples, minimum=100, maximum=MOST_SAMPLES)
    generator = checks.random_generator("rng", rng)
    report = checks.callback("progress", progress) or (lambda _stage, _fraction: None)
    coupling, bias = coupling_of(model)
    others = coupling - np.diag(np.diag(coupling))
    mean, variance = others @ features.mean, np.einsum("ij,jk,ik->i", others, features.covariance, others)
    (false, false_error, miss, miss_error), method = _rates(
        coupling, _left(threshold, bias), features, samples, generator, report
    )
    seed = int(generator.integers(2**31))  # the same samples for all losses that are compared
    loss, alone, best_b, error, loss_method = _costs(model, bias, features, samples, seed, report)
    parts = expected_loss(model, features, by_active=True, samples=samples, rng=seed)
    active, by_active, by_error = (cast(np.ndarray, getattr(parts, name)) for name in BY_ACTIVE)
    return Interference(
        mean, np.maximum(variance, 0.0), false, false_error, miss, miss_error, method, loss, alone, best_b, error,
        loss_method, active, by_active, by_error, parts.method, threshold, samples, model, features,
    )  # fmt: skip


def _above(features: Features, coefficients: np.ndarray, t: float) -> tuple[float, float]:
    terms = terms_of(features, coefficients)
    assert terms is not None
    return chance_above(terms, t)


def _rates(
    coupling: np.ndarray,
    thresholds: np.ndarray,
    features: Features | SampledFeatures,
    samples: int,
    rng: Any,
    report: Report,
) -> tuple[list[np.ndarray], str]:
    """Return false positives, their errors, misses and theirs, and the method."""
    if isinstance(features, Features) and features.n <= MOST_EXACT:
        found = []
        for i, (row, t) in enumerate(zip(coupling, thresholds, strict=True)):
            found.append(_exact_rates(features, row, i, t))
            if found[-1] is None:
                break
            report("rates", (i + 1) / features.n)
        else:
            return [np.array(column) for column in zip(*found, strict=True)], "exact"  # pyright: ignore[reportArgumentType]
    return _sampled_rates(coupling, thresholds, features, samples, rng), "sampled"


def _exact_rates(features: Features, row: np.ndarray, i: int, t: float) -> tuple[float, ...] | None:
    without = np.where(np.arange(len(row)) == i, 0.0, row)
    false = terms_of(features, without)
    own = np.where(np.arange(len(row)) == i, 1.0, features.probability)
    present = Features(features.n, own, values=features.values)
    hit = None if features.grouped else terms_of(present, row)
    if false is None or hit is None:
        return None
    chance, error = chance_above(hit, t)
    return (*chance_above(false, t), 1.0 - chance, error)


def _sampled_rates(
    coupling: np.ndarray, thresholds: np.ndarray, features: Features | SampledFeatures, samples: int, rng: Any
) -> list[np.ndarray]:
    counts = np.zeros((4, len(coupling)))  # absent, and above then; active, and not above then
    for x in _drawn(features, samples, rng):
        above, active = _is_above(x, coupling, thresholds), x != 0
        counts += [(~active).sum(0), (above & ~active).sum(0), active.sum(0), (~above & active).sum(0)]
    return [part for size, hits in (counts[:2], counts[2:]) for part in _share(hits, size)]


def _left(threshold: float, bias: np.ndarray) -> np.ndarray:
    """Return threshold - bias; 0 where rounding alone may keep it from 0."""
    left = threshold - bias
    return np.where(np.abs(left) > ROUNDING * np.abs(bias), left, 0.0)


def _is_above(x: np.ndarray, coupling: np.ndarray, thresholds: Any) -> np.ndarray:
    """Whether sums are above thresholds by more than they are rounded."""
    return x @ coupling.T - thresholds > ROUNDING * np.abs(x).max() * np.abs(coupling).sum(axis=1)


def _share(hits: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return shares, and standard errors that are not 0 where none of a few samples hit."""
    smoothed = (hits + 1) / (size + 2)
    return hits / np.maximum(size, 1), np.sqrt(smoothed * (1 - smoothed) / (size + 2))


def _size(features: Features | SampledFeatures, samples: int) -> int:
    return samples if isinstance(features, Features) else len(features)


def _drawn(features: Features | SampledFeatures, samples: int, rng: Any) -> Any:
    """Yield samples in chunks; of a data set all its rows."""
    generator = checks.random_generator("rng", rng)
    step = max(CHUNK // features.n, 1)
    for start in range(0, _size(features, samples), step):
        if isinstance(features, Features):
            yield features.sample(min(step, samples - start), generator)
        else:
            yield features.X[start : start + step]


def _costs(
    model: ToyModel, bias: np.ndarray, features: Features | SampledFeatures, samples: int, seed: int, report: Report
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, str]:
    """Return losses as it is, without bias and with the best, with interference and alone; and how sure they are."""
    coupling = model.coupling

    def lost(b: np.ndarray, *, alone: bool = False) -> Any:
        # A model with as many hidden units as features has any coupling.
        seen = np.diag(np.diag(coupling)) if alone else coupling
        W, W_out = (model.W, model.decoder) if not alone else (np.eye(len(b)), seen)
        return _loss(ToyModel(W, b, model.activation, W_out=W_out), features, samples, seed)

    by_output = (lambda b: lost(b).per_feature) if features.n <= MOST_EXACT else _quick(model, features, samples, seed)
    best = _best_bias(by_output, *_bracket(coupling, features), report)
    choices = (bias, np.zeros(len(bias)), best)
    losses = [lost(b) for b in choices]
    whole, alone = [loss.value for loss in losses], [lost(b, alone=True).value for b in choices]
    return np.array(whole), np.array(alone), best, max(loss.error for loss in losses), losses[0].method


def _loss(model: ToyModel, features: Features | SampledFeatures, samples: int, seed: int) -> ExpectedLoss:
    """Return the expected loss as exactly as rounding lets it: for 1,000 features that is less than the default."""
    for rtol in (None, 1e-6):
        try:
            return expected_loss(model, features, rtol=rtol, samples=samples, rng=seed)
        except Unreachable:
            continue
    return expected_loss(model, features, method="sampled", samples=samples, rng=seed)


def _quick(model: ToyModel, features: Features | SampledFeatures, samples: int, seed: int) -> Any:
    """Return losses of outputs on a few samples as a function of biases, for models whose exact losses take seconds."""
    x = next(_drawn(features, samples, seed))[:FEW]
    summed, rise = x @ model.coupling.T, resolve_activation("activation", model.activation)
    return lambda b: ((rise(summed + b) - x) ** 2).mean(axis=0)


def _bracket(coupling: np.ndarray, features: Features | SampledFeatures) -> tuple[np.ndarray, np.ndarray]:
    """Return biases between which the best one of each output lies: three deviations of what it sees, at least."""
    spread = np.sqrt(np.abs(np.einsum("ij,jk,ik->i", coupling, features.covariance, coupling)))
    reach = np.abs(coupling @ features.mean) + 3 * spread + np.sqrt(features.second_moment)
    return -reach, reach


def _best_bias(losses: Any, low: np.ndarray, high: np.ndarray, report: Report) -> np.ndarray:
    """Minimise the loss of every output by its own bias: a grid, which has 0, then golden sections about its best."""
    grid = np.linspace(low, high, GRID + 1)
    on_grid = []
    for k, b in enumerate(grid):
        on_grid.append(losses(b))
        report("best biases", (k + 1) / (len(grid) + REFINEMENTS))
    best = np.array(on_grid).argmin(axis=0)
    at, width = grid[best, np.arange(len(low))], (high - low) / GRID
    low, high = at - width, at + width
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = losses(left), losses(right)
    for done in range(REFINEMENTS):
        down = at_left < at_right
        low, high = np.where(down, low, left), np.where(down, right, high)
        kept, kept_loss = np.where(down, left, right), np.where(down, at_left, at_right)
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        fresh = np.where(down, left, right)
        fresh_loss = losses(fresh)
        left, right = np.where(down, fresh, kept), np.where(down, kept, fresh)
        at_left, at_right = np.where(down, fresh_loss, kept_loss), np.where(down, kept_loss, fresh_loss)
        report("best biases", (len(grid) + done + 1) / (len(grid) + REFINEMENTS))
    return np.where(at_left < at_right, left, right)
