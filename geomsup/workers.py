"""Worker processes, which end when this process ends, however it does.

`processes` is one pool, for work that succeeds or fails as a whole. `Apart` is for work that goes on when a process is
lost: each of its processes is a pool of its own.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

__all__ = ["BLAS", "Apart", "Unstarted", "processes", "with_variables", "work"]

GRACE = 10.0  # seconds in which a worker that was told to end may keep what it has done
LOOK = 0.05  # seconds between two looks at whether the worker has ended
ENDED = 128 + signal.SIGTERM  # exit code of a worker that was told to end
HELD = {signal.SIGINT, signal.SIGTERM}  # signals that wait while a worker is started
BLAS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")  # which say how many threads BLAS uses


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
        raise OSError("one of the processes was ended from outside; run the same again: what is done is kept") from None
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


class Unstarted(OSError):
    """A process ended before it could begin to work: the next one would, too."""


class Apart(Executor):
    """Processes apart: one that is lost takes with it what it was doing, and nothing else.

    Each is a pool of its own, with one process, which is started when there is work for it, and anew when it was lost.
    What is done at a time is at most `count` things: `submit` wants a process that is idle. At the end of a ``with``
    block, and when this process dies, the processes end at once, whatever they do.

    Parameters
    ----------
    count
        Number of processes.
    variables
        Environment variables that the processes find, unless the user has set them.
    """

    def __init__(self, count: int, variables: dict[str, str]) -> None:
        self._context, self._variables = get_context("spawn"), variables
        self._theirs, self._ours = self._context.Pipe(duplex=False)
        self._places = [_Place() for _ in range(count)]

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Give an idle process something to do; the future raises BrokenProcessPool if the process is lost over it.

        It raises Unstarted if the process was lost before it could begin.
        """
        place = next(one for one in self._places if one.is_idle())
        if place.pool is None or place.is_lost():
            self._start(place)
        assert place.pool is not None
        told: Future[Any] = Future()
        told.set_running_or_notify_cancel()  # who cancels it hears that it is too late
        place.work = place.pool.submit(function, *arguments, **named)
        place.work.add_done_callback(lambda future, start=place.start: _tell(told, future, start))
        return told

    def _start(self, place: "_Place") -> None:
        if place.pool is not None:
            place.pool.shutdown(wait=False)
        place.pool = _Pool(1, self._context, _tend, (self._theirs,))
        with with_variables(self._variables):
            place.start = place.pool.submit(os.getpid)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes, whatever they do."""
        self._ours.close()  # tells them all
        for place in self._places:
            if place.pool is not None:
                place.pool.shutdown(wait=wait, cancel_futures=True)
        self._theirs.close()


class _Place:
    """A process of `Apart`: the first thing that it is asked, which shows that it works, and the last."""

    pool: "_Pool | None" = None
    start: "Future[int] | None" = None
    work: "Future[Any] | None" = None

    def is_idle(self) -> bool:
        return self.work is None or self.work.done()

    def is_lost(self) -> bool:
        return self.work is not None and isinstance(self.work.exception(), BrokenProcessPool)


def _tell(told: Future[Any], future: Future[Any], start: Future[int] | None) -> None:
    """Pass on what became of a future, and whether the process ever began."""
    error = CancelledError() if future.cancelled() else future.exception()
    if error is None:
        told.set_result(future.result())
    elif isinstance(error, BrokenProcessPool) and start is not None and start.exception() is not None:
        told.set_exception(Unstarted("a worker process ended before it could begin; its own words are above"))
    else:
        told.set_exception(error)


@contextmanager
def with_variables(variables: dict[str, str]) -> Iterator[None]:
    """Let processes that start meanwhile find these environment variables, unless the user has set them."""
    ours = {name: value for name, value in variables.items() if name not in os.environ}
    os.environ |= ours
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]


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
