"""The turns in which runs share the threads."""

import time
from _thread import start_new_thread
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Protocol

__all__ = ["Progress", "Trained", "train_in_turns"]

Progress = Callable[[int, int], object]

REPORT_SECONDS = 0.05  # between calls of `progress`


class Trained(Protocol):
    """A run, or several in step, under way; threads to share a batch may be lent to it.

    A turn is what it does before the next in the queue, of about `turn_seconds`: long against what handing it to a
    thread costs, short against the patience of whoever pressed Ctrl-C and waits for the round to end.
    """

    done: int
    chunk: int
    turn_seconds: float
    helpers: Executor | None

    def compile(self) -> None:
        """Compile what steps are made of."""
        ...

    def advance(self, until: int) -> None:
        """Take steps until `until` of them are done."""
        ...


def train_in_turns(trainees: Sequence[Trained], steps: int, workers: int, progress: Progress | None) -> int:
    """Advance the runs in turns to `steps`, or as far as Ctrl-C lets them; return how far all of them are.

    Ctrl-C may strike this thread anywhere, also while it holds a lock of a pool of Python's, for whose release the
    pool's threads would then wait for ever. So it shares with them only queues whose locks Python never interrupts.
    """
    try:
        trainees[0].compile()  # in this thread, which hears Ctrl-C; for a first training it may take half a minute
    except KeyboardInterrupt:
        return trainees[0].done
    crew = _Crew(min(workers, len(trainees)), steps)
    # Threads beyond the runs help them with their batches; a pool of their own, as runs wait for them.
    with ThreadPoolExecutor(workers) as helpers:
        for trainee in trainees:
            trainee.helpers = helpers if workers > len(trainees) else None
        try:
            for done in crew.work(trainees):
                if progress and done:
                    progress(min(trainee.done for trainee in trainees), steps)
        except KeyboardInterrupt:
            pass
        finally:
            crew.go()
    # Every turn begun has been finished; after an interruption some runs may be a few turns behind.
    furthest = max(trainee.done for trainee in trainees)
    for trainee in trainees:
        trainee.helpers = None
        trainee.advance(furthest)
    return furthest


class _Crew:
    """Threads that take the turns."""

    def __init__(self, size: int, steps: int) -> None:
        self.size, self.steps = size, steps
        self.started: list[int] = []
        self.over = False  # no turn is begun any more
        self.waiting: SimpleQueue[Trained | None] = SimpleQueue()
        self.finished: SimpleQueue[BaseException | Trained] = SimpleQueue()
        self.gone: SimpleQueue[None] = SimpleQueue()

    def work(self, trainees: Sequence[Trained]) -> Iterator[bool]:
        """Yield after each turn: whether it is time to report, as it is at the end."""
        left = len(trainees)
        for trainee in trainees:
            self.waiting.put(trainee)
        # Not `Thread.start`, which waits for a lock of Python's; in one call, so that none is started and not listed.
        self.started.extend(map(start_new_thread, [self._labour] * self.size, [()] * self.size))
        reported = time.perf_counter()
        while left:
            turned = self.finished.get()
            if isinstance(turned, BaseException):
                raise turned
            if turned.done < self.steps:
                self.waiting.put(turned)
            else:
                left -= 1
            due = not left or time.perf_counter() - reported > REPORT_SECONDS
            yield due
            if due:
                reported = time.perf_counter()

    def go(self) -> None:
        """Let the threads finish their turns and end."""
        self.over = True
        for _ in self.started:
            self.waiting.put(None)
        for _ in self.started:
            self.gone.get()

    def _labour(self) -> None:
        try:
            while (trainee := self.waiting.get()) is not None and not self.over:
                self.finished.put(_take_turn(trainee, self.steps))
        except BaseException as error:
            self.finished.put(error)
        finally:
            self.gone.put(None)


def _take_turn(trainee: Trained, steps: int) -> Trained:
    begin = time.perf_counter()
    trainee.advance(min(steps, trainee.done + trainee.chunk))
    seconds = max(time.perf_counter() - begin, 1e-9)
    trainee.chunk = max(1, min(16 * trainee.chunk, int(trainee.chunk * trainee.turn_seconds / seconds)))
    return trainee
