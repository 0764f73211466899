"""Means over samples: Monte Carlo, for most nonlinear hidden layers, and the loss on a data set."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from geomsup.activations import resolve_activation
from geomsup.features import Features
from geomsup.model import ToyModel
from geomsup.samples import SampledFeatures

__all__ = ["SampledLosses", "batches", "sampled_losses"]

CHUNK_ENTRIES = 4_000_000  # inputs drawn at a time: 32 MB


@dataclass(frozen=True)
class SampledLosses:
    """Means over samples: weighted loss per output, the standard error of their sum, and its gradients.

    `grad_W` (n, m), `grad_b` (n,) and the others (None if the model lacks the part) are those of the weighted sum.
    `slope_coupling` and `slope_b` are as in `OutputLosses`, before importances; `slope_coupling` is NaN if the hidden
    layer is not linear, since there is no coupling matrix then. `active` (n + 1,) are the shares of samples with k
    features that are not 0, `by_active` what these add to the weighted loss, and `by_active_error` its standard errors.
    """

    per_feature: np.ndarray
    standard_error: float
    grad_W: np.ndarray
    grad_b: np.ndarray
    grad_W_out: np.ndarray | None
    grad_b_hidden: np.ndarray | None
    grad_W_between: np.ndarray | None
    grad_b_between: np.ndarray | None
    slope_coupling: np.ndarray
    slope_b: np.ndarray
    active: np.ndarray
    by_active: np.ndarray
    by_active_error: np.ndarray


def batches(
    features: Features | SampledFeatures, samples: int, chunk: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Yield so many draws, at most `chunk` at a time; of a data set all its samples, each once."""
    if isinstance(features, SampledFeatures):
        yield from (features.X[start : start + chunk] for start in range(0, len(features), chunk))
    else:
        yield from (features.sample(min(chunk, samples - start), rng) for start in range(0, samples, chunk))


def sampled_losses(
    model: ToyModel,
    features: Features | SampledFeatures,
    samples: int,
    rng: np.random.Generator,
    target: Callable[[np.ndarray], np.ndarray] = np.asarray,
    power: int = 2,
) -> SampledLosses:
    """Average (target(x) - x')^power over `samples` draws, in chunks; any activations of outputs and hidden layer.

    Of a data set the average is over all its samples, and the standard error is that of samples from elsewhere.

    Raises
    ------
    OverflowError
        If an output is beyond doubles.
    """
    n, between = features.n, model.W_between
    deep = between is not None
    linear = model.hidden_activation == "linear" and not deep
    output = resolve_activation("activation", model.activation)
    hidden = resolve_activation("hidden_activation", model.hidden_activation)
    decoder = model.W if model.W_out is None else model.W_out
    per_feature, slope_b = np.zeros(n), np.zeros(n)
    slope_encoder, slope_decoder = np.zeros(model.W.shape), np.zeros(decoder.shape)
    slope_hidden = np.zeros(model.n_hidden)
    slope_between, slope_second = np.zeros((model.n_hidden, decoder.shape[1])), np.zeros(decoder.shape[1])
    slope_coupling = np.full((n, n), 0.0 if linear else np.nan)
    total, total_square, unit = 0.0, 0.0, 0  # squares are those of losses / 2^unit: others may be no doubles
    samples = len(features) if isinstance(features, SampledFeatures) else samples
    tally = np.zeros((3, n + 1))  # samples, losses and their squares, by the number of active features
    for x in batches(features, samples, max(1, CHUNK_ENTRIES // n), rng):
        a = x @ model.W if model.b_hidden is None else x @ model.W + model.b_hidden
        h = top = hidden(a)
        if between is not None:
            top = np.maximum(h @ between + model.b_between, 0.0)
        u = top @ decoder.T + model.b
        if not np.isfinite(u).all():
            raise OverflowError
        residual = output(u) - target(x)
        losses = features.importance * residual**power
        per_feature += losses.sum(axis=0)
        each = losses.sum(axis=1)
        if total == 0:  # nothing has been added up
            unit = int(np.frexp(each.max())[1])
        square = np.ldexp(each, -unit) ** 2
        total += each.sum()
        total_square += square.sum()
        count = np.count_nonzero(x, axis=1)
        for sums, weights in zip(tally, (None, each, square), strict=True):
            sums += np.bincount(count, weights, minlength=n + 1)
        slope = power * residual ** (power - 1) * output.slope(u)
        slope_b += slope.sum(axis=0)
        if linear:
            slope_coupling += slope.T @ x
        slope *= features.importance
        slope_decoder += slope.T @ top
        pull = slope @ decoder
        if between is not None:
            pull *= top > 0
            slope_second += pull.sum(axis=0)
            slope_between += h.T @ pull
            pull = pull @ between.T
        pull = hidden.pulled(a, pull)
        slope_hidden += pull.sum(axis=0)
        slope_encoder += x.T @ pull

    def deviation(first: Any, second: Any) -> Any:
        """Return the standard error of a mean of losses, from their sum and that of their squares."""
        variance = second / samples - np.ldexp(first / samples, -unit) ** 2
        return np.ldexp(np.sqrt(np.maximum(variance, 0.0) / samples), unit)

    tied = model.W_out is None
    return SampledLosses(
        per_feature=per_feature / samples,
        standard_error=float(deviation(total, total_square)),
        grad_W=(slope_encoder + slope_decoder if tied else slope_encoder) / samples,
        grad_b=features.importance * slope_b / samples,
        grad_W_out=None if tied else slope_decoder / samples,
        grad_b_hidden=None if model.b_hidden is None else slope_hidden / samples,
        grad_W_between=slope_between / samples if deep else None,
        grad_b_between=slope_second / samples if deep else None,
        slope_coupling=slope_coupling / samples,
        slope_b=slope_b / samples,
        active=tally[0] / samples,
        by_active=tally[1] / samples,
        by_active_error=deviation(tally[1], tally[2]),
    )
