"""The optimum of a whole model: which method finds it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.loss.ordinary import CLOSE, Ordinary, ordinary, times_power
from geomsup.loss.plan import make_plan
from geomsup.model import ToyModel
from geomsup.optima.bounds import lower_bound
from geomsup.optima.descent import descend
from geomsup.optima.multistart import descend_from_many
from geomsup.optima.result import Optimum
from geomsup.optima.tegum.solve import nonnegative, separable, solve_tegum
from geomsup.samples import checked_features
from geomsup.threads import Progress

__all__ = ["optimum"]

DIRECT = 8  # features up to which the whole model is searched at once
# Features that are nearly always present do not form small blocks. For (20, 4) at p = 0.95 and 1 the table of blocks
# takes 60 to 100 CPU seconds. Eight descents of the whole model take 6, and end lower. At 0.85 both find two triangles.
DENSE = 0.9
GUESS_STEPS = 400
MOST_STARTS = 100_000
# Squares of what a guess returns, of the size of WWᵀ and b, stay below 1e308.
LARGEST_GUESS = 1e150


@checks.hinted
def optimum(
    features: Features,
    n_hidden: int,
    *,
    activation: str = "relu",
    starts: int | None = None,
    rng: Any = 0,
    guesses: Sequence[ToyModel] = (),
    progress: Progress = None,
) -> Optimum:
    """Return the lowest expected loss of a tied model with `n_hidden` dimensions, and the model that has it.

    min over W (n, m) and b (n,) of L = Σ_i I_i E(x_i - f(W Wᵀ x + b)_i)².

    - Linear models have a closed form: keep the m features of largest I_i Var x_i. So have models with as many
      dimensions as features with I_i Var x_i > 0.
    - Many descents on exact gradients, from random directions and catalogue shapes, are made up to 8 features, for
      groups or negative values, and where all features have a probability of 0.9 or more. The Hessian checks the best.
    - A tegum program does the rest. The best blocks of k features in r dimensions are searched one by one. Then an
      integer program fills the dimensions, and drops the features that are left over. Where features differ, blocks
      are made of neighbours in order of I_i Var x_i. Blocks are kept on disk ($GEOMSUP_CACHE, or the user's cache
      folder).

    Parameters
    ----------
    features
        The distribution of the inputs.
    n_hidden
        Number of hidden dimensions m.
    activation
        Output activation, "relu" or "linear".
    starts
        Number of random starts of a direct search: 32 by default, 8 beyond 8 features. If it is given, the search is
        direct at any size.
    rng
        Anything ``np.random.default_rng`` takes; the same seed gives the same bits. Direct searches only.
    guesses
        Models to start from as well, such as trained ones: the optimum is then no worse than any of them.
    progress
        Called as progress(stage, fraction) during long searches; the stage "compiling, once" is a first use.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind or range.

    References
    ----------
    :cite:t:`elhage2022`, "Superposition as a phase change", asks for it; linear case: :cite:t:`baldi1989`.

    Examples
    --------
    >>> best = optimum(Features(2, probability=0.1), 1, starts=4)
    >>> round(best.loss, 9)
    0.003319484
    >>> best.geometry.name
    'digon'
    """
    checked_features("features", features)
    n_hidden = checks.integer("n_hidden", n_hidden, minimum=1)
    checks.room("n_hidden", features.n * (n_hidden + features.n))
    starts = None if starts is None else checks.integer("starts", starts, minimum=1, maximum=MOST_STARTS)
    checks.one_of("activation", activation, ("relu", "linear"))
    generator = checks.random_generator("rng", rng)
    guesses = _fitting(guesses, features.n, n_hidden)
    checks.callback("progress", progress)
    law, value_unit, _ = units = ordinary(features, CLOSE)
    if activation == "relu" and features.grouped:
        make_plan(law)  # refuses groups of too many outcomes, before anything is searched
    guesses = [_of_ordinary_size(ToyModel(guess.W, np.ldexp(guess.b, -value_unit))) for guess in guesses]
    from geomsup.compiling import telling  # with numba, which checks of arguments do not wait for

    with telling(progress):
        found = _ordinary_optimum(law, n_hidden, activation, starts, generator, guesses, progress)
    return _in_units(found, features, units)


def _in_units(found: Optimum, features: Features, units: Ordinary) -> Optimum:
    """Return the optimum of the features from that of the same features in units of ordinary size."""
    model = ToyModel(found.model.W, np.ldexp(found.model.b, units.value), activation=found.model.activation)
    loss, bound, starts = (times_power(part, units.loss) for part in (found.loss, found.lower_bound, found.starts))
    return replace(found, loss=float(loss), lower_bound=float(bound), starts=starts, model=model, features=features)


def _ordinary_optimum(
    features: Features, n_hidden: int, activation: str, starts: int | None, rng: np.random.Generator,
    guesses: Sequence[ToyModel], progress: Progress,
) -> Optimum:  # fmt: skip
    that_matter = np.count_nonzero(features.importance * features.variance)
    if activation == "linear" or (n_hidden >= that_matter and nonnegative(features)):
        model = _keep_most_worth(features, n_hidden, activation)
        loss = float(expected_loss(model, features))
        return Optimum(loss, model, "closed form", loss, features, n_hidden, "minimum")
    dense = features.probability.min() >= DENSE
    if starts is None and features.n > DIRECT and separable(features) and not dense:
        return _by_program(features, n_hidden, guesses, progress)
    return _by_search(features, n_hidden, starts or (32 if features.n <= DIRECT else 8), rng, guesses)


def _by_search(
    features: Features, n_hidden: int, starts: int, rng: np.random.Generator, guesses: Sequence[ToyModel]
) -> Optimum:
    pairs = [(guess.W, guess.b) for guess in guesses]
    found = descend_from_many(features, n_hidden, starts, rng, pairs)
    model = ToyModel(found.W, found.b)
    return Optimum(
        float(expected_loss(model, features)), model, f"best of {len(found.losses)} starts",
        lower_bound(features, n_hidden), features, n_hidden, found.kind, found.losses,
    )  # fmt: skip


def _by_program(features: Features, n_hidden: int, guesses: Sequence[ToyModel], progress: Progress) -> Optimum:
    tegum = solve_tegum(features, n_hidden, progress=progress)
    model = ToyModel(tegum.W, tegum.b)
    loss, bound = float(expected_loss(model, features)), lower_bound(features, n_hidden)
    better = [guess for guess in guesses if float(expected_loss(guess, features)) < loss]
    if better:
        ends = descend(features, [(guess.W, guess.b) for guess in better], most_steps=GUESS_STEPS)
        best = min(ends, key=lambda end: end.loss)
        losses = np.sort([loss, *(end.loss for end in ends)])
        model = ToyModel(best.W, best.b)
        loss, status = float(expected_loss(model, features)), f"best of {len(losses)} starts"
        return Optimum(loss, model, status, bound, features, n_hidden, starts=losses, tegum=tegum)
    return Optimum(loss, model, "tegum program", bound, features, n_hidden, tegum.kind, tegum=tegum)


def _fitting(guesses: Any, n: int, m: int) -> list[ToyModel]:
    if isinstance(guesses, Sequence):
        checks.room("guesses", len(guesses) * n * m)
    found = list(guesses) if isinstance(guesses, Sequence) else [guesses]
    for guess in found:
        if not isinstance(guess, ToyModel) or guess.W.shape != (n, m):
            raise ValueError(
                f"`guesses` must be ToyModels of {n} features in {m} dimensions; got {checks.shown(guess)}. "
                "Leave it out."
            )
    return found


def _of_ordinary_size(guess: ToyModel) -> ToyModel:
    """Return a guess, in units of ordinary size, or refuse it."""
    weights, biases = np.abs(guess.W).max(), np.abs(guess.b).max()
    if not (weights <= LARGEST_GUESS**0.5 and biases <= LARGEST_GUESS):
        raise ValueError(
            "`guesses` must have losses that a double can hold; "
            f"got weights up to {weights:.3g} and biases up to {biases:.3g}. Leave such a guess out, or rescale it."
        )
    return guess


def _keep_most_worth(features: Features, n_hidden: int, activation: str) -> ToyModel:
    """Give each of the m features of largest I_i Var x_i a dimension, and predict the mean of the others."""
    worth = features.importance * features.variance
    kept = np.sort(np.argsort(-worth, kind="stable")[:n_hidden])
    W = np.zeros((features.n, n_hidden))
    W[kept, np.arange(len(kept))] = 1.0
    b = np.array(features.mean)
    b[kept] = 0.0
    return ToyModel(W, b, activation=activation)
