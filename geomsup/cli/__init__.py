"""The command line: parse, call the public functions, print."""

import os
import signal
import threading
from typing import Any

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code (`program.main`, imported only now).

    Ctrl-C meanwhile ends the process: an exception would go through whatever is being imported.
    """
    aware = threading.current_thread() is threading.main_thread()
    usual = signal.getsignal(signal.SIGINT)
    if aware and usual is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    from geomsup.cli.program import main as run

    if aware and usual is signal.default_int_handler:
        signal.signal(signal.SIGINT, usual)
    return run(arguments)


def _leave(number: int, frame: Any) -> None:
    os.write(2, b"geomsup: interrupted\n")
    os._exit(128 + number)
