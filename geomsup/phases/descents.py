"""Descents from many starts at one probability: compiled where the kind of model has a kernel, else one by one."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from geomsup.activations import LEAKS
from geomsup.features import Features
from geomsup.loss.plan import Inputs, make_inputs
from geomsup.optima.conditions.capped import capped_descent
from geomsup.optima.conditions.conditions import Conditions
from geomsup.optima.conditions.objective import joined, objective_of, parted
from geomsup.optima.deadline import ENDLESS
from geomsup.optima.descent import MOST_STEPS
from geomsup.optima.quasi_newton import lbfgs
from geomsup.threads import check_stop, stop_flag

__all__ = ["compiled", "is_compiled", "one_by_one"]

EXACT = 1e-14  # relative accuracy of the losses: sums over sets and cells, and Gauss's rule
SERIES = 1e-11  # the same of gelu outputs of more than three features, asked for; it costs no more than 1e-7
# Most steps of one of the others. A loss may fall for ever as weights grow; these are enough for the others.
STEPS = 1000

Ends = tuple[np.ndarray, np.ndarray, np.ndarray]  # losses (k,), W (k, n, m or 2 m), b (k, n)


def is_compiled(conditions: Conditions) -> bool:
    """Whether the kernel knows such models: tied ones with linear hidden units, and a penalty on coherence or none."""
    own = Conditions(activation=conditions.activation, coherence=conditions.coherence)
    return conditions == own and conditions.activation in LEAKS


def compiled(
    conditions: Conditions, p: float, W: np.ndarray, b: np.ndarray, weights: np.ndarray, cost: np.ndarray, slope: float
) -> Ends:
    """Descend from each of k starts with its own importances ``(k, n)``, in units of its `cost`."""
    from geomsup.phases.kernels import descend_all

    count, n, m = W.shape
    starts = np.concatenate([W.reshape(count, -1), b], axis=1)
    loss, ends = descend_all(
        starts, weights / cost[:, None], conditions.coherence / cost, n, m, _inputs(n, p, conditions.activation), slope,
        MOST_STEPS, stop_flag(),
    )  # fmt: skip
    check_stop()
    return cost * loss, ends[:, : n * m].reshape(W.shape), ends[:, n * m :]


@lru_cache(maxsize=512, typed=True)
def _inputs(n: int, probability: float, activation: str) -> Inputs:
    """Return what the kernel needs and does not depend on the importance."""
    return make_inputs(Features(n, probability), LEAKS[activation])


def one_by_one(
    conditions: Conditions, p: float, W: np.ndarray, b: np.ndarray, weights: np.ndarray, cost: np.ndarray, slope: float
) -> Ends:
    """Do the same for models of any kind, each start by the objective of `optimum`."""
    loss, new_W, new_b = np.empty(len(W)), np.empty_like(W), np.empty_like(b)
    for k in range(len(W)):
        features = Features(W.shape[1], p, weights[k] / cost[k])
        here = replace(conditions, coherence=conditions.coherence / cost[k])
        loss[k], new_W[k], new_b[k] = _descent(features, here, W[k], b[k], slope)
    return cost * loss, new_W, new_b


def _descent(
    features: Features, conditions: Conditions, W: np.ndarray, b: np.ndarray, slope: float
) -> tuple[float, np.ndarray, np.ndarray]:
    n, m = len(W), W.shape[1] if conditions.tied else W.shape[1] // 2
    minimised = objective_of(features, conditions, SERIES)

    def objective(vector: np.ndarray) -> tuple[float, np.ndarray]:
        check_stop()  # a descent may take seconds
        return minimised(vector)

    start = joined((W[:, :m], W[:, -m:], b), conditions.tied)
    if conditions.max_cosine is not None and n > 1:
        loss, end = capped_descent(objective, start, n, conditions.tied, conditions.max_cosine, ENDLESS)
    else:
        loss, end = lbfgs(objective, start, slope=slope, accuracy=EXACT, most_steps=STEPS)
    encoder, decoder, b = parted(end, n, conditions.tied)
    return loss, encoder if conditions.tied else np.hstack([encoder, decoder]), b
