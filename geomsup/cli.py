"""The command line: parse, call the public functions, print."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import App, CycloptsError, Parameter

import geomsup as gs

__all__ = ["app", "main"]

app = App(
    name="geomsup",
    help="Exact losses, named geometry and theoretical optima for superposition in toy models.",
    version=gs.__version__,
    help_format="plaintext",
    suppress_keyboard_interrupt=False,  # main has its own words for it
)

FIGURES = (".png", ".pdf", ".svg")
WIDTH_IN_PIPES = 200  # where nothing tells the width, cells are not folded

Json = Annotated[bool, Parameter("--json", negative="", help="Print JSON instead of a table.")]
Output = Annotated[Path | None, Parameter(("--output", "-o"), help="Also write the result to this file.")]
Ends = Annotated[tuple[float, float], Parameter(negative="")]
Numbers = Annotated[list[float] | None, Parameter(consume_multiple=True, negative="")]


@app.command
def demo(
    *,
    output: Annotated[Path, Parameter(("--output", "-o"))] = Path("geomsup-demo.png"),
    models: int = 6,
    steps: int = 10_000,
    seed: int = 0,
    as_json: Json = False,
) -> None:
    """Train 5 features in 2 dimensions at ten sparsities, name their geometry, compare with the optimum.

    Parameters
    ----------
    output
        Where the figure goes (.png, .pdf or .svg).
    models
        Models per sparsity; the best of them is shown.
    steps
        Training steps of every model.
    seed
        Seed of everything random.
    """
    from geomsup.demo import run_demo

    _check_output("--output", output, FIGURES)
    with _progress() as progress:
        result = run_demo(models=models, steps=steps, seed=seed, progress=progress)
        progress("drawing", 0.0)
        result.plot().savefig(output, dpi=150)
        progress("drawing", 1.0)
    rows = result.rows()
    if as_json:
        _print_json({"rows": rows, "figure": str(output)})
        return
    _print_table(
        "5 features in 2 dimensions: the best trained model of each sparsity against the optimum",
        ["sparsity", "geometry", "models", "D", "trained loss", "optimum", "excess"],
        [
            [
                f"{row['sparsity']:.2f}", _with_dropped(row), row["models"], f"{row['D']:.3f}",
                f"{row['loss']:.6f}", f"{row['optimum']:.6f}", f"{100 * row['excess']:.2f} %",
            ]
            for row in rows
        ],
    )  # fmt: skip
    print("models: how many of those trained share the geometry; D: mean fractional dimensionality of what is stored")
    print(f"figure: {output}")


def _with_dropped(row: dict[str, Any]) -> str:
    return row["geometry"] + (f", {row['not_represented']} dropped" if row["not_represented"] else "")


@app.command
def train(
    n_features: int,
    n_hidden: int,
    *,
    probability: Numbers = None,
    importance: Numbers = None,
    models: int = 4,
    steps: int = 10_000,
    batch: int = 1024,
    learning_rate: float = 1e-3,
    seed: int = 0,
    record: int = 0,
    threads: int | None = None,
    output: Annotated[Path, Parameter(("--output", "-o"))] = Path("geomsup-run.npz"),
    as_json: Json = False,
) -> None:
    """Train toy models and name what they learned.

    Parameters
    ----------
    n_features
        Number of features n.
    n_hidden
        Number of hidden dimensions m.
    probability
        P(feature is present); several values train several sets of models. Default 0.05.
    importance
        One importance for all features, or one per feature.
    models
        Models per probability.
    steps
        Training steps.
    batch
        Samples in a step.
    learning_rate
        Rate of Adam.
    seed
        Seed of starts and samples.
    record
        Steps between snapshots of the weights; 0 keeps none.
    threads
        Threads to train in.
    output
        File of the trained models (.npz).
    """
    _check_output("--output", output, (".npz",))
    probabilities = [0.05] if probability is None else probability
    features = [gs.Features(n_features, p, _scalar_or_list(importance, 1.0)) for p in probabilities]
    with _progress() as progress:
        run = gs.train(
            features, n_hidden, models=models, steps=steps, batch=batch, learning_rate=learning_rate,
            seed=seed, record=record, threads=threads,
            progress=lambda done, total: progress("training", done / total),
        )  # fmt: skip
    run.save(output)
    losses = run.expected_loss()
    rows = [
        {
            "run": index,
            "sparsity": float(1 - run.features[index].probability[0]),
            "loss": float(losses[index]),
            "geometry": geometry.name,
            "not_represented": len(geometry.not_represented),
        }
        for index, geometry in enumerate(gs.classify(run.W, orientation="rows"))
    ]
    if as_json:
        _print_json({"runs": rows, "file": str(output)})
        return
    cells = [[str(r["run"]), f"{r['sparsity']:.3g}", f"{r['loss']:.8g}", _with_dropped(r)] for r in rows]
    _print_table(repr(run), ["run", "sparsity", "expected loss", "geometry"], cells)
    print(f"models: {output}")


@app.command
def classify(
    path: Path,
    *,
    name: str | None = None,
    orientation: str = "auto",
    noise: float | None = None,
    output: Output = None,
    plot: Path | None = None,
    as_json: Json = False,
) -> None:
    """Name the geometry of the weights in a file.

    Parameters
    ----------
    path
        A .npy, .npz or .safetensors file with W, one model or a batch.
    name
        Which array of the file is W.
    orientation
        "rows" (a row per feature), "columns", or "auto": the longer axis is the features.
    noise
        Noise per coordinate of the unit rows, if known.
    output
        Also write the result as JSON to this file.
    plot
        Draw the geometry to this file (one model only).
    """
    from geomsup.files import read_weights

    if plot is not None:
        _check_output("--plot", plot, FIGURES)
    found = gs.classify(read_weights(path, name=name, orientation=orientation), orientation="rows", noise=noise)
    several = isinstance(found, list)
    if plot is not None:
        if several:
            raise ValueError("`--plot` must be given one model; the file holds a batch. Save one run alone.")
        found.plot().figure.savefig(plot, dpi=150)
    result = None
    if as_json or output is not None:  # of a large W the numbers take longer to list than to classify
        result = [g.to_dict() for g in found] if several else found.to_dict()
    text = "\n".join(f"{i}: {g}" for i, g in enumerate(found)) if several else found.summary()
    _deliver(result, text, as_json, output)


@app.command
def loss(
    path: Path,
    *,
    probability: Numbers = None,
    importance: Numbers = None,
    run: int = 0,
    name: str | None = None,
    orientation: str = "auto",
    activation: str | None = None,
    method: str = "auto",
    rtol: float = 1e-9,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Give the exact expected loss of the model in a file.

    Parameters
    ----------
    path
        A file with W and b; files of `geomsup train` know their features too.
    probability
        P(feature is present), one value or one per feature.
    importance
        One importance for all features, or one per feature.
    run
        Which model of a batch.
    name
        Which array of the file is W.
    orientation
        "rows" (a row per feature), "columns", or "auto": the longer axis is the features.
    activation
        Output activation, "relu" or "linear"; by default what the model was trained with, or "relu".
    method
        "auto", "exact", "spectral" or "sampled".
    rtol
        Relative accuracy to reach.
    output
        Also write the result as JSON to this file.
    """
    model, features = _model_and_features(path, run, name, orientation, activation, probability, importance)
    result = gs.expected_loss(model, features, method=method, rtol=rtol)
    lines = [str(result)]
    lines += [f"  feature {i}: {value:.9g}" for i, value in enumerate(result.per_feature)]
    _deliver(result.to_dict(), "\n".join(lines), as_json, output)


