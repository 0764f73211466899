"""Trains on numba's CUDA simulator and on the CPU, and prints how they agree, as JSON; run by `test_cuda`.

Run as ``NUMBA_ENABLE_CUDASIM=1 python -m tests.training.simulated [case]``: numba looks at that variable once, when it
is imported.
"""

import collections
import itertools
import json
import sys
import threading
import time
import warnings

import numpy as np
from numba import cuda
from numba.cuda.simulator import kernel as simulator

import geomsup as gs
from geomsup.training.cuda import form, gradient, large, launch, samples, small, update, warp


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

    def jit(self, function=None, *, device=False):
        return (lambda plain: plain) if device else cuda.jit(function)

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


MODULES = form, gradient, large, launch, samples, small, update, warp
# Fewer threads to simulate; two slots, so that three blocks of samples use one of them twice.
SIZES = {"SMALL_WARPS": 2, "UPDATE_WARPS": 2, "SLOTS": 2}
SIGNED = gs.Uniform(-1, 1)
GROUPS = {
    "values": [SIGNED, gs.Uniform(0, 2), *[gs.Discrete((1, 2, -1), (1, 2, 1))] * 3],
    "correlated": [(1, 3)],
    "anticorrelated": [(0, 2)],
}
HIDDEN = {"hidden_activation": "relu"}
CASES = {
    "three blocks of samples": (gs.Features(3, [1, 0.5, 0.1], [1, 0.5, 2]), 2, {"batch": 300, "record": 1}),
    "groups": (gs.Features(5, 0.3, **GROUPS), 3, {}),
    "lists": (gs.Features(24, np.linspace(0, 0.1, 24)), 1, {"batch": 150, "steps": 1}),
    "two runs": ([gs.Features(2, 0.5), gs.Features(2, 0.9, 3, values=gs.Discrete((1, 2)))], 1, {}),
    "untied |x|": (gs.Features(2, 0.5, values=SIGNED), 3, HIDDEN | {"tied": False, "target": "abs"}),
    "x²": (gs.Features(2, 0.5, values=SIGNED), 4, HIDDEN | {"target": "square", "activation": "leaky_relu"}),
    "pairs": (gs.Features(4, 0.5), 1, {"target": "pairs", "activation": "abs"}),
    "GELU": (gs.Features(2, 0.5, values=SIGNED), 1, {"activation": "gelu"}),
    "linear": (gs.Features(2, 0.5), 1, {"activation": "linear"}),
    "AdamW, cosine, clip": (gs.Features(2, 0.5), 1,
                            {"weight_decay": 0.5, "schedule": "cosine", "clip": 0.1, "steps": 3}),
    "a run that diverges": ([gs.Features(2, 1.0, 1e38), gs.Features(2, 0.5)], 1, {}),
    "shared out": (gs.Features(5, [1, 0.5, 0.1, 0.3, 0.8]), 2, {"batch": 300, "clip": 0.1, "large": True}),
    "shared out, lists": (gs.Features(12, 0.09), 1, {"large": True, "steps": 1}),
    "shared out, pairs, untied": (gs.Features(6, 0.5, values=SIGNED), 1,
                                  HIDDEN | {"target": "abs_pairs", "tied": False, "large": True}),
    "shared out, in turns": ([gs.Features(2, 0.5)] * 3, 1, {"large": True, "SCRATCH_BYTES": 8000, "steps": 1}),
    "two samples a lane": (gs.Features(2, 0.5), 13, {"steps": 1}),
    "one sample a lane": (gs.Features(2, 0.5), 33, {"steps": 1}),
    "most hidden units": (gs.Features(1, 0.5), 64, {"steps": 1}),
}  # fmt: skip


def prepare():
    """Give the kernels the module above, arrays they can hand on, and sizes that can be simulated."""
    module = Warps()
    for place in MODULES:
        if place is not form and place is not launch:
            place.cuda = module
    samples.general_value, samples.value_at = on_plain_arrays(samples.general_value), on_plain_arrays(samples.value_at)
    simulator.BlockThread.is_alive = is_alive
    for name, value in SIZES.items():
        assign(name, value)


def assign(name, value):
    """Set a constant wherever it is used; return what it was."""
    before = None
    for place in MODULES:
        if hasattr(place, name):
            before = getattr(place, name)
            setattr(place, name, value)
    small.make_train_steps.cache_clear()
    large.make_add_gradients.cache_clear()
    large.make_take_step.cache_clear()
    return before


def agreement(features, m, options):
    """Return the largest difference of each array of a run from the CPU's, as part of its largest entry."""
    options = {"steps": 2, "batch": 70, "learning_rate": 0.01} | options
    changed = {"SHARED_BYTES": 0} if options.pop("large", False) else {}
    changed |= {name: options.pop(name) for name in list(options) if name.isupper()}
    before = {name: assign(name, value) for name, value in changed.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of the run that diverges
        runs = [gs.train(features, m, **options, device=device) for device in ("cuda", "cpu")]
    for name, value in before.items():
        assign(name, value)
    return [run.config["device"] for run in runs], differences(*runs)


def differences(ours, theirs):
    result = {}
    for name, array in ours._arrays().items():
        other = getattr(theirs, name)
        sound = np.isfinite(other)
        if not np.array_equal(np.isfinite(array), sound):
            result[name] = np.inf
            continue
        scale = max(np.abs(other[sound]).max(initial=0), 1e-30)
        result[name] = float(np.abs(array[sound] - other[sound]).max(initial=0) / scale)
    return result


def resumed():
    """Return whether training in two parts gives the bits of training at once."""
    features, options = gs.Features(2, 0.5), {"batch": 40, "device": "cuda"}
    whole = gs.train(features, 1, steps=2, **options)
    parts = gs.train(features, 1, steps=1, **options).resume(2)
    same = [np.array_equal(getattr(parts, name), getattr(whole, name)) for name in ("W", "b", "moments")]
    return parts.config["device"] == "cuda" and all(same)


def main():
    prepare()
    for name in sys.argv[1:] or CASES:
        begin = time.perf_counter()
        devices, found = agreement(*CASES[name])
        print(json.dumps([name, devices, found, round(time.perf_counter() - begin, 2)]), flush=True)
    if not sys.argv[1:]:
        print(json.dumps(["resumed", ["cuda"], {"bits": 0.0 if resumed() else np.inf}, 0]))


if __name__ == "__main__":
    main()
