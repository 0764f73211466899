"""Commands that train: ``demo`` and ``train``."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

import geomsup as gs
from geomsup.cli.console import (
    FIGURES,
    check_output,
    free_name,
    print_json,
    print_table,
    progress_bars,
    save_figure,
    say,
    width_of,
    wrapped,
)  # fmt: skip
from geomsup.cli.inputs import EachInputs
from geomsup.cli.options import Json, Whole
from geomsup.cli.settings import with_settings
from geomsup.threads import Progress

__all__ = ["demo", "train"]

UNNAMED = Path("geomsup-run.npz")  # a training without --output


def demo(
    *,
    output: Annotated[Path | None, Parameter(("--output", "-o"))] = None,
    models: Whole = 6,
    steps: Whole = 10_000,
    seed: Whole = 0,
    as_json: Json = False,
) -> None:
    """Train 5 features in 2 dimensions at ten sparsities, name their geometry, and compare it with the optimum.

    Example: ``geomsup demo --models 2 --output demo.pdf``.

    Parameters
    ----------
    output
        File for the figure (.png, .pdf or .svg); by default geomsup-demo.png, or geomsup-demo-2.png if that exists.
    models
        Models per sparsity; the best of them is shown.
    steps
        Training steps of every model.
    seed
        Seed of all random numbers.
    """
    from geomsup.demo import run_demo

    if output is not None:
        check_output("--output", output, FIGURES)
    with progress_bars() as progress:
        result = run_demo(models=models, steps=steps, seed=seed, progress=progress)
        progress("drawing", 0.0)
        output = output or free_name(Path("geomsup-demo.png"))
        save_figure(result.plot(), output)
        progress("drawing", 1.0)
    rows = result.rows()
    if as_json:
        print_json({"rows": rows, "figure": str(output)})
        return
    print_table(
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
    say("models: how many of those trained share the geometry; D: mean fractional dimensionality of what is stored")
    say(f"figure: {output}")


@with_settings(before="untied")
def train(
    n_features: Whole,
    n_hidden: Whole,
    *,
    inputs: EachInputs = EachInputs(),  # noqa: B008  (frozen)
    models: Whole = 4,
    untied: Annotated[bool, Parameter(negative="")] = False,
    second_layer: Whole | None = None,
    threads: Whole | None = None,
    output: Annotated[Path | None, Parameter(("--output", "-o"))] = None,
    as_json: Json = False,
    **settings: Any,
) -> None:
    """Train toy models and name what they learned.

    Examples: ``geomsup train 5 2 --sparsity 0.9``; ``geomsup train 20 4 --probability 0.1 0.05 --models 8 -o run.npz``.

    Parameters
    ----------
    n_features
        Number of features n.
    n_hidden
        Number of hidden dimensions m.
    models
        Models per probability.
    untied
        Train a decoder that is not W.
    second_layer
        Units of a second hidden layer, which has ReLUs; the decoder is then untied.
    threads
        Threads to train in.
    output
        File of the trained models (.npz or .safetensors); by default geomsup-run.npz, or geomsup-run-2.npz if that
        exists. Every half minute, and when it is interrupted, what is done
        goes to a file beside it; the same command goes on from there.
    """
    if output is not None:
        check_output("--output", output, (".npz", ".safetensors"))
    features = inputs.each_of(n_features)
    units = n_hidden if second_layer is None else (n_hidden, second_layer)
    tied = not untied and second_layer is None
    with progress_bars() as progress:
        run, output = _train_into(
            output, features, units, models=models, tied=tied, threads=threads,
            progress=progress, **settings,
        )  # fmt: skip
        progress("naming", 0.0)
        losses = run.expected_loss()
        rows = [
            {
                "run": index,
                "sparsity": float(1 - run.features[index].probability[0]),
                "loss": float(losses[index]),
                "geometry": geometry.name,
                "not_represented": len(geometry.not_represented),
            }
            for index, geometry in enumerate(run.classify())
            if geometry is not None  # a warning has named the runs that diverged
        ]
    if as_json:
        print_json({"runs": rows, "file": str(output)})
        return
    cells = [[str(r["run"]), f"{r['sparsity']:.3g}", f"{r['loss']:.8g}", _with_dropped(r)] for r in rows]
    print_table(repr(run), ["run", "sparsity", "expected loss", "geometry"], cells)
    say("\n".join([*inputs.assumption(n_features), f"models: {output}"]))


def _train_into(
    output: Path | None,
    features: list[gs.Features | gs.SampledFeatures],
    n_hidden: Any,
    *,
    threads: int | None,
    progress: Progress,
    **options: Any,
) -> tuple[gs.TrainingRun, Path]:
    """Train to the end, save the result, and return both; on the way a file holds what is done.

    That file is for the same command only, whatever name the result will get where none was chosen.
    """
    from geomsup.training import train_whole

    said = [entry.fingerprint if isinstance(entry, gs.SampledFeatures) else entry.to_dict() for entry in features]
    asked = [gs.__version__, said, n_hidden, options]
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:8]
    named = output or UNNAMED
    part = named.with_name(f"{named.stem}.part-{digest}{named.suffix}")
    try:
        run = train_whole(features, n_hidden, part=part, threads=threads, progress=progress, **options)
    except KeyboardInterrupt:
        if part.exists():
            words = f"geomsup: what is done is in {part}; the same command goes on from there"
            print(wrapped(words, width_of(sys.stderr)), file=sys.stderr)
        raise
    output = output or free_name(UNNAMED)  # only now: another training may have ended meanwhile
    run.save(output)
    part.unlink(missing_ok=True)
    return run, output


def _with_dropped(row: dict[str, Any]) -> str:
    return row["geometry"] + (f", {row['not_represented']} dropped" if row["not_represented"] else "")