@app.command
def optimum(
    n_features: int,
    n_hidden: int,
    *,
    probability: Numbers = None,
    importance: Numbers = None,
    activation: str = "relu",
    starts: int | None = None,
    seed: int = 0,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Find the lowest expected loss a model of given size can have.

    Parameters
    ----------
    n_features
        Number of features n.
    n_hidden
        Number of hidden dimensions m.
    probability
        P(feature is present), one value or one per feature. Default 0.05.
    importance
        One importance for all features, or one per feature.
    activation
        Output activation, "relu" or "linear".
    starts
        Number of random starts of a direct search; by default 32, and a tegum program beyond 8 features.
    seed
        Seed of the starts.
    output
        Also write the result as JSON to this file.
    """
    features = gs.Features(n_features, _scalar_or_list(probability, 0.05), _scalar_or_list(importance, 1.0))
    with _progress() as progress:
        result = gs.optimum(features, n_hidden, activation=activation, starts=starts, rng=seed, progress=progress)
    _deliver(result.to_dict(), str(result), as_json, output)


@app.command(name="phase-diagram")
def phase_diagram(
    n_features: int,
    n_hidden: int,
    *,
    points: int = 40,
    probability_range: Ends = (0.01, 1.0),
    importance_range: Ends = (0.1, 10.0),
    starts: int = 4,
    seed: int = 0,
    output: Output = None,
    plot: Path | None = None,
    as_json: Json = False,
) -> None:
    """Find the optimum over a plane of probabilities and importances of one extra feature, and where it changes.

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
        Random starts in every cell, besides what the neighbours found.
    seed
        Seed of the starts.
    output
        Also write the result as JSON to this file.
    plot
        Draw the diagram beside the paper's prediction to this file.
    """
    if plot is not None:
        _check_output("--plot", plot, FIGURES)
    axes = (np.geomspace(*ends, points).clip(*ends) for ends in (probability_range, importance_range))
    with _progress() as progress:
        diagram = gs.phase_diagram(
            n_features, n_hidden, *axes, starts=starts, rng=seed,
            progress=lambda done, total: progress("searching", done / total),
        )  # fmt: skip
        progress("locating", 0.0)
        kinds = Counter((t.order, *sorted((t.from_, t.to))) for t in diagram.transitions)
        progress("locating", 1.0)
    if plot is not None:
        diagram.plot()[0].figure.savefig(plot, dpi=150)
    lines = [str(diagram), "transitions between neighbouring cells:"]
    lines += [f"  {count:>4} of {order} order: {one} | {other}" for (order, one, other), count in kinds.most_common()]
    _deliver(diagram.to_dict(), "\n".join(lines), as_json, output)


@app.command
def plateaus(
    *,
    points: int = 20,
    probability_range: Ends = (0.1, 1.0),
    largest_rank: int = 4,
    n_features: int | None = None,
    n_hidden: int | None = None,
    output: Output = None,
    plot: Path | None = None,
    as_json: Json = False,
) -> None:
    """Say which kind of block wins at each sparsity, and where that changes.

    Parameters
    ----------
    points
        Probabilities, evenly spaced in the logarithm.
    probability_range
        Lowest and highest probability.
    largest_rank
        Largest number of dimensions of a block.
    n_features
        Number of features of a model, to say which mixture of blocks it has.
    n_hidden
        Its number of hidden dimensions.
    output
        Also write the result as JSON to this file.
    plot
        Draw gains and levels to this file.
    """
    if plot is not None:
        _check_output("--plot", plot, FIGURES)
    with _progress() as progress:
        result = gs.plateaus(
            np.geomspace(*probability_range, points).clip(*probability_range), largest_rank=largest_rank,
            n_features=n_features, n_hidden=n_hidden, progress=progress,
        )  # fmt: skip
    if plot is not None:
        result.plot()[0].figure.savefig(plot, dpi=150)
    _deliver(result.to_dict(), str(result), as_json, output)


@app.command
def compare(
    path: Path,
    *,
    probability: Numbers = None,
    importance: Numbers = None,
    run: int = 0,
    name: str | None = None,
    orientation: str = "auto",
    activation: str | None = None,
    starts: int | None = None,
    seed: int = 0,
    output: Output = None,
    plot: Path | None = None,
    as_json: Json = False,
) -> None:
    """Hold the model in a file against the theoretical optimum.

    Parameters
    ----------
    path
        A file with W and b; files of `geomsup train` know their features too.
    probability
        P(feature is present), one value or one per feature.
    importance
        One importance for all features, or one per feature.
    run
        Which model of a batch.
    name
        Which array of the file is W.
    orientation
        "rows" (a row per feature), "columns", or "auto": the longer axis is the features.
    activation
        Output activation, "relu" or "linear"; by default what the model was trained with, or "relu".
    starts
        Number of random starts of the search for the optimum; by default as `geomsup optimum` does.
    seed
        Seed of the starts.
    output
        Also write the result as JSON to this file.
    plot
        Draw model and optimum to this file.
    """
    if plot is not None:
        _check_output("--plot", plot, FIGURES)
    model, features = _model_and_features(path, run, name, orientation, activation, probability, importance)
    result = gs.compare(model, features, starts=starts, rng=seed)
    if plot is not None:
        result.plot()[0].figure.savefig(plot, dpi=150)
    _deliver(result.to_dict(), str(result), as_json, output)


def _check_output(option: str, path: Path, suffixes: tuple[str, ...]) -> None:
    """Refuse a file that could not be written or read again, before the work rather than after."""
    if not path.parent.is_dir():
        raise ValueError(f"`{option}` must be in an existing folder; got {str(path)!r}. Make the folder first.")
    if path.suffix not in suffixes:
        listed = ", ".join(suffixes)
        raise ValueError(f"`{option}` must end in {listed}; got {path.name!r}. Rename it.")


def _scalar_or_list(values: list[float] | None, default: Any) -> Any:
    if values is None:
        return default
    return values[0] if len(values) == 1 else values


def _model_and_features(
    path: Path,
    run: int,
    name: str | None,
    orientation: str,
    activation: str | None,
    probability: list[float] | None,
    importance: list[float] | None,
) -> tuple[gs.ToyModel, gs.Features]:
    """Read the model; a file of `geomsup train` knows what the flags leave open."""
    from geomsup.files import read_arrays, read_model

    if "description" in read_arrays(path):
        return _trained(path, run, activation, probability, importance)
    if probability is None:
        raise ValueError(
            f"`--probability` must be given; {path.name!r} does not say what its model was trained on. "
            "Pass P(feature is present)."
        )
    model = read_model(path, run=run, activation=activation or "relu", name=name, orientation=orientation)
    p, weights = _scalar_or_list(probability, None), _scalar_or_list(importance, 1.0)
    return model, gs.Features(model.n_features, p, weights)


def _trained(
    path: Path,
    run: int,
    activation: str | None,
    probability: list[float] | None,
    importance: list[float] | None,
) -> tuple[gs.ToyModel, gs.Features]:
    trained = gs.TrainingRun.load(path)
    if not 0 <= run < len(trained):
        raise ValueError(f"`--run` must be in 0 ... {len(trained) - 1}; got {run}. The file holds no such run.")
    model, known = trained.model(run), trained.features[run]
    if activation is not None:
        model = gs.ToyModel(model.W, model.b, activation=activation)
    return model, gs.Features(
        known.n,
        _scalar_or_list(probability, known.probability),
        _scalar_or_list(importance, known.importance),
        known.values,
    )


def _deliver(result: Any, text: str, as_json: bool, output: Path | None) -> None:
    from geomsup.files import write_json

    if output is not None:
        write_json(output, result)
    if as_json:
        _print_json(result)
    else:
        print(text)


def _print_json(result: Any) -> None:
    print(json.dumps(result, indent=2, allow_nan=False, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def _print_table(title: str, headings: list[str], rows: list[list[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*headings, title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column, cells in zip(table.columns, zip(*rows, strict=True), strict=True):
        if all(cell.rstrip(" %").replace(".", "", 1).replace("-", "").replace("e", "").isdigit() for cell in cells):
            column.justify = "right"
    for row in rows:
        table.add_row(*row)
    console = Console(width=None if sys.stdout.isatty() else WIDTH_IN_PIPES)
    console.print(table)


@contextmanager
def _progress() -> Iterator[Any]:
    """Show progress(stage, fraction) as bars on standard error; nothing is left behind in a pipe."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description:<10}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bars:
        tasks: dict[str, Any] = {}

        def report(stage: str, fraction: float) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=1.0)
            bars.update(tasks[stage], completed=fraction)

        yield report


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code: 2 with one line on standard error for bad input."""
    try:
        app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except (CycloptsError, ValueError, TypeError, FloatingPointError, OSError) as error:
        print(f"geomsup: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("geomsup: interrupted", file=sys.stderr)
        return 130
    return 0
