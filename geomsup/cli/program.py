"""The program ``geomsup``: its commands, and how it ends."""

import codecs
import io
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cyclopts import App, CycloptsError

import geomsup as gs
from geomsup.cli.ascii import plain
from geomsup.cli.energy import energy, thomson
from geomsup.cli.experiments import reproduce
from geomsup.cli.theory import optimum, phase_diagram, plateaus
from geomsup.cli.training import demo, train
from geomsup.cli.weights import classify, compare, loss

__all__ = ["app", "main"]

app = App(
    name="geomsup",
    help="Exact losses, named geometry and theoretical optima for superposition in toy models.",
    version=gs.__version__,
    help_format="plaintext",
    suppress_keyboard_interrupt=False,  # main has its own words for it
)
for command in (demo, train, classify, loss, compare, optimum, phase_diagram, plateaus, thomson, energy, reproduce):
    app.command(command)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code: 2 with one line on standard error for bad input.

    Ctrl-C ends it with 130 and SIGTERM with 143, also where a command kept the part that was done.
    """
    _print_anywhere()
    with _signals() as received:
        code = _run(arguments)
    return 128 + received[0] if received else code


def _run(arguments: list[str] | None) -> int:
    try:
        app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except (CycloptsError, ValueError, TypeError, FloatingPointError, OSError) as error:
        print(f"geomsup: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("geomsup: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Let SIGTERM end a command as Ctrl-C does, tidily; give the list of those that came."""
    received: list[int] = []

    def interrupt(number: int, frame: Any) -> None:
        received.append(number)
        raise KeyboardInterrupt

    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    ours = [number for number, handler in usual.items() if signal.getsignal(number) == handler]
    if threading.current_thread() is not threading.main_thread():
        ours = []  # only the main thread may
    for number in ours:
        signal.signal(number, interrupt)
    try:
        yield received
    finally:
        for number in ours:
            signal.signal(number, usual[number])


def _print_anywhere() -> None:
    """Print signs that a terminal does not know in ASCII, rather than fail."""
    codecs.register_error("geomsup.plain", plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="geomsup.plain")
