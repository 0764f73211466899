"""What the commands print and write: tables, JSON and progress bars."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

__all__ = [
    "FIGURES", "check_files", "check_output", "deliver", "print_json", "print_table", "progress_bars", "save_figure",
]  # fmt: skip

FIGURES = (".png", ".pdf", ".svg")
WIDTH_IN_PIPES = 200  # where nothing tells the width, cells are not folded


def check_output(option: str, path: Path, suffixes: tuple[str, ...] = ()) -> None:
    """Refuse a file that cannot be written or read again, before the work and not after it."""
    if not path.parent.is_dir():
        raise ValueError(f"`{option}` must be in an existing folder; got {str(path)!r}. Make the folder first.")
    if path.is_dir():
        raise ValueError(f"`{option}` must be a file; got the folder {str(path)!r}. Add a name.")
    if suffixes and path.suffix not in suffixes:
        listed = ", ".join(suffixes)
        raise ValueError(f"`{option}` must end in {listed}; got {path.name!r}. Rename it.")


def check_files(output: Path | None, plot: Path | None = None) -> None:
    """Refuse an `--output` or a `--plot` that could not be written."""
    if output is not None:
        check_output("--output", output)
    if plot is not None:
        check_output("--plot", plot, FIGURES)


def deliver(result: Any, text: str, as_json: bool, output: Path | None) -> None:
    """Print the result, as text or as JSON, and write it to the file `output` names."""
    from geomsup.files import write_json

    if output is not None:
        write_json(output, result)
    if as_json:
        print_json(result)
    else:
        print(text)


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure, complete or not at all."""
    from geomsup.files import replacing

    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=150)


def print_json(result: Any) -> None:
    """Print what other programs can read: strict JSON, no NaN."""
    print(json.dumps(result, indent=2, allow_nan=False, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def print_table(title: str, headings: list[str], rows: list[list[str]]) -> None:
    """Print a table, columns of numbers aligned on the right."""
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
def progress_bars() -> Iterator[Any]:
    """Show progress(stage, fraction) as bars on standard error; nothing is left behind in a pipe.

    A line above them says so when kernels are compiled, which a first use spends half a minute on.
    """
    if not sys.stderr.isatty():  # bars that are disabled still end with an empty line, in rich before 14.3
        yield lambda stage, fraction: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from geomsup.compiling import announced

    columns = TextColumn("{task.description:<10}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}
        said: list[str] = []

        def tell() -> None:
            if not said:
                said.append("compiling (first use)…")
                bars.console.print(said[0], highlight=False)

        def report(stage: str, fraction: float) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=1.0)
            bars.update(tasks[stage], completed=fraction)

        with announced(tell):
            yield report
