"""The optimum of a whole model: which method finds it."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.features import Features
from geomsup.loss.ordinary import CLOSE, Ordinary, ordinary, times_power
from geomsup.loss.plan import make_plan
from geomsup.model import ToyModel
from geomsup.optima.bounds import lower_bound
from geomsup.optima.descent import End, descend
from geomsup.optima.multistart import descend_from_many, finished
from geomsup.optima.reachable import reachable_loss
from geomsup.optima.result import Optimum
from geomsup.optima.searching.chains import chains, effort_for
from geomsup.optima.searching.chance import SAME
from geomsup.optima.searching.improvers import Improver, make_improver
from geomsup.optima.tegum.solve import nonnegative, separable, solve_tegum
from geomsup.optima.tegum.table import classes_of
from geomsup.samples import checked_features
from geomsup.threads import Progress

__all__ = ["optimum"]

# Features up to which the whole model is always searched; beyond, the program fills the dimensions with blocks, if the
# features are of few kinds: tables of blocks of many kinds take minutes, and hold too few of them.
DIRECT = 50
FEW_KINDS = 3
DENSE = 0.9  # features that are nearly always present do not form small blocks
FEW = 8  # the same where the whole model cannot be searched (`make_improver`)
GUESS_STEPS = 400
NEAR_GUESS = 0.1  # a guess this much above the best found, relatively, or more is not descended from
LAST_STEPS, FEWER_STEPS = 400, 60  # of the last descent, and beyond `DIRECT` features; the best was polished before
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
    time_limit: float | None = None,
    progress: Progress = None,
) -> Optimum:
    """Return the lowest expected loss of a tied model with `n_hidden` dimensions, and the model that has it.

    min over W (n, m) and b (n,) of L = Σ_i I_i E(x_i - f(W Wᵀ x + b)_i)².

    - Linear models have a closed form: keep the m features of largest I_i Var x_i; of correlated features, which must
      then be equally important, the m principal components. So have models with as many dimensions as features with
      I_i Var x_i > 0.
    - Up to 50 features, for features of many kinds, for groups or negative values, and where all features have a
      probability of 0.9 or more, the whole model is searched. Searches are independent: each trains models from random
      directions and catalogue shapes, puts rows elsewhere, exchanges features, and descends the exact loss, until
      nothing helps any more. They end when two or three agree, or after three to six (one beyond 30 features). The
      Hessian checks the best.
    - A tegum program does the rest, also of more than 8 features that have discrete values or are too sparse to be
      sampled. The best blocks of k features in r dimensions are searched one by one. Then an integer program fills the
      dimensions, and drops the features that are left over. Blocks are kept on disk ($GEOMSUP_CACHE, or the user's
      cache folder).

    Parameters
    ----------
    features
        The distribution of the inputs.
    n_hidden
        Number of hidden dimensions m.
    activation
        Output activation, "relu" or "linear".
    starts
        If it is given, this many random starts are descended instead, once each: quicker, and more often too high.
    rng
        Anything ``np.random.default_rng`` takes; the same seed gives the same bits. A program does not use it.
    guesses
        Models to start from as well, such as trained ones: the optimum is then no worse than any of them. If one leads
        lower than the search, `Optimum.proof` says so.
    time_limit
        Seconds after which the search returns the best so far, after its first round at the earliest. The result then
        depends on the speed of the machine. A program does not use it.
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
    seconds = np.inf if time_limit is None else checks.positive_number("time_limit", time_limit)
    deadline = time.monotonic() + seconds
    law, value_unit, _ = units = ordinary(features, CLOSE)
    if activation == "relu" and features.grouped:
        for _, part in law.parts:
            make_plan(part)  # refuses groups of too many outcomes, before anything is searched
    guesses = [_of_ordinary_size(ToyModel(guess.W, np.ldexp(guess.b, -value_unit))) for guess in guesses]
    from geomsup.compiling import telling  # with numba, which checks of arguments do not wait for

    with telling(progress):
        found = _ordinary_optimum(law, n_hidden, activation, starts, generator, guesses, deadline, progress)
    return _in_units(found, features, units)


def _in_units(found: Optimum, features: Features, units: Ordinary) -> Optimum:
    """Return the optimum of the features from that of the same features in units of ordinary size."""
    model = ToyModel(found.model.W, np.ldexp(found.model.b, units.value), activation=found.model.activation)
    loss, bound, starts = (times_power(part, units.loss) for part in (found.loss, found.lower_bound, found.starts))
    searched = None if found.searched is None else float(times_power(found.searched, units.loss))
    return replace(
        found, loss=float(loss), lower_bound=float(bound), starts=starts, model=model, features=features,
        searched=searched,
    )  # fmt: skip


