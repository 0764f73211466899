"""What tests sweep: functions that workers can import."""

import os
import signal
import time
from pathlib import Path

import numpy as np


def square(x):
    return x * x


def named(x, factor=1):
    return {"sum": x + factor, "row": np.arange(x), "word": "even" if x % 2 == 0 else "odd"}


def fails_at(x, bad):
    if x == bad:
        raise ValueError(f"no value at {x}")
    return x


def returns_an_object(x):
    return {"loss": object()}


def kills_its_worker_at(x, bad, folder):
    """Leave a file for each call, and take the process along at the bad point."""
    (Path(folder) / f"{x}-{time.monotonic_ns()}").touch()
    if x == bad:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def kills_its_worker_once(x, folder):
    mark = Path(folder) / "done"
    if x == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def waits(x, seconds):
    time.sleep(seconds)
    return x


def waits_deaf(x, seconds, folder):
    """Wait in one call that hears no signals, as compiled code does."""
    (Path(folder) / f"begun-{os.getpid()}").touch()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    time.sleep(seconds)
    return x


def threads(x):
    from geomsup.threads import processors

    return {"geomsup": processors(), "blas": os.environ["OPENBLAS_NUM_THREADS"]}
