"""Trains on numba's CUDA simulator and on the CPU, and prints how they agree, as JSON; run by `test_cuda`.

Run as ``NUMBA_ENABLE_CUDASIM=1 python -m tests.training.cuda.simulated [case]``: numba looks at that variable once,
when it is imported.
"""

import collections
import itertools
import json
import sys
import threading
import time

import numpy as np
from numba import cuda
from numba.cuda.simulator import kernel as simulator

from geomsup.training.cuda import form, launch, samples
from tests.training.cuda.cases import CASES, MODULES, agreement, assign, is_resumed_to_the_same_bits


class Meeting:
    """Where the 32 lanes of a warp exchange values.

    Values lie in two boxes in turn: who writes a box again has met the others since, who had read it by then.
    """

    def __init__(self):
        self.arrivals, self.boxes = itertools.count(1), ([None] * 32, [None] * 32)
        self.gates = [threading.Semaphore(0) for _ in range(32)]
        self.turns = [0] * 32

    def exchange(self, lane, value):
        """Return the values of all lanes."""
        box = self.boxes[self.turns[lane]]
        self.turns[lane] ^= 1
        box[lane] = value
        if next(self.arrivals) % 32:
            self.gates[lane].acquire()
        else:
            for other in range(32):
                if other != lane:
                    self.gates[other].release()
        return box


class Warps:
    """The module `cuda` inside kernels: the simulator's, and the exchanges between lanes that it lacks."""

    def __init__(self):
        self.meetings, self.lock = collections.defaultdict(Meeting), threading.Lock()

    def __getattr__(self, name):
        context = simulator._get_kernel_context()
        return getattr(cuda if context is None else context, name)

    def jit(self, function=None, *, device=False, max_registers=None):
        if device:
            return lambda plain: plain
        return cuda.jit if function is None else cuda.jit(function)

    def exchange(self, value):
        """Return the values of all lanes of a warp, and the number of this one."""
        thread = threading.current_thread()
        warp, lane = divmod(thread.thread_id, 32)
        with self.lock:
            meeting = self.meetings[thread._manager, warp]
        return meeting.exchange(lane, value), lane

    def shfl_xor_sync(self, mask, value, other):
        values, lane = self.exchange(value)
        return values[lane ^ other]

    def shfl_up_sync(self, mask, value, delta):
        values, lane = self.exchange(value)
        return values[lane - delta if lane >= delta else lane]

    def shfl_sync(self, mask, value, source):
        return self.exchange(value)[0][source]

    def any_sync(self, mask, predicate):
        return any(self.exchange(bool(predicate))[0])

    def syncwarp(self, mask):
        self.exchange(None)


def on_plain_arrays(function):
    """Return a compiled function that takes the simulator's arrays."""
    wrapper = type(simulator.FakeWithinKernelCUDAArray(simulator.FakeCUDAArray(np.zeros(1))))

    def call(*arguments):
        return function(*(one._item._ary if isinstance(one, wrapper) else one for one in arguments))

    return call


def is_alive(thread):
    """Say whether a simulated thread is alive; the simulator asks in a loop that would leave no time to the threads."""
    if thread.thread_id == 0:
        time.sleep(2e-4)
    return threading.Thread.is_alive(thread)


# Fewer threads to simulate; two slots, so that three blocks of samples use one of them twice.
SIZES = {"SMALL_WARPS": 2, "UPDATE_WARPS": 2, "SLOTS": 2}


def prepare():
    """Give the kernels the module above, arrays they can hand on, and sizes that can be simulated."""
    module = Warps()
    for place in MODULES:
        if place is not form and place is not launch:
            place.cuda = module
    for name in ("general_value", "given_value", "joint_value", "value_at"):
        setattr(samples, name, on_plain_arrays(getattr(samples, name)))
    simulator.BlockThread.is_alive = is_alive
    for name, value in SIZES.items():
        assign(name, value)


def main():
    prepare()
    for name in sys.argv[1:] or CASES:
        begin = time.perf_counter()
        devices, found = agreement(*CASES[name])
        print(json.dumps([name, devices, found, round(time.perf_counter() - begin, 2)]), flush=True)
    if not sys.argv[1:]:
        print(json.dumps(["resumed", ["cuda"], {"bits": 0.0 if is_resumed_to_the_same_bits() else np.inf}, 0]))


if __name__ == "__main__":
    main()
