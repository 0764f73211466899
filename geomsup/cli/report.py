"""Command that makes a page of HTML: ``report``."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

import geomsup as gs
from geomsup.cli.console import check_output, free_name, progress_bars, say
from geomsup.cli.inputs import Inputs
from geomsup.cli.model_file import ModelFile
from geomsup.cli.options import Whole

__all__ = ["report"]


def report(
    file: ModelFile,
    *,
    output: Annotated[Path | None, Parameter(("--output", "-o"))] = None,
    title: str | None = None,
    date: str | None = None,
    no_optimum: Annotated[bool, Parameter(negative="")] = False,
    starts: Whole | None = None,
    time_limit: float | None = None,
    seed: Whole = 0,
) -> None:
    """Make a page of HTML that shows what the weights in a file, or in every file of a folder, hold.

    It is one file, needs no network, and explains itself. Models are compared with the optimum if their inputs are
    known: those of `geomsup train` are, for others state them, with --probability for one.

    Examples: ``geomsup report run.npz -o report.html``; ``geomsup report folder --no-optimum``.

    Parameters
    ----------
    output
        File for the page (.html); by default geomsup-report.html, or geomsup-report-2.html if that exists.
    title
        Title of the page; by default the name of the file.
    date
        A date to show; by default the page has none, so that the same input gives the same file.
    no_optimum
        Do not compare with the optimum, which may take minutes.
    starts
        Number of random starts of the search for the optimum; by default as `geomsup optimum` does.
    time_limit
        Seconds after which a search for an optimum is ended, and the best so far is shown.
    seed
        Seed of the starts.
    """
    if output is not None:
        check_output("--output", output, (".html", ".htm"))
    source, options = _source(file)
    with progress_bars() as progress:
        page = gs.report(
            source, title=title or file.path.name or None, date=date, optimum=not no_optimum, starts=starts, rng=seed,
            time_limit=time_limit,
            progress=progress, **options,
        )  # fmt: skip
    output = output or free_name(Path("geomsup-report.html"))
    page.save(output)
    say(str(page))
    say(f"report: {output}")


def _source(file: ModelFile) -> tuple[Any, dict[str, Any]]:
    """Return what to report on: a model with its features where they are stated, else the file or folder itself."""
    stated = file.inputs != Inputs()
    if file.path.is_dir() and (stated or file.run is not None):
        raise ValueError(
            f"`--{'probability' if stated else 'run'}` must come with one file; got the folder {str(file.path)!r}. "
            "Pass a file of it."
        )
    if stated or file.run is not None:
        model, features = file.read(or_unknown=True)
        return model, {"features": features}
    return file.path, {
        "weights": file.weights, "orientation": file.orientation, "instances": file.instances,
    }  # fmt: skip
