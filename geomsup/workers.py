"""Worker processes, which end when this process ends, however it does."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

__all__ = ["processes", "work"]

GRACE = 10.0  # seconds in which a worker that was told to end may keep what it has done
LOOK = 0.05  # seconds between two looks at whether the worker has ended
ENDED = 128 + signal.SIGTERM  # exit code of a worker that was told to end
HELD = {signal.SIGINT, signal.SIGTERM}  # signals that wait while a worker is started


@contextmanager
def processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of processes; an exception, or Ctrl-C, interrupts their work and ends them.

    Each worker holds one end of a pipe. When this process dies, even by SIGKILL, the other end closes, and the workers
    end too.

    Raises
    ------
    OSError
        If one of the processes was ended from outside.
    """
    context = get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    pool = _Pool(count, context, _tend, (theirs,))
    try:
        yield pool
    except BrokenProcessPool:
        raise OSError("a process of `jobs` was ended from outside; run the same again: what is done is kept") from None
    finally:
        ours.close()
        pool.shutdown(cancel_futures=True)
        theirs.close()


def work(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what the function returns; workers are sent this function, so that they know that they are at work.

    A worker that was told to end begins nothing more: what the interruption stopped half-way, such as the import of a
    library, is not to be used.
    """
    _ME.busy = True
    try:
        if _ME.told:
            raise KeyboardInterrupt
        return function(*arguments)
    finally:
        _ME.busy = False


class _Pool(ProcessPoolExecutor):
    """A pool whose workers start undisturbed; they are started when work is submitted.

    A start that a signal breaks off leaves a process which waits for its orders, does not get them, and complains.
    """

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        with _held():
            return super().submit(function, *arguments, **named)


@contextmanager
def _held() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait. Processes that are started within are deaf to them, until `_tend` says otherwise."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    waiting: list[int] = []
    before = {number: signal.signal(number, lambda number, _: waiting.append(number)) for number in HELD}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
    for number in waiting[:1]:
        signal.raise_signal(number)


class _Worker:
    """The state of a worker."""

    busy = False  # at work: it then has something to save before it ends
    told = False  # it was told to end: it is then saving its work, and is not interrupted again


_ME = _Worker()


def _tend(parent: Connection) -> None:
    """Prepare a worker: its parent handles Ctrl-C; SIGTERM, or the end of the parent, interrupts the worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _interrupt(number: int, frame: Any) -> None:
    if not _ME.busy:
        os._exit(ENDED)
    if not _ME.told:  # only once: the worker then saves its work
        _ME.told = True
        raise KeyboardInterrupt


def _end_with(parent: Connection) -> None:
    """Wait until the parent ends; then interrupt the work of this process, and end it."""
    with suppress(EOFError, OSError):
        parent.recv()
    if _ME.busy and hasattr(signal, "pthread_kill"):  # this also wakes a main thread that waits
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    end = time.monotonic() + GRACE
    while _ME.busy and time.monotonic() < end:
        time.sleep(LOOK)
    os._exit(ENDED)
