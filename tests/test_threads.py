"""Work shared among threads: order, failures, and the flag that ends it."""

import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from geomsup.threads import LOOK, Crew, check_stop, in_threads, patiently, processors, stop_flag

WAIT = 120  # seconds after which something hangs


def test_results_come_in_the_order_of_the_items():
    for workers in (None, 1, 3, 50):
        assert in_threads(lambda x: x * x, range(20), workers=workers) == [x * x for x in range(20)]
    assert in_threads(abs, []) == []


def test_no_more_threads_than_workers():
    seen = in_threads(lambda _: threading.get_ident(), range(50), workers=2)
    assert len(set(seen)) <= 2
    assert threading.get_ident() not in seen


def test_results_are_told_in_order_from_the_calling_thread():
    told = []
    in_threads(abs, [-1, -2, -3], told=lambda result: told.append((result, threading.get_ident())))
    assert told == [(x, threading.get_ident()) for x in (1, 2, 3)]


def test_a_failure_comes_through_and_begins_nothing_more():
    done = []

    def work(item):
        done.append(item)
        raise ArithmeticError(item)

    with pytest.raises(ArithmeticError, match="0"):
        in_threads(work, range(1000), workers=1)
    assert done == [0]


def test_an_interruption_stops_what_runs_and_what_that_waits_for():
    """Threads that work until they are told to end, two levels deep; what hears of the first result interrupts."""
    begun, ended = threading.Event(), threading.Event()

    def forever(_):
        begun.set()
        while True:
            check_stop()

    def work(item):
        if item == 0:
            return begun.wait()
        try:
            return in_threads(forever, [None])
        finally:
            ended.set()

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_threads(work, [0, 1], workers=2, told=interrupt)
    assert ended.wait(timeout=60)
    assert in_threads(lambda _: int(stop_flag()[0]), range(3)) == [0, 0, 0]  # the next call has a flag of its own


def test_what_a_stopped_loop_returned_is_no_result():
    with pytest.raises(KeyboardInterrupt):
        in_threads(lambda _: stop_flag().fill(1), [None])


def test_what_the_caller_set_holds_in_threads():
    with np.errstate(divide="raise"):
        assert in_threads(lambda _: np.geterr()["divide"], range(3), workers=2) == ["raise"] * 3


def test_patiently_is_a_thread_of_its_own_once():
    inner, outer = patiently(lambda: (patiently(threading.get_ident), threading.get_ident()))
    assert inner == outer != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        patiently(lambda: 1 / 0)


PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where this was started in the background
from geomsup.threads import check_stop, in_threads

def forever(_):
    while True:
        check_stop()

try:
    print("started", flush=True)
    in_threads(forever, range(2), workers=2)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_a_real_signal_ends_it():
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "started\n"
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "interrupted\n"
    assert child.returncode == 0


UNNOTICED = """
import signal, threading, time
from _thread import interrupt_main
from queue import SimpleQueue
from geomsup.threads import Crew, heard, in_threads
signal.signal(signal.SIGINT, signal.default_int_handler)

never = threading.Event()

def strike(_=None):
    # This does not end the main thread's wait, as a signal does not that comes just as the wait begins.
    time.sleep(0.2)
    interrupt_main()
    never.wait()

def crew():
    with Crew(1) as crew:
        try:
            crew.put(strike).result()
        finally:
            never.set()  # what has begun is finished: let it be

def queue():
    threading.Thread(target=strike, daemon=True).start()
    heard(SimpleQueue())

def threads():
    in_threads(strike, [0])

{wait}()
"""


@pytest.mark.parametrize("wait", ["threads", "queue", "crew"])
def test_an_interruption_that_comes_as_a_wait_begins(wait):
    with subprocess.Popen([sys.executable, "-c", UNNOTICED.format(wait=wait)], stderr=subprocess.PIPE) as child:
        try:
            words = child.communicate(timeout=WAIT)[1]
        finally:
            child.kill()
    assert words.split()[-1] == b"KeyboardInterrupt"
    assert b"another exception" not in words
    assert LOOK <= 1  # of the two seconds in which Ctrl-C is obeyed


def test_a_crew_does_tasks_in_order_and_passes_errors_on():
    with Crew(1) as crew:
        tasks = [crew.put(divmod, 7, k) for k in (2, 0, 3)]
        assert tasks[0].result() == tasks[0].result() == (3, 1)
        with pytest.raises(ZeroDivisionError):
            tasks[1].result()
        assert tasks[2].result() == (2, 1)


def test_what_a_crew_has_not_begun_is_not_begun_at_its_end():
    began, may_end, late = threading.Event(), threading.Event(), []

    def first():
        began.set()
        may_end.wait()
        return "finished"

    with Crew(1) as crew:
        task, other = crew.put(first), crew.put(late.append, 1)
        third = crew.put(late.append, 2)
        began.wait()
        assert (task.cancel(), third.cancel()) == (False, True)
        with pytest.raises(TimeoutError):
            other.result(timeout=0)
        crew._over = True
        may_end.set()
    assert task.result() == "finished"
    assert late == []


def test_a_variable_says_in_how_many_threads_work_is_shared(monkeypatch):
    monkeypatch.setenv("GEOMSUP_THREADS", "3")
    assert processors() == 3
    for wrong in ("0", "-1", "1.5", "x", "²"):
        monkeypatch.setenv("GEOMSUP_THREADS", wrong)
        with pytest.raises(ValueError, match=f"`GEOMSUP_THREADS` must be a whole number from 1 on; got '{wrong}'"):
            processors()
    monkeypatch.setenv("GEOMSUP_THREADS", "")
    assert processors() >= 1