def _ordinary_optimum(
    features: Features, n_hidden: int, activation: str, starts: int | None, rng: np.random.Generator,
    guesses: Sequence[ToyModel], deadline: float, progress: Progress,
) -> Optimum:  # fmt: skip
    that_matter = np.count_nonzero(features.importance * features.variance)
    if activation == "linear" or (n_hidden >= that_matter and nonnegative(features)):
        kept = _keep_principal if n_hidden < that_matter and _is_correlated(features) else _keep_most_worth
        model = kept(features, n_hidden, activation)
        loss = float(reachable_loss(model, features))
        return Optimum(loss, model, "closed form", loss, features, n_hidden, "minimum")
    improver = make_improver(features)
    if starts is None and _is_for_program(features, improver):
        return _by_program(features, n_hidden, guesses, progress)
    if starts is not None or improver is None:
        return _by_starts(features, n_hidden, starts or _usual_starts(features.n), rng, guesses)
    ends = chains(features, n_hidden, improver, effort_for(features.n), rng, progress, deadline)
    return _by_chains(features, n_hidden, ends, guesses)


def _is_for_program(features: Features, improver: Improver | None) -> bool:
    """Whether blocks are searched one by one, instead of the whole model at once."""
    if improver is None:
        many = features.n > FEW
    else:
        many = features.n > DIRECT and len(classes_of(features)) <= FEW_KINDS
    return many and separable(features) and features.probability.min() < DENSE


def _usual_starts(n: int) -> int:
    return 32 if n <= FEW else 8


def _by_starts(
    features: Features, n_hidden: int, starts: int, rng: np.random.Generator, guesses: Sequence[ToyModel]
) -> Optimum:
    pairs = [(guess.W, guess.b) for guess in guesses]
    found = descend_from_many(features, n_hidden, starts, rng, pairs)
    model = ToyModel(found.W, found.b)
    return Optimum(
        float(reachable_loss(model, features)), model, f"best of {len(found.losses)} starts",
        lower_bound(features, n_hidden), features, n_hidden, found.kind, found.losses,
    )  # fmt: skip


def _by_chains(features: Features, n_hidden: int, ends: list[End], guesses: Sequence[ToyModel]) -> Optimum:
    """Return the best of the ends of all searches, descended as far as the loss allows; or of the guesses."""
    found = finished(features, ends, _last_steps(features))
    model = ToyModel(found.W, found.b)
    best = Optimum(
        float(reachable_loss(model, features)), model, f"best of {len(ends)} search{'es' if len(ends) > 1 else ''}",
        lower_bound(features, n_hidden), features, n_hidden, found.kind, found.losses,
    )  # fmt: skip
    return _or_guessed(best, guesses)


def _by_program(features: Features, n_hidden: int, guesses: Sequence[ToyModel], progress: Progress) -> Optimum:
    tegum = solve_tegum(features, n_hidden, progress=progress)
    model = ToyModel(tegum.W, tegum.b)
    loss, bound = float(reachable_loss(model, features)), lower_bound(features, n_hidden)
    best = Optimum(loss, model, "tegum program", bound, features, n_hidden, tegum.kind, tegum=tegum)
    return _or_guessed(best, guesses)


def _or_guessed(best: Optimum, guesses: Sequence[ToyModel]) -> Optimum:
    """Return what was found, or the end of a descent from the best guesses if that is lower."""
    losses = [float(reachable_loss(guess, best.features)) for guess in guesses]
    near = [guess for guess, loss in zip(guesses, losses, strict=True) if loss < best.loss * (1 + NEAR_GUESS)]
    if not near:
        return best
    starts = [(guess.W, guess.b) for guess in near]
    ends = sorted(descend(best.features, starts, most_steps=GUESS_STEPS), key=lambda end: end.loss)
    found = finished(best.features, ends[:1], _last_steps(best.features))
    model = ToyModel(found.W, found.b)
    loss = float(reachable_loss(model, best.features))
    if not loss < best.loss * (1 - SAME):
        return best
    return replace(
        best, loss=loss, model=model, status="from a given model", kind=found.kind, searched=best.loss,
    )  # fmt: skip


def _last_steps(features: Features) -> int:
    return LAST_STEPS if features.n <= DIRECT else FEWER_STEPS


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


def _is_correlated(features: Features) -> bool:
    return bool(np.any(features.covariance != np.diag(features.variance)))


def _keep_principal(features: Features, n_hidden: int, activation: str) -> ToyModel:
    """Project on the m principal components: no linear map of rank m loses less, by Eckart and Young."""
    if features.importance.min() < features.importance.max():
        raise ValueError(
            f'`activation` "linear" must have equally important features where these are correlated; '
            f"got importances from {features.importance.min():g} to {features.importance.max():g}. "
            "No closed form is known: give all the same importance, or train."
        )
    W = np.linalg.eigh(features.covariance)[1][:, ::-1][:, :n_hidden]
    return ToyModel(W, features.mean - W @ (W.T @ features.mean), activation=activation)


def _keep_most_worth(features: Features, n_hidden: int, activation: str) -> ToyModel:
    """Give each of the m features of largest I_i Var x_i a dimension, and predict the mean of the others."""
    worth = features.importance * features.variance
    kept = np.sort(np.argsort(-worth, kind="stable")[:n_hidden])
    W = np.zeros((features.n, n_hidden))
    W[kept, np.arange(len(kept))] = 1.0
    b = np.array(features.mean)
    b[kept] = 0.0
    return ToyModel(W, b, activation=activation)
