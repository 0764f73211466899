"""Work shared among threads, which soon ends when it is interrupted.

Python looks for Ctrl-C between two instructions of the main thread: never while that is in compiled code, and other
threads are not told. So long work runs in threads and the main thread waits. When the wait is interrupted, a flag is
set that those threads share: compiled loops take it as their argument `stop` and end when its entry is not 0, and what
calls them says `check_stop`.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextvars import copy_context
from typing import TypeVar

import numpy as np

from geomsup.processors import processors

__all__ = ["check_stop", "in_threads", "patiently", "stop_flag"]

Item = TypeVar("Item")
Result = TypeVar("Result")


class _OfThread(threading.local):
    stop: np.ndarray | None = None


_MINE = _OfThread()


def stop_flag() -> np.ndarray:
    """Return the array whose only entry is not 0 once the work of this thread is to end."""
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
    """Return the results for all items, in their order; each is worked out in a thread.

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
    waiting = list(items)
    stop, outermost = stop_flag(), _MINE.stop is None
    futures: list[Future[Result]] = [Future() for _ in waiting]
    left = deque(zip(futures, waiting, strict=True))

    def labour() -> None:
        _MINE.stop = stop
        while left:
            try:
                future, item = left.popleft()
            except IndexError:  # another thread was quicker
                return
            try:
                check_stop()
                result = function(item)
                check_stop()  # a compiled loop that saw the flag returned what it had
            except BaseException as error:
                left.clear()
                future.set_exception(error)
            else:
                future.set_result(result)

    results: list[Result] = []
    try:
        for _ in range(min(len(waiting), workers or processors())):
            # Daemons: the end of the program does not wait either. What the caller set, such as np.errstate, holds.
            threading.Thread(target=copy_context().run, args=(labour,), daemon=True).start()
        for future in futures:
            results.append(future.result())
            if told is not None:
                told(results[-1])
    except BaseException:
        left.clear()
        if outermost:
            stop[0] = 1
        raise
    return results


def patiently(function: Callable[[], Result]) -> Result:
    """Return what the function returns, called in a thread of its own unless this is one already."""
    return in_threads(lambda _: function(), [None])[0] if _MINE.stop is None else function()
