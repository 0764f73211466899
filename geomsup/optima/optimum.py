"""The optimum of a whole model: which method finds it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.features import Features
from geomsup.loss.ordinary import CLOSE, Ordinary, ordinary, times_power
from geomsup.loss.plan import make_plan
from geomsup.model import ToyModel
from geomsup.optima.cache import cache_folder
from geomsup.optima.conditions.conditions import Conditions, checked_conditions
from geomsup.optima.conditions.known import check_known
from geomsup.optima.conditions.search import best_of_starts
from geomsup.optima.deadline import Deadline
from geomsup.optima.descent import MANY, End, descend
from geomsup.optima.guesses import fitting, of_ordinary_size
from geomsup.optima.multistart import descend_from_many, finished, last_descent
from geomsup.optima.proved.bounds import lower_bound
from geomsup.optima.proved.certified import certified
from geomsup.optima.proved.closed_form import closed_form, has_closed_form
from geomsup.optima.reachable import reachable_loss
from geomsup.optima.result import DEDICATED, FROM_TABLE, Optimum
from geomsup.optima.searching.chains import chains, effort_for
from geomsup.optima.searching.chance import SAME
from geomsup.optima.searching.endless import UNREACHED
from geomsup.optima.searching.improvers import Improver, make_improver, too_sparse
from geomsup.optima.starts import dedicated
from geomsup.optima.tabulated.starts import tabulated_starts
from geomsup.optima.tegum.solve import separable, solve_tegum
from geomsup.optima.tegum.table import classes_of
from geomsup.samples import checked_features
from geomsup.threads import Progress

__all__ = ["optimum"]

# Features up to which the whole model is always searched; beyond, the program fills the dimensions with blocks, if the
# features are of few kinds: tables of blocks of many kinds take minutes, and hold too few of them.
DIRECT = 50
FEW_KINDS = 3
DENSE = 0.9  # features that are nearly always present do not form small blocks
CAPPED = 20  # features that are descended as often as few, under a cap on cosines
FEW = 8  # the same where the whole model cannot be searched (`make_improver`)
# A guess this much above the best found, relatively, or more is not descended from; and the same where the descent is a
# short one (`last_descent`), which gained 0.2 % at (100, 20).
NEAR_GUESS, NEAR_LARGE = 0.1, 0.01
NEAR_END = 1e-3  # the same after its first descent: the last steps gain less
HIDDEN_STARTS = 200  # of each kind, with hidden ReLUs: they take 10 ms, and one in fifty finds the best of (4, 2)
# Weights this far from 0 grow without end, with hidden ReLUs or a decoder of its own: others have up to 15.
HELD_BACK = 50.0
MOST_STARTS = 100_000


@checks.hinted
def optimum(
    features: Features,
    n_hidden: int,
    *,
    activation: str = "relu",
    tied: bool = True,
    coherence: float = 0.0,
    max_cosine: float | None = None,
    weight_decay: float = 0.0,
    hidden_activation: str = "linear",
    target: str = "identity",
    starts: int | None = None,
    rng: Any = 0,
    guesses: Sequence[ToyModel] = (),
    time_limit: float | None = None,
    progress: Progress = None,
) -> Optimum:
    """Return the lowest expected loss of a model with `n_hidden` dimensions, and the model that has it.

    min over W (n, m) and b (n,) of L = Σ_i I_i E(x_i - f(W Wᵀ x + b)_i)².

    - Linear models have a closed form: keep the m features of largest I_i Var x_i; of correlated features that are
      equally important, the m principal components. So have models with as many dimensions as features with
      I_i Var x_i > 0.
    - Up to 50 features, for features of many kinds, for groups or negative values, and where all features have a
      probability of 0.9 or more, the whole model is searched. Searches are independent: each trains models from random
      directions and catalogue shapes, puts rows elsewhere, exchanges features, and descends the exact loss, until
      nothing helps any more. They end when two or three agree, and more than half, or after three to seven. Beyond 30
      features there is one: it searches some blocks of the model anew, with 20 to 40 features, while the others stay.
      The Hessian checks the best. Rows that would grow without end are made long (see `Optimum.kind`).
      Of up to 14 features with Σ p up to 0.7 that come independently, or one at a time, models are not trained but
      descended on the loss to second order in p, and the best of those on the loss itself.
      Of features that are alike and uniform on [0, s], a search also descends from the models of `block_table`.
    - A tegum program does the rest, also of more than 8 features whose discrete values have too many states (more than
      12 features of three values, or 24 binary ones), and of features too sparse to be sampled, if they are more than
      14 or of few kinds. The best blocks of k features in r dimensions are
      searched one by one, from random starts and from the block of k - 1, whose rays another feature joins. Then an
      integer program fills the dimensions, and drops the features that are left over.
    - Other outputs, decoders, penalties, caps and targets (`activation`, `tied`, `coherence`, `max_cosine`,
      `weight_decay`, `hidden_activation`, `target`) are searched by 32 random starts up to 8 features, or 20 under a
      cap (8 for gelu, and beyond), one from every catalogue shape, and one from a dimension each for the best features:
      descents of the exact loss with what is added to it. Under a cap, each start is tried three times, with other rows
      dropped for lack of room. The best of them is returned; nothing is proved.

    Blocks are kept on disk ($GEOMSUP_CACHE, or the user's cache folder), and so is an interrupted search of a whole
    model: the same call goes on from there, and ends at the same bits.

    Parameters
    ----------
    features
        The distribution of the inputs.
    n_hidden
        Number of hidden dimensions m.
    activation
        Output activation: "relu", "linear", "abs", "leaky_relu" (slope 0.01) or "gelu".
    tied
        Whether the decoder is W too, as in `train`. If not, it is minimised over as well: x' = f(W_out Wᵀ x + b).
    coherence
        λ of a penalty λ Σ_{i<j} (w_i·w_j)² over pairs of rows of W, as in `train`. The loss is minimised with it:
        `Optimum.loss` is without, `Optimum.total` with it.
    max_cosine
        Cap, from 0 to 1, on abs(cos) of the angle between any two rows of W: 0 makes what is stored orthogonal.
    weight_decay
        d of a penalty d/2 Σ θ² over all weights and biases, whose minimum
        ``train(..., optimizer="sgd", weight_decay=d)`` descends to. (Adam, with a step of its own for every weight,
        ends elsewhere.)
    hidden_activation
        "linear" or "relu": x' = f(W ReLU(Wᵀ x) + b), for up to 5 features of uniform values, or a few more
        whose values are points.
    target
        τ(x), what outputs are to be, as in `train` and `expected_loss`: "identity", "abs", "relu", "square", or, of
        values that are points, "pairs", "abs_pairs" or "product_pairs". The loss is then Σ_i I_i E(τ_i(x) - x'_i)², for
        up to 10 independent features whose values are piecewise uniform or points, and piecewise linear outputs. With
        hidden ReLUs "square" and pairs are only for points. The largest value is up to 1e70 for "square", and from
        0.01 to 100 for "product_pairs". Where no value is negative, "abs" and "relu" are
        "identity". No lower bound but 0 is known.
    starts
        If it is given, this many random starts are descended instead, once each: quicker, and more often too high.
    rng
        Anything ``np.random.default_rng`` takes; the same seed gives the same bits. A program does not use it.
    guesses
        Models to start from as well, such as trained ones: the optimum is then no worse than any of them. If one leads
        lower than the search, `Optimum.proof` says so.
    time_limit
        Seconds after which the search returns the best so far, a second or two later, and up to five later for 400
        features, of which one loss takes a second. `Optimum.status` then says "cut short", and the result depends on
        the speed of the machine. What is compiled on first use takes its time besides.
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
    conditions = checked_conditions(activation, tied, coherence, max_cosine, weight_decay, hidden_activation, target)
    searched = conditions.on(features)
    generator = checks.random_generator("rng", rng)
    guesses = fitting(guesses, features.n, n_hidden)
    checks.callback("progress", progress)
    seconds = np.inf if time_limit is None else checks.positive_number("time_limit", time_limit)
    deadline = Deadline(seconds)
    units = ordinary(features, CLOSE, degree=searched.degree) if searched.scales else Ordinary(features, 0, 0)
    if features.grouped and activation != "linear":  # that has a closed form, or says so itself
        for _, part in units.features.parts:
            make_plan(part)  # refuses groups of too many outcomes, before anything is searched
    if not has_closed_form(features, n_hidden, searched):
        check_known(features, conditions)
    guesses = [conditions.of_kind(guess) for guess in guesses]
    guesses = [of_ordinary_size(_times_unit(guess, -units.value, searched.degree)) for guess in guesses]
    from geomsup.compiling import telling  # with numba, which checks of arguments do not wait for

    with telling(progress):
        products = 2 * (searched.degree - 1) * units.value  # the penalty is of squares of products of rows
        here = replace(searched, coherence=float(np.ldexp(searched.coherence, products - units.loss)))
        found = _ordinary_optimum(units.features, n_hidden, here, starts, generator, guesses, deadline, progress)
        found = _or_dedicated(found, deadline) if searched.plain else found
        found = certified(found) if searched.plain and not deadline.cut else found
    if deadline.cut:
        found = replace(found, status=f"{found.status}, cut short")
    return replace(_in_units(found, features, units, searched.degree), conditions=conditions)


def _in_units(found: Optimum, features: Features, units: Ordinary, degree: int) -> Optimum:
    """Return the optimum of the features from that of the same features in units of ordinary size."""
    model = _times_unit(found.model, units.value, degree)
    loss, bound, starts = (times_power(part, units.loss) for part in (found.loss, found.lower_bound, found.starts))
    searched = None if found.searched is None else float(times_power(found.searched, units.loss))
    return replace(
        found, loss=float(loss), lower_bound=float(bound), starts=starts, model=model, features=features,
        searched=searched,
    )  # fmt: skip


def _times_unit(model: ToyModel, value: int, degree: int) -> ToyModel:
    """Return the model for inputs 2^value times as large, whose outputs are to be 2^(degree value) times as large."""
    half = (degree - 1) * value // 2  # of what outputs grow by beyond inputs: the other half is the decoder's
    decoder = None if model.W_out is None else np.ldexp(model.W_out, half)
    return replace(model, W=np.ldexp(model.W, half), b=np.ldexp(model.b, degree * value), W_out=decoder)


def _ordinary_optimum(
    features: Features, n_hidden: int, conditions: Conditions, starts: int | None, rng: np.random.Generator,
    guesses: Sequence[ToyModel], deadline: Deadline, progress: Progress,
) -> Optimum:  # fmt: skip
    known = closed_form(features, n_hidden, conditions)
    if known is not None:
        return known
    if not conditions.plain:
        return _by_descents(features, n_hidden, conditions, starts, rng, guesses, deadline, progress)
    improver = make_improver(features, deadline)
    if starts is None and _is_for_program(features, improver):
        return _or_guessed(_by_program(features, n_hidden, progress, deadline), guesses, deadline)
    if starts is not None or improver is None:
        return _by_starts(features, n_hidden, starts or _usual_starts(features.n), rng, guesses, deadline)
    ends = chains(features, n_hidden, improver, effort_for(features.n, improver.quick), rng, progress, deadline)
    searched = _by_chains(features, n_hidden, ends, deadline)
    tabulated = [ToyModel(*start) for start in tabulated_starts(features, n_hidden)]
    return _or_guessed(_or_guessed(searched, tabulated, deadline, FROM_TABLE), guesses, deadline)


def _is_for_program(features: Features, improver: Improver | None) -> bool:
    """Whether blocks are searched one by one, instead of the whole model at once."""
    few_kinds = len(classes_of(features)) <= FEW_KINDS
    if improver is None:
        many = features.n > FEW or (few_kinds and too_sparse(features))
    else:
        many = features.n > DIRECT and few_kinds
    return many and separable(features) and features.probability.min() < DENSE


def _usual_starts(n: int) -> int:
    return 32 if n <= FEW else 8


def _by_starts(
    features: Features, n_hidden: int, starts: int, rng: np.random.Generator, guesses: Sequence[ToyModel],
    deadline: Deadline,
) -> Optimum:  # fmt: skip
    pairs = [(guess.W, guess.b) for guess in guesses]
    found = descend_from_many(features, n_hidden, starts, rng, pairs, deadline=deadline)
    model = ToyModel(found.W, found.b)
    status = f"best of {checks.count(len(found.losses), 'start')}"
    return Optimum(
        float(reachable_loss(model, features, quickly=deadline.cut)), model, status,
        lower_bound(features, n_hidden), features, n_hidden, found.kind, found.losses,
    )  # fmt: skip


def _by_descents(
    features: Features, n_hidden: int, conditions: Conditions, starts: int | None, rng: np.random.Generator,
    guesses: Sequence[ToyModel], deadline: Deadline, progress: Progress,
) -> Optimum:  # fmt: skip
    """Return the best of descents of loss and penalties of a model of any kind."""
    usual = FEW if conditions.activation == "gelu" else _usual_starts(features.n)
    if conditions.max_cosine is not None and features.n <= CAPPED:
        usual = _usual_starts(FEW)  # only rows that have room move: quick, and which of them it is matters
    starts = starts or (HIDDEN_STARTS if conditions.hidden_activation == "relu" else usual)
    allowed = [(guess.W, guess.decoder, guess.b) for guess in guesses if conditions.allows(guess)]
    found = best_of_starts(features, n_hidden, conditions, starts, rng, allowed, deadline, progress)
    W, decoder, b = found.weights
    model = conditions.model(W, decoder, b)
    may_grow = conditions.hidden_activation == "relu" or not conditions.tied
    grows = may_grow and max(np.abs(W).max(), np.abs(decoder).max()) > HELD_BACK
    status = f"best of {checks.count(found.tried, 'start')}" if found.searched is None else "from a given model"
    return Optimum(
        float(reachable_loss(model, features, quickly=deadline.cut, target=conditions.target)), model, status,
        _bound(features, n_hidden, conditions),
        features, n_hidden, UNREACHED if grows else "not checked", found.totals, searched=found.searched,
    )  # fmt: skip


def _bound(features: Features, n_hidden: int, conditions: Conditions) -> float:
    """Return a loss that no model of this kind reaches; of hidden ReLUs and other targets none is known but 0."""
    if conditions.hidden_activation != "linear" or conditions.target != "identity":
        return 0.0
    nonnegative, relu = conditions.activation in ("relu", "abs"), conditions.activation == "relu"
    return lower_bound(features, n_hidden, nonnegative=nonnegative, tied_relu=conditions.tied and relu)


def _by_chains(features: Features, n_hidden: int, ends: list[End], deadline: Deadline) -> Optimum:
    """Return the best of the ends of all searches, descended as far as loss and deadline allow."""
    found = finished(features, ends, **last_descent(features), deadline=deadline)
    model = ToyModel(found.W, found.b)
    return Optimum(
        float(reachable_loss(model, features, quickly=deadline.cut)), model,
        f"best of {len(ends)} search{'es' if len(ends) > 1 else ''}", lower_bound(features, n_hidden), features,
        n_hidden, found.kind, found.losses,
    )  # fmt: skip


def _by_program(features: Features, n_hidden: int, progress: Progress, deadline: Deadline) -> Optimum:
    try:
        tegum = solve_tegum(features, n_hidden, progress=progress, deadline=deadline)
    except KeyboardInterrupt as interruption:
        if cache_folder() is not None:
            interruption.add_note("the blocks found so far are kept; the same search goes on from there")
        raise
    model = ToyModel(tegum.W, tegum.b)
    loss, bound = float(reachable_loss(model, features, quickly=deadline.cut)), lower_bound(features, n_hidden)
    return Optimum(loss, model, "tegum program", bound, features, n_hidden, tegum.kind, tegum=tegum)


def _or_dedicated(best: Optimum, deadline: Deadline) -> Optimum:
    """Return what was found, or the best features with a dimension each: at extreme importances searches end above."""
    model = ToyModel(*dedicated(best.features, best.n_hidden))
    loss = float(reachable_loss(model, best.features, quickly=deadline.cut))
    if not loss < best.loss * (1 - SAME):
        return best
    return replace(best, loss=loss, model=model, status=DEDICATED, kind="not checked", searched=best.loss, tegum=None)


def _or_guessed(
    best: Optimum, guesses: Sequence[ToyModel], deadline: Deadline, status: str = "from a given model"
) -> Optimum:
    """Return what was found, or the best guess, or the end of a descent from the best ones, if that is lower."""
    losses = [float(reachable_loss(guess, best.features, quickly=deadline.cut)) for guess in guesses]
    near_enough = NEAR_GUESS if best.features.n <= MANY else NEAR_LARGE
    near = [
        End(loss, guess.W, guess.b)
        for guess, loss in zip(guesses, losses, strict=True)
        if loss < best.loss * (1 + near_enough)
    ]
    if not near:
        return best
    starts = [(guess.W, guess.b) for guess in near]
    ends = descend(best.features, starts, **last_descent(best.features), deadline=deadline)
    lowest = min([*ends, *near], key=lambda end: end.loss)
    if lowest.loss > best.loss * (1 + NEAR_END):
        return best
    found = finished(best.features, [lowest], **last_descent(best.features), deadline=deadline)
    model = ToyModel(found.W, found.b)
    loss = float(reachable_loss(model, best.features, quickly=deadline.cut))
    if not loss < best.loss * (1 - SAME):
        return best
    return replace(
        best, loss=loss, model=model, status=status, kind=found.kind, searched=best.loss,
    )  # fmt: skip
