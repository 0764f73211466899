"""The best of many descents of loss and penalties, of a model of any kind."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from geomsup.features import Features
from geomsup.loss.cells.boxes import make_boxes
from geomsup.loss.objective import SERIES_RTOL, has_few_sets, losses_of
from geomsup.loss.targets import Wanted
from geomsup.optima.conditions.capped import capped_descent, with_room
from geomsup.optima.conditions.conditions import Conditions
from geomsup.optima.conditions.objective import Objective, Weights, joined, objective_of, parted
from geomsup.optima.deadline import Deadline
from geomsup.optima.descent import COARSE, FINE, Start
from geomsup.optima.quasi_newton import lbfgs
from geomsup.optima.searching.chance import SAME
from geomsup.optima.starts import catalogue_starts, dedicated, random_start
from geomsup.threads import Progress, check_stop, in_threads

__all__ = ["Found", "best_of_starts"]

APART = 0.3  # noise of a decoder of its own at the start, relative to the rows of W: far enough to end elsewhere
SPREAD = 0.1  # of the entries of such a start
# Most steps of every descent, and of the last one, which the best end has. Untied models may have no minimum: their
# weights grow for ever, and the loss falls by less and less. So several of their best ends have the last one.
STEPS, LAST_STEPS, LAST_UNTIED = 300, 3000, 4
# Hidden ReLUs: starts are descended on inputs with so many features first, whose cells are few; the best go on. With
# more features, if nearly all inputs have more, as those of dense features do.
ROUGH, KEPT, LEAST_SHARE = 2, 16, 0.1
# A weight that turns a unit off may grow for ever, and the loss falls by less and less. A little decay ends that: at
# first more, so that descents are quick; then so little that it changes losses by a relative 1e-8.
TAMED, HARDLY = 1e-4, 1e-9
CHOICES = 3  # of which rows of a start are dropped, and which turn to their antipodes, to keep a cap on cosines
EXACT = 1e-14  # relative accuracy of sums over sets
NUMERIC = 1e-7  # the same of quadrature, as of series

End = tuple[float, np.ndarray]  # loss and penalties, and the weights as one vector


class Found(NamedTuple):
    """The best weights; the loss with penalties at the end of every start, the lowest first; how many starts were
    tried, of which those with hidden ReLUs do not all go on; if a guess led there, the lowest of the others."""

    weights: Weights
    totals: np.ndarray
    tried: int
    searched: float | None


def best_of_starts(
    features: Features, n_hidden: int, conditions: Conditions, starts: int, rng: np.random.Generator,
    guesses: Sequence[Weights], deadline: Deadline, progress: Progress,
) -> Found:  # fmt: skip
    """Descend from dedicated features, random directions, catalogue shapes and guesses; return the best end.

    Half of the random starts leave out some features from the beginning. Untied decoders begin as W, and near it. With
    hidden ReLUs as many starts again have features that turn hidden units off; and to other targets half of the untied
    decoders begin without signs, as both signs of an input may want the same output, and fewer features may be stored
    than there are dimensions.
    """
    begin = [dedicated(features, n_hidden)]
    begin += [random_start(features, n_hidden, k, rng) for k in range(starts)]
    begin += catalogue_starts(features, n_hidden, rng)
    if conditions.hidden_activation == "relu":
        begin += [_signed_start(features, n_hidden, rng) for _ in range(starts)]
    if conditions.target != "identity":
        begin += _storing_less(features, n_hidden, conditions.target)
    if conditions.max_cosine is not None:
        begin = [
            _with_room(features, start, conditions.max_cosine, rng)
            for k, start in enumerate(CHOICES * begin)
            if not (k and deadline.passed())
        ]
    unsigned = conditions.hidden_activation == "relu" and conditions.target != "identity"
    own = [_with_decoder(W, b, conditions.tied or not k, rng, unsigned and k % 4 < 2) for k, (W, b) in enumerate(begin)]
    vectors, given = ([joined(one, conditions.tied) for one in some] for some in (own, guesses))
    cost = _cost(features, conditions.target)

    def descend(vectors: list[np.ndarray], most_active: int | None, stage: str) -> list[End]:
        accuracy, objective = _scaled(features, conditions, cost, most_active)
        told: list[float] = []

        def run(numbered: tuple[int, np.ndarray]) -> End:
            number, vector = numbered
            check_stop()
            if deadline.passed() and number:  # the first, of dedicated features, takes next to no time
                return np.inf, vector
            return _descent(objective, vector, features.n, conditions, (COARSE, STEPS), accuracy, deadline)

        def tell(end: End) -> None:
            told.append(end[0])
            if progress is not None:
                progress(stage, len(told) / len(vectors))

        return in_threads(run, enumerate(vectors), told=tell)

    begun = len(vectors)
    if conditions.hidden_activation == "relu":
        rough = [end for end in descend(vectors, _most_active(features), "beginning") if end[0] < np.inf]
        begun, vectors = len(rough), [vectors[0], *_lowest(rough)]
    ends = descend([*vectors, *given], None, "searching")
    accuracy, objective = _scaled(features, conditions, cost, None)

    def to_the_end(end: End) -> End:
        last = _descent(objective, end[1], features.n, conditions, (FINE, LAST_STEPS), accuracy, deadline)
        return min(last, end, key=_total)

    def best(ends: list[End], number: int) -> list[End]:
        """Return ends, the lowest first, of which the best few have been descended to the end."""
        ends = sorted((end for end in ends if end[0] < np.inf), key=_total)
        return sorted([*in_threads(to_the_end, ends[:number]), *ends[number:]], key=_total)

    own_ends = best(ends[: len(vectors)], 1 if conditions.tied else LAST_UNTIED)
    searched = own_ends[0][0]
    ends = sorted([*own_ends, *best(ends[len(vectors) :], 1)], key=_total)
    guessed = ends[0][0] < searched * (1 - SAME)
    totals = cost * np.array([total for total, _ in ends])
    tried = len(ends) + max(begun - len(vectors), 0)  # with those that did not go on
    weights = parted(ends[0][1], features.n, conditions.tied)
    return Found(weights, totals, tried, cost * searched if guessed else None)


def _total(end: End) -> float:
    return end[0]


def _most_active(features: Features) -> int:
    """Return up to how many features the inputs have on which starts are descended first, for hidden ReLUs."""
    boxes = make_boxes(features)
    if boxes is None:
        return ROUGH
    return next(k for k in range(ROUGH, ROUGH + features.n) if boxes.weight[boxes.active <= k].sum() >= LEAST_SHARE)


def _storing_less(features: Features, m: int, target: str) -> list[Start]:
    """Return starts with fewer dedicated features than dimensions: rows of zeros stay, and outputs are mean targets."""
    W, _ = dedicated(features, m)
    nothing = np.zeros((features.n, 1))
    _, _, slope = losses_of(features, "linear", SERIES_RTOL, target)(nothing, nothing, nothing[:, 0])
    b = -slope / 2  # as the slope of E (τ - b)² at b = 0 is -2 E τ
    stored = np.flatnonzero(W.any(axis=1))
    starts: list[Start] = []
    for k in range(len(stored)):
        less = W.copy()
        less[stored[k:]] = 0.0
        starts.append((less, b))
    return starts


def _with_room(features: Features, start: Start, cap: float, rng: np.random.Generator) -> Start:
    """Return a start without the features whose rows have no room under a cap: outputs are their means."""
    W = with_room(start[0], cap, features.importance * features.variance, rng)
    return W, np.where(start[0].any(axis=1) & ~W.any(axis=1), features.mean, start[1])


def _signed_start(features: Features, m: int, rng: np.random.Generator) -> Start:
    """Return rows whose features turn each hidden ReLU on, or off whatever else is present, or leave it alone."""
    W = rng.choice([-2.0, 0.0, 1.0], size=(features.n, m)) + SPREAD * rng.normal(size=(features.n, m))
    return W, rng.uniform(-0.7, 0.1, features.n) * float(features.reach.max())


def _cost(features: Features, target: str) -> float:
    """Return what storing nothing costs, the unit of descents; to other targets it may be more."""
    if target == "identity":
        return float(features.importance @ features.variance) or 1.0
    return Wanted(target, 2, False).cost(features) or 1.0


def _with_decoder(W: np.ndarray, b: np.ndarray, same: bool, rng: np.random.Generator, unsigned: bool) -> Weights:
    if same:
        return W, W, b
    noise = APART * np.linalg.norm(W, axis=1, keepdims=True) * rng.normal(size=W.shape) / W.shape[1] ** 0.5
    return W, (np.abs(W) if unsigned else W) + noise, b


def _lowest(ends: list[End]) -> list[np.ndarray]:
    """Return the weights of the lowest ends, one of each loss."""
    found: list[End] = []
    for end in sorted(ends, key=lambda end: end[0]):
        if not found or not end[0] <= found[-1][0] * (1 + SAME):
            found.append(end)
    return [vector for total, vector in found[:KEPT] if total < np.inf]


def _scaled(
    features: Features, conditions: Conditions, cost: float, most_active: int | None
) -> tuple[float, Objective]:
    """Return the accuracy of the loss, and loss and penalties in units of what storing nothing costs."""
    quadrature = conditions.activation == "gelu"
    exact = has_few_sets(features) and not quadrature
    if conditions.hidden_activation == "relu":
        decay = cost * (HARDLY if most_active is None else TAMED)
        conditions = replace(conditions, weight_decay=max(conditions.weight_decay, decay))
    objective = objective_of(features, conditions, NUMERIC if quadrature else SERIES_RTOL, most_active)

    def scaled(vector: np.ndarray) -> tuple[float, np.ndarray]:
        total, gradient = objective(vector)
        return total / cost, gradient / cost

    return EXACT if exact else SERIES_RTOL, scaled


def _descent(
    objective: Objective, vector: np.ndarray, n: int, conditions: Conditions, limits: tuple[float, int],
    accuracy: float, deadline: Deadline,
) -> End:  # fmt: skip
    if conditions.max_cosine is not None:
        return capped_descent(objective, vector, n, conditions.tied, conditions.max_cosine, deadline)
    slope, steps = limits
    return lbfgs(objective, vector, slope=slope, accuracy=accuracy, most_steps=steps, deadline=deadline)
