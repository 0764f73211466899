"""What trainings on a device are tried on, and how far they are from the CPU's: for simulated and real devices."""

import warnings

import numpy as np

import geomsup as gs
from geomsup.training.cuda import form, gradient, large, launch, samples, small, update, warp

__all__ = ["CASES", "MODULES", "agreement", "assign", "differences", "is_resumed_to_the_same_bits"]

MODULES = form, gradient, large, launch, samples, small, update, warp
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
    "joint tables": ([gs.Features(4, 0.3, joint=[gs.Joint.correlated((3, 1, 0), 0.4, correlation=0.5)]),
                      gs.Features(4, 0.3, joint=[gs.Joint.exactly((0, 2), 1), gs.Joint((1,), {(1,): 0.2})])], 2, {}),
    "mixtures": ([gs.Features(4, 0.3, joint=[gs.Mixture((3, 1, 0), [[0.2, 0.9, 0], [1, 0.1, 0.5]], [1, 2])]),
                  gs.Features(4, 0.3, joint=[gs.Joint.exactly((0, 2), 1), gs.Mixture((1, 3), [[0.2, 1.0]])])], 2, {}),
    "smooth values": (gs.Features(3, [1, 0.5, 0.1], values=[gs.Normal(0.3, 1), gs.Exponential(2), SIGNED]), 2, {}),
    "normalised": ([gs.Features(3, 0.5, values=gs.HalfNormal(), normalised=True), gs.Features(3, 0.5)], 2,
                   {"batch": 150}),
    "normalised lists": (gs.Features(24, 0.08, normalised=True), 1, {"batch": 150, "steps": 1}),
    "shared out, normalised": (gs.Features(5, 0.5, normalised=True), 2, {"large": True, "steps": 1}),
    "normalised, one sample a lane": (gs.Features(2, 0.5, normalised=True), 33, {"steps": 1}),
    "lists": (gs.Features(24, np.linspace(0, 0.1, 24)), 1, {"batch": 150, "steps": 1}),
    "two runs": ([gs.Features(2, 0.5), gs.Features(2, 0.9, 3, values=gs.Discrete((1, 2)))], 1, {}),
    "untied |x|": (gs.Features(2, 0.5, values=SIGNED), 3, HIDDEN | {"tied": False, "target": "abs"}),
    "x²": (gs.Features(2, 0.5, values=SIGNED), 4, HIDDEN | {"target": "square", "activation": "leaky_relu"}),
    "pairs": (gs.Features(4, 0.5), 1, {"target": "pairs", "activation": "abs"}),
    "products": (gs.Features(4, 0.5, values=SIGNED), 1, {"target": "product_pairs"}),
    "GELU": (gs.Features(2, 0.5, values=SIGNED), 1, {"activation": "gelu"}),
    "linear": (gs.Features(2, 0.5), 1, {"activation": "linear"}),
    "AdamW, cosine, clip": (gs.Features(2, 0.5), 1,
                            {"weight_decay": 0.5, "schedule": "cosine", "clip": 0.1, "steps": 3}),
    "a run that diverges": ([gs.Features(2, 1.0, 1e38), gs.Features(2, 0.5)], 1, {}),
    "SGD, momentum, growth": (gs.Features(2, 0.5), 1,
                              {"optimizer": "sgd", "momentum": 0.9, "weight_decay": -0.5, "steps": 3,
                               "init_scale": 2.0, "clip": 0.1}),
    "shared out, SGD": (gs.Features(3, 0.5), 1, {"optimizer": "sgd", "momentum": 0.5, "large": True}),
    "shared out": (gs.Features(5, [1, 0.5, 0.1, 0.3, 0.8]), 2, {"batch": 300, "clip": 0.1, "large": True}),
    "shared out, lists": (gs.Features(12, 0.09), 1, {"large": True, "steps": 1}),
    "shared out, pairs, untied": (gs.Features(6, 0.5, values=SIGNED), 1,
                                  HIDDEN | {"target": "abs_pairs", "tied": False, "large": True}),
    "shared out, in turns": ([gs.Features(2, 0.5)] * 3, 1, {"large": True, "SCRATCH_BYTES": 8000, "steps": 1}),
    "two samples a lane": (gs.Features(2, 0.5), 13, {"steps": 1}),
    "one sample a lane": (gs.Features(2, 0.5), 33, {"steps": 1}),
    "most hidden units": (gs.Features(1, 0.5), 64, {"steps": 1}),
}  # fmt: skip


def agreement(features, m, options):
    """Return the largest difference of each array of a run from the CPU's, as part of its largest entry."""
    options = {"steps": 2, "batch": 70, "learning_rate": 0.01} | options
    changed = {"SHARED_BYTES": 0} if options.pop("large", False) else {}
    changed |= {name: options.pop(name) for name in list(options) if name.isupper()}
    before = {name: assign(name, value) for name, value in changed.items()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of the run that diverges
            runs = [gs.train(features, m, **options, device=device) for device in ("cuda", "cpu")]
    finally:
        for name, value in before.items():
            assign(name, value)
    return [run.config["device"] for run in runs], differences(*runs)


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


def differences(ours, theirs):
    """Return the largest difference of each array, as a fraction of the largest entry of `theirs`."""
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


def is_resumed_to_the_same_bits():
    """Return whether training in two parts gives the bits of training at once."""
    features, options = gs.Features(2, 0.5), {"batch": 40, "device": "cuda"}
    whole = gs.train(features, 1, steps=2, **options)
    parts = gs.train(features, 1, steps=1, **options).resume(2)
    same = [np.array_equal(getattr(parts, name), getattr(whole, name)) for name in ("W", "b", "moments")]
    return parts.config["device"] == "cuda" and all(same)
