"""Commands of the theory: ``optimum``, ``phase-diagram``, ``plateaus``, ``one-hot`` and ``symbolic``."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from cyclopts import Parameter

import geomsup as gs
from geomsup.cli.console import PAGE, check_files, deliver, progress_bars, save_figure
from geomsup.cli.inputs import ASSUMED, AssumedInputs
from geomsup.cli.options import Ends, Json, Output, Whole, grid, present_share

__all__ = ["one_hot", "optimum", "phase_diagram", "plateaus", "symbolic"]

FAMILIES = {"digon": 0, "polygon": 1, "simplex": 1, "cross-polytope": 1}  # and how many numbers each needs
NEAR_BIAS = -0.001  # a bias below 0 in which no sign changes from that at 0


def optimum(
    n_features: Whole,
    n_hidden: Whole,
    *,
    inputs: AssumedInputs = AssumedInputs(),  # noqa: B008  (frozen)
    activation: str = "relu",
    untied: Annotated[bool, Parameter(negative="")] = False,
    coherence: float = 0.0,
    max_cosine: float | None = None,
    weight_decay: float = 0.0,
    hidden_activation: str = "linear",
    target: str = "identity",
    starts: Whole | None = None,
    seed: Whole = 0,
    time_limit: float | None = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Find the lowest expected loss that a model of a given size can have.

    If it is interrupted, what is found is kept, and the same command goes on from there.

    Examples: ``geomsup optimum 5 2 --sparsity 0.9``; ``geomsup optimum 20 4 --probability 0.05 -o optimum.json``.

    Parameters
    ----------
    n_features
        Number of features n.
    n_hidden
        Number of hidden dimensions m.
    activation
        Output activation: relu, linear, abs, leaky_relu or gelu.
    untied
        Let the decoder be other than W.
    coherence
        Factor of a penalty on the sum of (w_i · w_j)² over pairs of rows of W.
    max_cosine
        Cap, from 0 to 1, on abs(cos) of the angle between two rows of W.
    weight_decay
        Factor of a penalty on half the sum of squares of all weights and biases.
    hidden_activation
        linear, or relu for up to 5 features of uniform values.
    target
        What outputs are to be: identity, abs, relu or square of their inputs; pairs, abs_pairs or product_pairs.
    starts
        Descend this many random starts, once each, in place of the usual search.
    seed
        Seed of the search.
    time_limit
        Seconds after which the best so far is the result.
    output
        Also write the result to this file, .json or, as a table, .csv.
    """
    check_files(output)
    features = inputs.of(n_features, probability=ASSUMED)
    with progress_bars() as progress:
        result = gs.optimum(
            features, n_hidden, activation=activation, tied=not untied, coherence=coherence, max_cosine=max_cosine,
            weight_decay=weight_decay, hidden_activation=hidden_activation, target=target, starts=starts, rng=seed,
            time_limit=time_limit, progress=progress,
        )  # fmt: skip
    text = "\n".join([str(result), *inputs.assumption(n_features)])
    deliver(result.to_dict(), text, as_json, output, result.to_rows)


