"""Turns: how runs share the threads."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, Protocol, runtime_checkable

from geomsup.threads import Crew, Progress

__all__ = ["Keeper", "Trained", "tell_of_interruption", "train_in_turns"]

REPORT_SECONDS = 0.05  # least time between calls of `progress`


@runtime_checkable
class Keeper(Protocol):
    """A `progress` that also keeps what is done, and hears of interruptions."""

    def keep(self, made: Callable[[], Any]) -> None:
        """Keep what `made` returns, if it is time; called whenever a run of an exact training has ended."""
        ...

    def interrupt(self) -> None:
        """Hear that the training was interrupted. What had begun is finished, so that all steps may yet be done."""
        ...


class Trained(Protocol):
    """A run under way, or several in step; other threads may share its batches.

    A turn is the steps that it makes before the next run in the queue. It takes about `turn_seconds`: long beside the
    time to hand it to a thread, and short for a user who pressed Ctrl-C and waits for the round to end.
    """

    done: int
    chunk: int
    turn_seconds: float
    helpers: Executor | None

    def compile(self) -> None:
        """Compile the kernels that steps call."""
        ...

    def advance(self, until: int) -> None:
        """Take steps until `until` of them are done."""
        ...


def train_in_turns(trainees: Sequence[Trained], steps: int, workers: int, progress: Progress) -> int:
    """Advance the runs in turns to `steps`, or until Ctrl-C; return the number of steps that all have done."""
    try:
        trainees[0].compile()  # in this thread, which hears Ctrl-C; the first training may take half a minute here
    except KeyboardInterrupt:
        tell_of_interruption(progress)
        return trainees[0].done
    # Threads beyond the runs help them with their batches. They have a pool of their own, as runs wait for them.
    with ThreadPoolExecutor(workers) as helpers, Crew(min(workers, len(trainees))) as crew:
        try:
            for trainee in trainees:
                trainee.helpers = helpers if workers > len(trainees) else None
            turns = deque(crew.put(_take_turn, trainee, steps) for trainee in trainees)
            reported = time.perf_counter()
            while turns:
                trainee = turns[0].result()
                turns.popleft()
                if trainee.done < steps:
                    turns.append(crew.put(_take_turn, trainee, steps))
                if progress and (not turns or time.perf_counter() - reported > REPORT_SECONDS):
                    progress("training", min(other.done for other in trainees) / steps)
                    reported = time.perf_counter()
        except KeyboardInterrupt:
            tell_of_interruption(progress)
    # Turns that had begun are finished; after an interruption some runs may be a few turns behind.
    furthest = max(trainee.done for trainee in trainees)
    for trainee in trainees:
        trainee.helpers = None
        trainee.advance(furthest)
    return furthest


def tell_of_interruption(progress: Progress) -> None:
    """Tell the `progress` that its training was interrupted, if it wants to know."""
    if isinstance(progress, Keeper):
        progress.interrupt()


def _take_turn(trainee: Trained, steps: int) -> Trained:
    begin = time.perf_counter()
    trainee.advance(min(steps, trainee.done + trainee.chunk))
    seconds = max(time.perf_counter() - begin, 1e-9)
    trainee.chunk = max(1, min(16 * trainee.chunk, int(trainee.chunk * trainee.turn_seconds / seconds)))
    return trainee
