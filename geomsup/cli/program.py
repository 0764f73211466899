"""The program ``geomsup``: its commands, and how it ends."""

import _thread
import codecs
import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from inspect import Parameter
from typing import Any

from cyclopts import App, Argument, CycloptsError, MissingArgumentError

import geomsup as gs
from geomsup.cli.console import width_of, wrapped
from geomsup.cli.experiments import reproduce, sweep
from geomsup.cli.options import NotWhole
from geomsup.cli.proofs import certify, verify
from geomsup.cli.report import report
from geomsup.cli.shapes import energy, polytope, thomson
from geomsup.cli.theory import one_hot, optimum, phase_diagram, plateaus, symbolic
from geomsup.cli.training import demo, train
from geomsup.cli.upkeep import doctor, warm
from geomsup.cli.weights import classify, compare, dimensionality, loss, symmetry
from geomsup.cli.words.ascii import plain
from geomsup.cli.words.wording import flags_of, in_shell_words

__all__ = ["app", "main"]

SOON = 0.02  # seconds until a signal that was forgotten is sent again: longer than an object takes to end
UNREAD = 128 + 13  # what shells say of a program that SIGPIPE ended

app = App(
    name="geomsup",
    help="Exact losses, named geometry and theoretical optima for superposition in toy models.",
    version=gs.__version__,
    help_format="markdown",
    suppress_keyboard_interrupt=False,  # main prints its own message
)
for command in (
    demo, train, classify, loss, compare, report, symmetry, dimensionality, optimum, phase_diagram, plateaus, one_hot,
    symbolic, certify, verify, polytope, thomson, energy, sweep, reproduce, doctor, warm,
):  # fmt: skip
    app.command(command)
app.register_install_completion_command(help="Let the shell complete commands and options, from the next one on.")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code: 2 with one line on standard error for bad input.

    Ctrl-C ends it with 130 and SIGTERM with 143, also where a command kept the part that was done. Where nobody reads
    what it prints any more, as after ``| head``, it ends with 141 without a word, as other tools do.
    """
    _print_anywhere()
    with _signals() as received:
        try:
            code = _run(arguments)
        except Exception:
            if not received:
                raise
            code = _complain("interrupted")  # the message of a library that was half imported
    # If an interruption goes through code made from text, as numba's is, CPython notes to end `python -m` by SIGINT,
    # whatever its exit code is. The next such code takes the note away.
    exec("")
    return 128 + received[0] if received else code


def _run(arguments: list[str] | None) -> int:
    try:
        app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt as interruption:
        for note in getattr(interruption, "__notes__", ()):  # what is kept of the work
            _complain(note)
        _complain("interrupted")
        return 128 + signal.SIGINT
    except BrokenPipeError:
        _flushed(sys.stdout)
        return UNREAD
    except (CycloptsError, ValueError, TypeError, FloatingPointError, OSError) as error:
        _flushed(sys.stdout)
        return _complain(" ".join(_words(error, arguments).split()))
    except SystemExit as end:  # rich's answer to a pipe that nobody reads
        if isinstance(end.__context__, BrokenPipeError):
            return UNREAD
        raise
    return 0


def _complain(words: str) -> int:
    """Print a line on standard error, if it is open; return the exit code for bad input."""
    with contextlib.suppress(OSError):
        print(wrapped(f"geomsup: {words}", width_of(sys.stderr)), file=sys.stderr)
    _flushed(sys.stderr)
    return 2


def _flushed(stream: Any) -> None:
    """Write what was printed. If that is not possible, discard it, or Python would complain when it ends."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _words(error: Exception, arguments: list[str] | None) -> str:
    """Return what is wrong in words of the shell, with the name of the option if only the parser knows it."""
    given = sys.argv[1:] if arguments is None else arguments
    command = given[0] if given and given[0] in app else None
    if isinstance(error, MissingArgumentError) and error.argument is not None:
        return f"`{_place(error.argument)}` must be given. See: geomsup {command} --help"
    if isinstance(error, CycloptsError):
        if isinstance(error.__cause__, NotWhole) and error.argument is not None:
            return f"`{_place(error.argument)}` {error.__cause__}"
        return str(error)
    if command is None:
        return str(error)
    known = app[command].assemble_argument_collection()
    return in_shell_words(str(error), flags_of((_place(one), *one.names) for one in known))


def _place(argument: Argument) -> str:
    """Return how help calls an argument: by its place if it has one, else by its flag."""
    positional = argument.field_info.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return argument.name.lstrip("-").upper() if positional else argument.name


@contextlib.contextmanager
def _signals() -> Iterator[list[int]]:
    """Let SIGTERM end a command as Ctrl-C does; return the list of signals that came.

    An exception raised where the interpreter lets none through, as at the end of an object or of an import's lock, is
    printed and forgotten. The signal is then sent once more, when that place is behind.
    """
    received: list[int] = []
    others = sys.unraisablehook

    def interrupt(number: int, frame: Any) -> None:
        received.append(number)
        raise KeyboardInterrupt

    def repeat(lost: Any) -> None:
        if not received or not issubclass(lost.exc_type, KeyboardInterrupt):
            others(lost)
            return
        timer = threading.Timer(SOON, _interrupt_main, (received[-1],))
        timer.daemon = True
        timer.start()

    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    ours = [number for number, handler in usual.items() if signal.getsignal(number) == handler]
    if threading.current_thread() is not threading.main_thread():
        ours = []  # only the main thread may
    for number in ours:
        signal.signal(number, interrupt)
    sys.unraisablehook = repeat
    try:
        yield received
    finally:
        sys.unraisablehook = others
        for number in ours:
            signal.signal(number, usual[number])


def _interrupt_main(number: int) -> None:
    """Send a signal to the main thread; where systems have no such call, Python's own way does not end a wait."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        _thread.interrupt_main(signal.Signals(number))


def _print_anywhere() -> None:
    """Print signs that a terminal does not know in ASCII, instead of failing."""
    codecs.register_error("geomsup.plain", plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="geomsup.plain")
