"""Trains in one process and prints what came out, as a digest of its bits; run by `test_same_bits`.

Run as ``python -m tests.training.bits [mixed] [few]``: `mixed` first calls the kernels with arrays of other types and
layouts, as another part of a user's program might; `few` leaves out what takes long to compile.
"""

import hashlib
import json
import sys

import numpy as np

import geomsup as gs
from geomsup.training.kernels import codes, hidden, outputs, products, rule, steps
from geomsup.training.kernels.compiled import BLOCK
from geomsup.training.kernels.form import Shape

PLAIN = {"n_hidden": 2, "steps": 40, "batch": 300, "record": 7, "models": 2, "clip": 0.3}
LARGE = {"n_hidden": 20, "steps": 3, "batch": 1300, "record": 1}
TRAININGS = {
    "plain": (gs.Features(5, 0.3), PLAIN),
    "shared": (gs.Features(200, 0.5), LARGE | {"schedule": "cosine", "weight_decay": 0.1}),
    "lists": (gs.Features(200, 0.05), LARGE | {"tied": False, "hidden_activation": "relu", "n_hidden": 30}),
    "extras": (gs.Features(200, 0.5), LARGE | {"dropout": 0.2, "attack": 0.3, "hidden_l1": 0.01, "n_hidden": (20, 9)}),
    "data": (gs.SampledFeatures(gs.Features(200, 0.5).sample(3000, 0)), LARGE | {"optimizer": "sgd", "momentum": 0.9}),
    "bent": (gs.Features(200, 0.5), LARGE | {"hidden_activation": "solu", "coherence": 0.1}),
    "classes": (gs.Features(200, 0.5), LARGE | {"criterion": "cross-entropy", "activation": "linear"}),
}
FEW = ("plain", "shared", "lists")


def call_with_other_types():
    """Compile kernels for views that are not contiguous, arrays that cannot be written, and double precision."""
    for dtype in (np.float64, np.float32):
        wide = np.ones((60, 2), dtype)
        one = wide[:, 0]
        steps.take_step(
            one.copy(), one, np.zeros((2, 120), dtype)[:, ::2], Shape(6, 9, 9), 0, 8, rule.Rule(0, 0.1, 10, 0.0, 1.0)
        )
        rule.adam(one.copy()[::2], one[::2], np.zeros((2, 60), dtype)[:, ::2], 1, 0.1, 0.0, 0.5)
        fixed = np.ones((3, BLOCK), dtype)
        fixed.flags.writeable = False
        outputs.set_targets(fixed, np.ones((3, 2 * BLOCK), dtype)[:, ::2], codes.ABSOLUTE)
        steps.rectify(np.ones((2, 2 * BLOCK), dtype)[:, ::2])
    hidden.pass_on(np.ones((2, BLOCK)), np.ones(4)[::2], True, np.ones((2, BLOCK)))
    one, row = np.ones(1, np.float32), np.ones((1, BLOCK), np.float32)
    y = np.ones((1, 2 * BLOCK), np.float32)[:, ::2]
    outputs.errors(row.copy(), y, one, np.ones(2, np.float32)[::2], False, np.float32(0), one.copy(), 9, row[0].copy())
    outputs.class_errors(row.copy(), y, one, one, one.copy(), 9, np.zeros(BLOCK, np.int64), np.ones((2, BLOCK)))
    products.correlate(row, row, np.ones((1, 8), np.float32))


def digest(threads, names):
    """Return a digest of the arrays of each training on so many threads."""
    found = {}
    for name in names:
        features, options = TRAININGS[name]
        run = gs.train(features, **options, threads=threads, device="cpu")
        arrays = run._arrays()
        found[name] = hashlib.sha256(b"".join(arrays[key].tobytes() for key in sorted(arrays))).hexdigest()[:12]
    return found


def main():
    if "mixed" in sys.argv:
        call_with_other_types()
    for threads in (1, 2, 3):
        print(json.dumps(digest(threads, FEW if "few" in sys.argv else TRAININGS)))


if __name__ == "__main__":
    main()