def phase_diagram(
    n_features: Whole,
    n_hidden: Whole,
    *,
    points: Whole = 40,
    probability_range: Ends | None = None,
    sparsity_range: Ends | None = None,
    importance_range: Ends = (0.1, 10.0),
    activation: str = "relu",
    untied: Annotated[bool, Parameter(negative="")] = False,
    coherence: float = 0.0,
    max_cosine: float | None = None,
    hidden_activation: str = "linear",
    target: str = "identity",
    starts: Whole = 4,
    seed: Whole = 0,
    output: Output = None,
    plot: Path | None = None,
    as_json: Json = False,
) -> None:
    """Find the optimum over a plane of probabilities and importances of one extra feature, and where it changes.

    Example: ``geomsup phase-diagram 2 1 --plot phases.png``.

    Features are independent, with values U[0, 1]. For other inputs, use `geomsup optimum` point by point.

    Parameters
    ----------
    n_features
        Number of features n, the last of which has its own importance.
    n_hidden
        Number of hidden dimensions m.
    points
        Cells along each axis, evenly spaced in the logarithm.
    probability_range
        Lowest and highest probability; by default 0.01 and 1.
    sparsity_range
        Lowest and highest sparsity, 1 - probability, in its place.
    importance_range
        Lowest and highest importance of the last feature.
    activation
        Output activation: relu, abs, leaky_relu, linear or gelu.
    untied
        Let the decoder be other than W.
    coherence
        Factor of a penalty on the sum of (w_i · w_j)² over pairs of rows of W.
    max_cosine
        Cap, from 0 to 1, on abs(cos) of the angle between two rows of W.
    hidden_activation
        linear, or relu for up to 5 features.
    target
        What outputs are to be: identity, or square of their inputs.
    starts
        Random starts in every cell; the optima of its neighbours are tried as well.
    seed
        Seed of the starts.
    output
        Also write the result to this file, .json or, as a table, .csv.
    plot
        Draw the diagram beside the paper's prediction to this file; .html is a page to zoom into (extra report).
    """
    check_files(output, plot, zoomable=True)
    axes = (
        _probabilities(probability_range, sparsity_range, 0.01, points),
        grid("--importance-range", importance_range, points),
    )
    with progress_bars() as progress:
        diagram = gs.phase_diagram(
            n_features, n_hidden, *axes, activation=activation, tied=not untied, coherence=coherence,
            max_cosine=max_cosine, hidden_activation=hidden_activation, target=target, starts=starts, rng=seed,
            progress=progress,
        )  # fmt: skip
        progress("locating", 0.0)
        kinds = Counter((t.order, *sorted((t.from_, t.to))) for t in diagram.transitions)
        progress("locating", 1.0)
    if plot is not None:
        _draw(diagram, plot)
    lines = [str(diagram), _ranges(axes[0], probability_range or sparsity_range)]
    lines[-1] += f", importance of the extra feature {axes[1].min():g} to {axes[1].max():g}"
    lines += ["transitions between neighbouring cells:"]
    lines += [f"  {count:>4} of {order} order: {one} | {other}" for (order, one, other), count in kinds.most_common()]
    deliver(diagram.to_dict(), "\n".join(lines), as_json, output, diagram.to_rows, plot)


def _draw(result: Any, plot: Path) -> None:
    """Draw a result to a file: a picture, or a page to zoom into."""
    if plot.suffix == PAGE:
        result.page().save(plot)
    else:
        save_figure(result.plot()[0].figure, plot)


def _probabilities(given: tuple[float, float] | None, sparsity: Any, lowest: float, points: int) -> np.ndarray:
    """Return probabilities between the ends that one of two flags states, or from the lowest by default to 1."""
    option = "--probability-range" if sparsity is None else "--sparsity-range"
    stated = present_share(given, sparsity, "-range") or (lowest, 1.0)
    if not min(stated) > 0:
        wrong = f"{min(stated):g}" if sparsity is None else f"{max(sparsity):g}"
        rule = "be positive" if sparsity is None else "be below 1"
        raise ValueError(f"`{option}` must {rule}; got {wrong}. Nothing is ever present there.")
    return grid(option, (min(stated), max(stated)), points)


def _ranges(probabilities: np.ndarray, stated: Any) -> str:
    """Return the line that says which inputs were looked at, and what of them nobody stated."""
    assumed = "" if stated is not None else " (assumed; --probability-range changes it)"
    return f"inputs: values U[0, 1], probability {probabilities.min():g} to {probabilities.max():g}{assumed}"


