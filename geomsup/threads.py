"""Long work: shared among threads, soon ended when it is interrupted, and told of as it goes on.

Python looks for Ctrl-C between two instructions of the main thread. It never does so while the main thread is in
compiled code, and it does not tell other threads. So long work runs in threads, and the main thread waits. When the
wait is interrupted, a flag is set that those threads share. Compiled loops take it as their argument `stop`, and end
when its entry is not 0. Their callers then call `check_stop()`.
"""

import math
import os
import threading
import time
from _thread import start_new_thread
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

import numpy as np

__all__ = [
    "THREADS", "Crew", "Progress", "Report", "Task", "check_stop", "heard", "in_threads", "patiently", "processors",
    "stop_flag",
]  # fmt: skip

THREADS = "GEOMSUP_THREADS"  # the variable that says in how many threads long work is shared
LOOK = 0.3  # the longest wait in seconds: behind each, Python looks for Ctrl-C

Item = TypeVar("Item")
Result = TypeVar("Result")


def processors() -> int:
    """Return the number of processors for this process: $GEOMSUP_THREADS, else those it is bound to, else all.

    Raises
    ------
    ValueError
        If the variable is no whole number from 1 on.

    Examples
    --------
    >>> processors() >= 1
    True
    """
    chosen = os.environ.get(THREADS)
    if chosen:
        if not chosen.isdecimal() or int(chosen) < 1:
            raise ValueError(f"`{THREADS}` must be a whole number from 1 on; got {chosen[:40]!r}. Set it, or unset it.")
        return int(chosen)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# What long work calls to say how far it is: (stage, fraction of it that is done). None: nobody asks.
Report = Callable[[str, float], object]
Progress = Report | None


class _OfThread(threading.local):
    stop: np.ndarray | None = None


_MINE = _OfThread()


def stop_flag() -> np.ndarray:
    """Return the array whose only entry is not 0 as soon as the work of this thread is to end."""
    return np.zeros(1, np.int64) if _MINE.stop is None else _MINE.stop


def check_stop() -> None:
    """Raise KeyboardInterrupt if the work of this thread is to end."""
    if _MINE.stop is not None and _MINE.stop[0]:
        raise KeyboardInterrupt


def in_threads(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int | None = None,
    told: Callable[[Result], object] | None = None,
) -> list[Result]:
    """Return the results for all items, in their order; each is computed in a thread.

    An interruption, or a failure, ends the rest: nothing is begun any more, what runs ends at its next look at the
    flag, and nobody waits for it.

    Parameters
    ----------
    function
        What to do with an item.
    items
        The items.
    workers
        Threads; by default one for each processor.
    told
        Called with each result, in order, from the calling thread.

    Examples
    --------
    >>> in_threads(abs, [1, -2, 3])
    [1, 2, 3]
    """
    stop, outermost = stop_flag(), _MINE.stop is None

    def work(item: Item) -> Result:
        try:
            check_stop()
            result = function(item)
            check_stop()  # a compiled loop that saw the flag returned what it had
        except BaseException:
            left.clear()
            raise
        return result

    tasks = [Task[Result](work, (item,)) for item in items]
    left = deque(tasks)

    def labour() -> None:
        _MINE.stop = stop
        while left:
            with suppress(IndexError):  # another thread was quicker
                left.popleft().do()

    results: list[Result] = []
    try:
        for _ in range(min(len(tasks), workers or processors())):
            # Daemons: the end of the program does not wait either. What the caller set, such as np.errstate, holds.
            threading.Thread(target=copy_context().run, args=(labour,), daemon=True).start()
        for task in tasks:
            results.append(task.result())
            if told is not None:
                told(results[-1])
    except BaseException:
        left.clear()
        if outermost:
            stop[0] = 1
        raise
    return results


def heard(queue: "SimpleQueue[Item]") -> Item:
    """Return the next item of a queue, once there is one. Ctrl-C ends the wait, whenever it comes.

    Python hears a Ctrl-C before a wait, and during it. One that comes just as the wait begins is heard at its end only.
    So this waits many times, for a short time each.

    Examples
    --------
    >>> queue = SimpleQueue()
    >>> queue.put(3)
    >>> heard(queue)
    3
    """
    while True:
        try:
            return queue.get(timeout=LOOK)
        except Empty:  # not `suppress`: Ctrl-C would be raised in there, and its traceback would tell of this
            continue


def patiently(function: Callable[[], Result]) -> Result:
    """Return what the function returns, called in a thread of its own unless this is one already."""
    return in_threads(lambda _: function(), [None])[0] if _MINE.stop is None else function()


class Task(Generic[Result]):
    """Something to do, and its result once it is done."""

    def __init__(self, function: Callable[..., Result], arguments: tuple[Any, ...]) -> None:
        self._function, self._arguments = function, arguments
        self._answer: tuple[Any, BaseException | None] | None = None
        self._unclaimed: SimpleQueue[None] = SimpleQueue()
        self._ended: SimpleQueue[None] = SimpleQueue()
        self._unclaimed.put(None)

    def cancel(self) -> bool:
        """Cancel the task if it has not begun; return whether it was cancelled."""
        try:
            self._unclaimed.get_nowait()
        except Empty:
            return False
        return True

    def do(self) -> None:
        """Do it, unless it was cancelled."""
        if not self.cancel():
            return
        try:
            self._answer = self._function(*self._arguments), None
        except BaseException as error:
            self._answer = None, error
        self._ended.put(None)

    def result(self, timeout: float | None = None) -> Result:
        """Return the result once there is one, or raise what the function raised; TimeoutError if that takes long."""
        end = math.inf if timeout is None else time.monotonic() + timeout
        while self._answer is None:
            left = end - time.monotonic()
            if left < 0:
                raise TimeoutError
            try:
                self._ended.get(timeout=min(left, LOOK))
            except Empty:  # as in `heard`
                continue
        value, error = self._answer
        if error is not None:
            raise error
        return value


class Crew:
    """Threads that do tasks in their order, for a main thread that Ctrl-C may interrupt anywhere.

    It may strike inside a pool of the standard library, while a lock is held that the pool's threads want: who then
    waits for the pool waits for ever. Here the threads share nothing with the main one but queues written in C, which
    no signal interrupts. At the end of a ``with`` block what has begun is finished, and nothing else is begun.

    Examples
    --------
    >>> with Crew(2) as crew:
    ...     tasks = [crew.put(pow, 2, k) for k in range(4)]
    ...     [task.result() for task in tasks]
    [1, 2, 4, 8]
    """

    def __init__(self, size: int) -> None:
        self._size, self._over = size, False
        self._tasks: SimpleQueue[Task[Any] | None] = SimpleQueue()
        self._gone: SimpleQueue[None] = SimpleQueue()
        self._threads: list[int] = []

    def __enter__(self) -> "Crew":
        # Not `Thread.start`, which waits for a lock of Python's; in one call, so that none is started and not listed.
        self._threads.extend(map(start_new_thread, [self._labour] * self._size, [()] * self._size))
        return self

    def __exit__(self, *error: object) -> None:
        self._over = True
        for _ in self._threads:
            self._tasks.put(None)
        for _ in self._threads:
            heard(self._gone)

    def put(self, function: Callable[..., Result], *arguments: Any) -> Task[Result]:
        """Put a function in the queue; it is called after those before it."""
        task = Task(function, arguments)
        self._tasks.put(task)
        return task

    def _labour(self) -> None:
        while (task := self._tasks.get()) is not None and not self._over:
            task.do()
        self._gone.put(None)
