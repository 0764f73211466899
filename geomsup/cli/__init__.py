"""The command line: parse, call the public functions, print."""

import os
import signal
import sys
import threading
from typing import Any

__all__ = ["main"]

BLAS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code (`program.main`, imported only now).

    Ctrl-C meanwhile ends the process: an exception would go through whatever is being imported.
    """
    aware = threading.current_thread() is threading.main_thread()
    usual = signal.getsignal(signal.SIGINT)
    if aware and usual is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    _choose_blas_threads()
    from geomsup.cli.program import main as run

    if aware and usual is signal.default_int_handler:
        signal.signal(signal.SIGINT, usual)
    return run(arguments)


def _choose_blas_threads() -> None:
    """Let BLAS work in one thread, unless the user says otherwise: the commands have threads of their own.

    On a machine with other work BLAS's threads wait for each other: eigenvalues of 600 rows took 10 s instead of 0.1,
    during which nobody heard Ctrl-C. What is imported already has chosen.
    """
    if "numpy" not in sys.modules and not any(name in os.environ for name in BLAS):
        os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def _leave(number: int, frame: Any) -> None:
    os.write(2, b"geomsup: interrupted\n")
    os._exit(128 + number)