def plateaus(
    *,
    points: Whole = 20,
    probability_range: Ends | None = None,
    sparsity_range: Ends | None = None,
    largest_rank: Whole = 4,
    n_features: Whole | None = None,
    n_hidden: Whole | None = None,
    output: Output = None,
    plot: Path | None = None,
    as_json: Json = False,
) -> None:
    """Find which kind of block wins at each sparsity, and where the winner changes.

    Example: ``geomsup plateaus --sparsity-range 0.5 0.8 --largest-rank 2 --plot plateaus.png``.

    Parameters
    ----------
    points
        Probabilities, evenly spaced in the logarithm.
    probability_range
        Lowest and highest probability; by default 0.1 and 1.
    sparsity_range
        Lowest and highest sparsity, 1 - probability, in its place.
    largest_rank
        Largest number of dimensions of a block.
    n_features
        Number of features of a finite model, to find the best mixture of blocks for it.
    n_hidden
        Number of hidden dimensions of that model.
    output
        Also write the result to this file, .json or, as a table, .csv.
    plot
        Draw gains and levels to this file; .html is a page to zoom into (extra report).
    """
    check_files(output, plot, zoomable=True)
    with progress_bars() as progress:
        result = gs.plateaus(
            _probabilities(probability_range, sparsity_range, 0.1, points), largest_rank=largest_rank,
            n_features=n_features, n_hidden=n_hidden, progress=progress,
        )  # fmt: skip
    if plot is not None:
        _draw(result, plot)
    text = f"{result}\n{_ranges(np.array(result.probabilities), probability_range or sparsity_range)}"
    deliver(result.to_dict(), text, as_json, output, result.to_rows, plot)


def one_hot(
    shape: str,
    *,
    dead: Whole = 0,
    silent: Whole = 0,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Say at which norms and biases a shape is critical where one feature is active at a time.

    Examples: ``geomsup one-hot pentagon``; ``geomsup one-hot tetrahedron --dead 1 --json``.

    Parameters
    ----------
    shape
        Name of the shape, as `geomsup polytope` knows it.
    dead
        Features that are not stored, beside those of the shape.
    silent
        How many of the dead have a bias up to 0.
    output
        Also write the result to this file, .json or, as a table, .csv.
    """
    check_files(output)
    states = [state.to_dict() for state in gs.one_hot_states(shape, dead, silent=silent)]
    lines = [
        f"{one['name']}: {one['kind']}, norm {one['norm']:.9g}, bias {one['bias']:.9g}, loss {one['loss']:.9g}, "
        f"potential {one['potential']:.9g}"
        for one in states
    ]
    deliver({"states": states}, "\n".join(lines), as_json, output, lambda: states)


def symbolic(
    family: Literal["digon", "polygon", "simplex", "cross-polytope"],
    size: Whole | None = None,
    *,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Write the exact loss of a regular shape as a formula in its norm r, its bias b and the probability p.

    The formula holds where signs are as near norm 1 with a small negative bias. Examples: ``geomsup symbolic digon``;
    ``geomsup symbolic simplex 2``.

    Parameters
    ----------
    family
        "digon", "polygon", "simplex" or "cross-polytope".
    size
        Sides of a polygon, dimensions of a simplex or cross-polytope.
    output
        Also write the result as .json to this file.
    """
    import sympy

    check_files(output, table=False)
    if (size is None) == bool(FAMILIES[family]):
        rule = "come with a polygon, simplex or cross-polytope" if size is None else "not come with a digon"
        raise ValueError(f"`SIZE` must {rule}; got {size}. Write geomsup symbolic simplex 2, say.")
    r, b, p = sympy.symbols("r b p", real=True)
    made = getattr(gs.symbolic, family.replace("-", "_"))
    gram = made(r) if size is None else made(size, r)
    formula = str(gs.symbolic.loss(gram=gram, b=b, probability=p, at={r: 1, b: NEAR_BIAS}))
    name = family if size is None else f"{family} {size}"
    deliver({"shape": name, "loss": formula}, f"{name}: L = {formula}", as_json, output)
