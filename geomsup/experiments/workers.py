"""Processes that work for this one, and end when it does, however that ends."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

__all__ = ["processes", "work"]

GRACE = 10.0  # seconds in which a worker that was told to end may keep what it has done
LOOK = 0.05  # seconds between looks at whether it has
ENDED = 128 + signal.SIGTERM  # exit code of a worker that was told to end


@contextmanager
def processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """Give a pool of processes; an exception, or Ctrl-C, interrupts their work and ends them.

    Each holds one end of a pipe. When this process dies, even by SIGKILL, the other end closes, and that ends them.

    Raises
    ------
    OSError
        If one of the processes was ended from outside.
    """
    context = get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(count, context, _tend, (theirs,))
    try:
        yield pool
    except BrokenProcessPool:
        raise OSError("a process of `jobs` was ended from outside; run the same again: what is done is kept") from None
    finally:
        ours.close()
        pool.shutdown(cancel_futures=True)
        theirs.close()


def work(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what the function returns; workers are sent this, so that they know when they are at work."""
    _ME.busy = True
    try:
        return function(*arguments)
    finally:
        _ME.busy = False


class _Worker:
    """What a worker knows of itself."""

    busy = False  # at work: it then has something to keep before it ends
    told = False  # to end: it is then keeping that, and is not interrupted again


_ME = _Worker()


def _tend(parent: Connection) -> None:
    """Prepare a worker: Ctrl-C in the terminal is for its parent, and SIGTERM, or the parent's end, interrupts it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _interrupt(number: int, frame: Any) -> None:
    if not _ME.busy:
        os._exit(ENDED)
    if not _ME.told:  # once: what was done is then being kept
        _ME.told = True
        raise KeyboardInterrupt


def _end_with(parent: Connection) -> None:
    """Wait for the end of the parent; then interrupt what this process does, and end it."""
    with suppress(EOFError, OSError):
        parent.recv()
    if _ME.busy and hasattr(signal, "pthread_kill"):  # which also wakes a main thread that waits
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    end = time.monotonic() + GRACE
    while _ME.busy and time.monotonic() < end:
        time.sleep(LOOK)
    os._exit(ENDED)
