"""What the commands print and write: tables, JSON and progress bars."""

import csv
import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np

__all__ = [
    "FIGURES", "PAGE", "SAID_OF_COMPILING", "check_files", "check_output", "deliver", "free_name", "print_json",
    "print_table", "progress_bars", "save_figure", "say", "width_of", "wrapped", "written",
]  # fmt: skip

FIGURES, PAGE = (".png", ".pdf", ".svg"), ".html"
JSON, TABLE = (".json",), (".json", ".csv")  # what an --output may be: the second where the result is a table
SAID_OF_COMPILING = "geomsup: compiling, once; up to half a minute"
BORDERS = 3  # characters between two columns of a table
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


def free_name(path: Path) -> Path:
    """Return the name of a file that is not there yet: where nobody chose a name, nothing is replaced.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     (Path(folder) / "run.npz").touch()
    ...     free_name(Path(folder) / "run.npz").name
    'run-2.npz'
    """
    number, free = 1, path
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def check_files(output: Path | None, plot: Path | None = None, *, table: bool = True, zoomable: bool = False) -> None:
    """Refuse an `--output` or a `--plot` that could not be written.

    `table`: the result can be CSV. `zoomable`: the drawing can be a page, for which an extra must be installed.
    """
    if output is not None:
        check_output("--output", output, TABLE if table else JSON)
    if plot is not None:
        check_output("--plot", plot, (*FIGURES, PAGE) if zoomable else FIGURES)
        if plot.suffix == PAGE:
            from geomsup.reports.page import check_extra

            check_extra()


Rows = Callable[[], list[dict[str, Any]]]


def deliver(
    result: Any, text: str, as_json: bool, output: Path | None, rows: Rows | None = None, plot: Path | None = None
) -> None:
    """Print the result, as text or as JSON, and write it to the file `output` names: JSON, or the `rows` as CSV.

    Text ends with the names of the files that were written.
    """
    from geomsup.files import write_json, write_text

    if output is not None and output.suffix == ".csv" and rows is not None:
        write_text(output, _csv(rows()))
    elif output is not None:
        write_json(output, result)
    if as_json:
        print_json(result)
    else:
        say("\n".join([text, *written(output, plot)]))


def written(output: Path | None, plot: Path | None = None) -> list[str]:
    """Return a line for each file that a command wrote.

    Examples
    --------
    >>> written(Path("names.csv"), Path("p.png"))
    ['result: names.csv', 'figure: p.png']
    """
    files = {"result": output, "figure": plot}
    return [f"{what}: {path}" for what, path in files.items() if path is not None]


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


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


def say(text: str) -> None:
    """Print text, whose lines are broken between words where a terminal is narrower."""
    print(wrapped(text, width_of(sys.stdout)), flush=True)


def print_table(title: str, headings: list[str], rows: list[list[str]]) -> None:
    """Print a table, columns of numbers aligned on the right; where a terminal would cut words or numbers, lines."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    # rich takes 80 columns for a terminal that is "dumb", unless it is told both.
    console = Console(width=width_of(sys.stdout) or WIDTH_IN_PIPES, height=1)
    columns = list(zip(headings, *rows, strict=True))
    widths = _widths(columns, console.width - BORDERS * len(columns) - 1)
    if title:
        say(title)
    if widths is None:
        for row in rows:
            parts = (f"{heading} {cell}" for heading, cell in zip(headings, row, strict=True) if cell)
            say("  " + "; ".join(parts))
        return
    table = Table(box=box.SIMPLE_HEAD)
    for (heading, *cells), width in zip(columns, widths, strict=True):
        table.add_column(heading, width=width, justify="right" if all(map(_is_number, cells)) else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _widths(columns: list[tuple[str, ...]], room: int) -> list[int] | None:
    """Return widths that add up to `room` at most and cut no word and no number; None if there are none."""
    widths = [max(map(len, cells)) for cells in columns]
    least = [max(len(word) for cell in cells for word in _words(cell)) for cells in columns]
    if sum(least) > room:
        return None
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda k: (widths[k] > least[k], widths[k]))
        widths[widest] -= 1
    return widths


def _words(cell: str) -> list[str]:
    return [cell] if _is_number(cell) else cell.split() or [""]


def _is_number(cell: str) -> bool:
    return cell.rstrip(" %").replace(".", "", 1).replace("-", "").replace("e", "").isdigit()


@contextmanager
def progress_bars(*, time_left: bool = False) -> Iterator[Any]:
    """Show progress(stage, fraction) as one bar on standard error, named by its stage; a pipe gets no bar.

    The time beside it is what has passed, or what is left.

    A line says so when kernels are compiled, also in a pipe: a first use spends up to half a minute on it.
    """
    from geomsup.compiling import COMPILING, telling

    if not sys.stderr.isatty():  # bars that are disabled still end with an empty line, in rich before 14.3
        with telling(lambda stage, fraction: print(SAID_OF_COMPILING, file=sys.stderr, flush=True)):
            yield lambda stage, fraction: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    clock = TimeRemainingColumn() if time_left else TimeElapsedColumn()
    columns = TextColumn("{task.description:<10}"), BarColumn(), TaskProgressColumn(), clock
    # A result that goes into a pipe meanwhile must not be written above the bar.
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty()) as bars:
        tasks: list[Any] = []  # none before there is a stage, and never a second one

        def told(stage: str, fraction: float) -> None:
            bars.console.print(f"{stage}: later calls start at once", highlight=False)

        def report(stage: str, fraction: float) -> None:
            if stage == COMPILING:  # `told` has said it
                return
            if not tasks:
                tasks.append(bars.add_task(stage, total=1.0))
            bars.update(tasks[0], description=stage, completed=fraction)

        with telling(told):
            yield report
        for task in tasks:  # also of a search that ended before it had to, as no interrupted one does
            bars.update(task, completed=1.0)


def wrapped(text: str, width: int | None) -> str:
    """Return text whose lines are broken between words where a terminal is narrower; None: nothing is broken.

    Examples
    --------
    >>> print(wrapped("one two three", 8))
    one two
      three
    """
    if width is None:
        return text
    lines = []
    for line in text.split("\n"):
        inner = line[: len(line) - len(line.lstrip())] + "  "
        if len(line) <= width:
            lines.append(line)
        else:  # names of files and options stay whole
            lines += wrap(line, width, subsequent_indent=inner, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def width_of(stream: Any) -> int | None:
    """Return the columns of a terminal, or None for what is none."""
    if stream is None or not stream.isatty():
        return None
    return shutil.get_terminal_size().columns
