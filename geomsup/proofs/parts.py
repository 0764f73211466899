"""Parts of a certificate, looked at in processes of their own.

Those of the standard library import the script that the user runs, which then needs a guard. These import only what
they are asked for.
"""

import os
import pickle
import signal
import subprocess
import sys
import threading
import weakref
from _thread import start_new_thread
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from geomsup.proofs.checker import Each
from geomsup.threads import Task, processors
from geomsup.workers import BLAS

__all__ = ["apart", "serve"]

OURS = str(Path(__file__).resolve().parents[2])  # where this copy of the package is, wherever the program goes to
# Glibc gives arrays of a few MB back to the system and takes them anew, which is a tenth of the time of some checks.
KEEPS = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "2000000000"}
GRACE = 1.0  # seconds in which a process that was killed has ended
LOST = "a process that checks a part of the certificate ended too early; run the same again with GEOMSUP_THREADS=1"


@contextmanager
def apart() -> Iterator[Each]:
    """Yield a `map` whose calls are shared among processes, one for each processor; with one, yield `map` itself.

    Items are begun, and their results and errors come, in their order. At the end of the ``with`` block, and when this
    process dies, the processes end at once, whatever they do.

    Raises
    ------
    OSError
        If one of the processes was ended from outside.
    """
    count = processors()
    if count == 1 or hasattr(sys, "frozen") or not os.path.isfile(sys.executable or ""):
        yield map
        return
    helpers = _Helpers(count)
    try:
        yield helpers.each
    finally:
        helpers.end()


class _Helpers:
    """Processes that answer questions, each asked by a thread, for which nobody waits."""

    def __init__(self, count: int) -> None:
        self._count, self._all = count, list[subprocess.Popen[bytes]]()
        self._idle = SimpleQueue[subprocess.Popen[bytes]]()
        self._at_exit = weakref.finalize(self, _end, self._all)

    def each(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        """Yield what the function returns for each item."""
        tasks = [Task[Any](self._ask, (pickle.dumps((function, item)),)) for item in items]
        waiting = SimpleQueue[Task[Any]]()
        for task in tasks:
            waiting.put(task)
        while len(self._all) < min(self._count, len(items)):
            self._all.append(_started())
            self._idle.put(self._all[-1])
        for _ in self._all:
            start_new_thread(_labour, (waiting,))
        return (task.result() for task in tasks)

    def _ask(self, question: bytes) -> Any:
        helper = self._idle.get()
        try:
            answer = _answer(helper, question)
        except BaseException:
            helper.kill()  # what is left of its answer is for nobody
            raise
        finally:
            self._idle.put(helper)
        value, error = pickle.loads(answer)
        if error is not None:
            raise error
        return value

    def end(self) -> None:
        """End all processes. Should a second Ctrl-C interrupt this, it is done again when the program ends."""
        _end(self._all)
        self._at_exit.detach()


def _end(helpers: Sequence[subprocess.Popen[bytes]]) -> None:
    for helper in helpers:
        helper.kill()
    for helper in helpers:
        with suppress(subprocess.TimeoutExpired):  # a lock that an interruption left closed is not waited for
            helper.wait(timeout=GRACE)
        for pipe in (helper.stdin, helper.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not sent has nobody to go to
                    pipe.close()


def _labour(waiting: "SimpleQueue[Task[Any]]") -> None:
    with suppress(Empty):
        while True:
            waiting.get_nowait().do()


def _started() -> subprocess.Popen[bytes]:
    """Start a process that finds modules where this one does. Ctrl-C in a terminal is not for it: it is ended."""
    path = [OURS, *(os.path.abspath(one) for one in sys.path if isinstance(one, str) and one)]
    code = f"import sys; sys.path[:] = {path!r}; from geomsup.proofs.parts import serve; serve()"
    variables, pipe = KEEPS | os.environ | dict.fromkeys(BLAS, "1"), subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=pipe, stdout=pipe, env=variables, start_new_session=True
    )


def _answer(helper: subprocess.Popen[bytes], question: bytes) -> bytes:
    assert helper.stdin is not None
    assert helper.stdout is not None
    try:
        pickle.dump(question, helper.stdin)
        helper.stdin.flush()
        return pickle.load(helper.stdout)
    except (EOFError, OSError, ValueError, pickle.UnpicklingError):  # ValueError: the pipe is closed already
        raise OSError(LOST) from None


def serve() -> None:
    """Answer questions of the standard input, until it ends: what this process is for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what is printed does not belong to the answers
    questions = SimpleQueue[bytes]()
    threading.Thread(target=_hear, args=(questions,), daemon=True).start()
    while True:
        pickle.dump(_tried(questions.get()), answers)
        answers.flush()


def _hear(questions: SimpleQueue[bytes]) -> None:
    """Pass questions on. If there are no more, who asked has ended: so does this process, whatever it does."""
    try:
        while True:
            questions.put(pickle.load(sys.stdin.buffer))
    finally:
        os._exit(0)


def _tried(question: bytes) -> bytes:
    """Return the answer: what the function returns, or the exception that it raises."""
    try:
        function, item = pickle.loads(question)
        return pickle.dumps((function(item), None))
    except Exception as error:
        try:
            return pickle.dumps((None, error))
        except Exception:  # whatever its class does
            return pickle.dumps((None, RuntimeError(f"{type(error).__name__}: {error}")))
