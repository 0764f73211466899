"""Commands that search for optima: ``optimum``, ``phase-diagram`` and ``plateaus``."""

from collections import Counter
from pathlib import Path

import geomsup as gs
from geomsup.cli.console import check_files, deliver, progress_bars, save_figure
from geomsup.cli.inputs import Inputs
from geomsup.cli.options import Ends, Json, Output, Whole, grid

__all__ = ["optimum", "phase_diagram", "plateaus"]


def optimum(
    n_features: Whole,
    n_hidden: Whole,
    *,
    inputs: Inputs = Inputs(),  # noqa: B008  (frozen)
    activation: str = "relu",
    starts: Whole | None = None,
    seed: Whole = 0,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Find the lowest expected loss that a model of a given size can have.

    Parameters
    ----------
    n_features
        Number of features n.
    n_hidden
        Number of hidden dimensions m.
    activation
        Output activation, "relu" or "linear".
    starts
        Number of random starts of a direct search; by default 32, and a tegum program beyond 8 features.
    seed
        Seed of the starts.
    output
        Also write the result as JSON to this file.
    """
    check_files(output)
    features = inputs.of(n_features, probability=0.05)
    with progress_bars() as progress:
        result = gs.optimum(features, n_hidden, activation=activation, starts=starts, rng=seed, progress=progress)
    deliver(result.to_dict(), str(result), as_json, output)


def phase_diagram(
    n_features: Whole,
    n_hidden: Whole,
    *,
    points: Whole = 40,
    probability_range: Ends = (0.01, 1.0),
    importance_range: Ends = (0.1, 10.0),
    starts: Whole = 4,
    seed: Whole = 0,
    output: Output = None,
    plot: Path | None = None,
    as_json: Json = False,
) -> None:
    """Find the optimum over a plane of probabilities and importances of one extra feature, and where it changes.

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
        Lowest and highest probability.
    importance_range
        Lowest and highest importance of the last feature.
    starts
        Random starts in every cell; the optima of its neighbours are tried as well.
    seed
        Seed of the starts.
    output
        Also write the result as JSON to this file.
    plot
        Draw the diagram beside the paper's prediction to this file.
    """
    check_files(output, plot)
    axes = grid("--probability-range", probability_range, points), grid("--importance-range", importance_range, points)
    with progress_bars() as progress:
        diagram = gs.phase_diagram(
            n_features, n_hidden, *axes, starts=starts, rng=seed,
            progress=progress,
        )  # fmt: skip
        progress("locating", 0.0)
        kinds = Counter((t.order, *sorted((t.from_, t.to))) for t in diagram.transitions)
        progress("locating", 1.0)
    if plot is not None:
        save_figure(diagram.plot()[0].figure, plot)
    lines = [str(diagram), "transitions between neighbouring cells:"]
    lines += [f"  {count:>4} of {order} order: {one} | {other}" for (order, one, other), count in kinds.most_common()]
    deliver(diagram.to_dict(), "\n".join(lines), as_json, output)


def plateaus(
    *,
    points: Whole = 20,
    probability_range: Ends = (0.1, 1.0),
    largest_rank: Whole = 4,
    n_features: Whole | None = None,
    n_hidden: Whole | None = None,
    output: Output = None,
    plot: Path | None = None,
    as_json: Json = False,
) -> None:
    """Find which kind of block wins at each sparsity, and where the winner changes.

    Parameters
    ----------
    points
        Probabilities, evenly spaced in the logarithm.
    probability_range
        Lowest and highest probability.
    largest_rank
        Largest number of dimensions of a block.
    n_features
        Number of features of a finite model, to find the best mixture of blocks for it.
    n_hidden
        Number of hidden dimensions of that model.
    output
        Also write the result as JSON to this file.
    plot
        Draw gains and levels to this file.
    """
    check_files(output, plot)
    with progress_bars() as progress:
        result = gs.plateaus(
            grid("--probability-range", probability_range, points), largest_rank=largest_rank,
            n_features=n_features, n_hidden=n_hidden, progress=progress,
        )  # fmt: skip
    if plot is not None:
        save_figure(result.plot()[0].figure, plot)
    deliver(result.to_dict(), str(result), as_json, output)
