"""Executors: where work is done, how much of it is under way, and what becomes of work whose worker was lost.

An executor is None (processes of this machine), the address of a Dask scheduler, or any `concurrent.futures.Executor`.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from geomsup import checks
from geomsup.threads import THREADS, heard, processors
from geomsup.workers import BLAS, Apart, Unstarted

__all__ = ["Crowd", "Done", "carried_out", "opened"]

Item = TypeVar("Item")

RETRIES = 2  # times that work is tried again whose worker was lost: a third loss is hardly chance
AHEAD = 2  # pieces of work for each thread of other machines, so that none waits for the next one to arrive
ASK_AGAIN = 1.0  # seconds between two looks at how many threads other machines have


@dataclass(frozen=True)
class Crowd:
    """An executor, and how many pieces of work may be under way at once, which may change."""

    executor: Executor
    width: Callable[[], int]


@dataclass
class Done(Generic[Item]):
    """What became of items that were sent together: what the function returned, or how their worker was lost."""

    items: Sequence[Item]
    result: Any = None
    lost: str | None = None


@dataclass
class _Attempt(Generic[Item]):
    items: Sequence[Item]
    losses: int = 0


@contextmanager
def opened(executor: Executor | str | None, workers: int | None, threads: int = 1) -> Iterator[Crowd]:
    """Yield the executor that is meant; processes and connections that are made for it end with the block.

    Processes of this machine work in `threads` threads each.

    Raises
    ------
    TypeError, ValueError
        If it is no executor, or `workers` no number from 1 on.
    OSError
        If the scheduler does not answer.
    """
    count = None if workers is None else checks.integer("workers", workers, minimum=1)
    if executor is None:
        count = count or processors()
        with Apart(count, dict.fromkeys(BLAS, "1") | {THREADS: str(threads)}) as pool:
            yield Crowd(pool, lambda: count)
    elif isinstance(executor, str):
        with _client(executor) as client:
            yield _of_dask(client.get_executor(pure=False), count)
    elif hasattr(executor, "_client"):
        yield _of_dask(executor, count)
    elif isinstance(executor, Executor):
        count = count or getattr(executor, "_max_workers", None) or processors()
        yield Crowd(executor, lambda: count)
    else:
        raise TypeError(
            f"`executor` must be a concurrent.futures.Executor, the address of a Dask scheduler, or None; "
            f"got {checks.shown(executor)}. Pass client.get_executor() for a Dask client."
        )


@contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        from distributed import Client  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise ImportError(
            f"`executor` needs Dask for an address, which is not installed. Run: {checks.pip_install('geomsup[dask]')}"
        ) from None
    try:
        client = Client(address, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise OSError(
            f"`executor` must be the address of a Dask scheduler; {address!r} does not answer: {error}."
        ) from None
    try:
        yield client
    finally:
        client.close()


def _of_dask(executor: Any, count: int | None) -> Crowd:
    """Return a crowd as wide as the cluster is, which may grow and shrink."""
    known, asked = 1, -ASK_AGAIN

    def width() -> int:
        nonlocal known, asked
        if time.monotonic() - asked > ASK_AGAIN:
            known, asked = max(1, sum(executor._client.nthreads().values())), time.monotonic()
        return AHEAD * known

    return Crowd(executor, width if count is None else lambda: count)


def carried_out(
    crowd: Crowd, function: Callable[[Sequence[Item]], Any], work: Iterable[Sequence[Item]], *, retries: int = RETRIES
) -> Iterator[Done[Item]]:
    """Yield what becomes of each piece of work, as it ends; `function(items)` is called by workers.

    Whoever is free gets the next piece before the last one is yielded. If a worker is lost, the items that it had are
    sent again, each for itself. One that loses `retries` + 1 workers is given up. Its last try comes when nothing else
    is under way: an item is not given up because others lose the worker that it shares with them. An error of the
    function itself is no loss: it is raised here.
    """
    waiting, again, last, ended = iter(work), deque[_Attempt[Item]](), deque[_Attempt[Item]](), SimpleQueue[Any]()
    flying: dict[Future[Any], _Attempt[Item]] = {}

    def send() -> None:
        while len(flying) < crowd.width():
            attempt = again.popleft() if again else _next(waiting)
            if attempt is None and last and not flying:
                attempt = last.popleft()
            if attempt is None:
                return
            future = _submitted(crowd.executor, function, attempt.items)
            flying[future] = attempt
            future.add_done_callback(ended.put)

    try:
        send()
        while flying:
            future = heard(ended)
            attempt = flying.pop(future)
            lost = _loss(future)
            if lost is not None and (len(attempt.items) > 1 or attempt.losses < retries):
                queue = again if attempt.losses + 1 < retries else last
                queue.extend(_Attempt([item], attempt.losses + 1) for item in attempt.items)
            send()
            if lost is None:
                yield Done(attempt.items, future.result())
            elif len(attempt.items) == 1 and attempt.losses >= retries:
                yield Done(attempt.items, lost=f"lost {attempt.losses + 1} workers: {lost}")
    finally:
        for future in flying:
            future.cancel()


def _next(waiting: Iterator[Sequence[Item]]) -> _Attempt[Item] | None:
    items = next(waiting, None)
    return None if items is None else _Attempt(items)


def _submitted(executor: Executor, function: Callable[..., Any], items: Sequence[Any]) -> Future[Any]:
    try:
        return executor.submit(function, items)
    except RuntimeError as error:  # what a broken or closed executor says
        raise OSError(f"`executor` takes no more work: {error}. What is done is kept; run the same again.") from None


def _loss(future: Future[Any]) -> str | None:
    """Return how a worker was lost; None if it was not. Raises if all others would be lost too."""
    if future.cancelled():
        raise OSError("`executor` lost its scheduler. What is done is kept; run the same again.")
    error = future.exception()
    if isinstance(error, Unstarted):
        raise OSError(f"`executor` has no workers: {error}. What is done is kept.") from None
    return None if error is None else f"{type(error).__name__}: {error}".strip(": ")
