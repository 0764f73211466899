"""Chooses the device that a training runs on."""

import os
import warnings
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from geomsup.checks import pip_install
from geomsup.training.cuda.form import MOST_FEATURES, MOST_HIDDEN
from geomsup.training.settings import Settings

__all__ = ["choose_again", "choose_device", "obstacle", "refusal"]

# The settings that the kernels know; any other must be off (false, 0 or None), or the CPU does the training.
KNOWN = {
    "steps", "batch", "learning_rate", "schedule", "weight_decay", "clip", "preset", "objective", "target", "seed",
    "activation", "hidden_activation", "tied", "record", "n_hidden", "models", "model", "device", "criterion",
    "optimizer", "momentum", "init_scale",
}  # fmt: skip
KNOWN_VALUES = {
    "objective": ("sampled",),
    "target": ("identity", "abs", "square", "pairs", "abs_pairs", "product_pairs"),
    "criterion": ("squared",),
    "activation": ("relu", "linear", "abs", "leaky_relu", "gelu"),
    "hidden_activation": ("linear", "relu"),
    "optimizer": ("adam", "sgd"),
}


def choose_device(n: int, settings: Settings, *, fresh: bool = True) -> str:
    """Return "cpu" or "cuda" for a training of models of `n` features, where the settings may say "auto".

    `fresh` says whether all samples are drawn from distributions, not taken from a data set.
    """
    if settings.device == "cpu":
        return "cpu"
    refused = refusal(n, settings) if fresh else "trains on fresh samples; got SampledFeatures, a data set."
    if settings.device == "auto":
        return "cuda" if refused is None and not _simulated() and obstacle() is None else "cpu"
    if refused is not None:
        raise ValueError(f'`device` "cuda" {refused} Pass device="cpu".')
    missing = obstacle()
    if missing is not None:
        raise ValueError(f'`device` "cuda" needs {missing} Or pass device="cpu".')
    return "cuda"


def choose_again(device: str) -> str:
    """Return the device to continue on: the one used before if it can be used now, else the CPU."""
    return "cuda" if device == "cuda" and obstacle() is None else "cpu"


def refusal(n: int, settings: Settings) -> str | None:
    """Return why the kernels do not train such models, as the end of a sentence; None if they do."""
    m, *second = settings.units
    if second:
        return f"trains models of one hidden layer; got {len(settings.units)}."
    if m > MOST_HIDDEN:
        return f"trains at most {MOST_HIDDEN} hidden dimensions; got {m}."
    if n > MOST_FEATURES:
        return f"trains at most {MOST_FEATURES} features; got {n}."
    chosen = settings.to_dict()
    for name, values in KNOWN_VALUES.items():
        if chosen[name] not in values:
            return f"trains models whose {name} is {' or '.join(map(repr, values))}; got {chosen[name]!r}."
    for name in sorted(set(chosen) - KNOWN):
        if chosen[name]:
            return f"does not know the setting {name}; got {chosen[name]!r}."
    return None


def obstacle() -> str | None:
    """Return what is missing for training on a GPU, and what to do about it; None if nothing is missing."""
    if _simulated():
        return None
    if find_spec("numba_cuda") is None:
        return f"the package numba-cuda, which is not installed. Run: {pip_install('geomsup[cuda]')}"
    from geomsup.training.cuda.device import cuda

    if not cuda.is_available():
        return "an NVIDIA GPU and its driver; none was found here. Check that nvidia-smi lists one."
    try:
        cuda.current_context()
    except Exception as error:  # of many kinds: a GPU too old, full or taken; a fork of a process that has used it
        return f"a GPU that this process can use; numba says: {error}. Check nvidia-smi, and start processes by spawn."
    return _unfit()


@lru_cache
def _unfit() -> str | None:
    """Return why numba-cuda cannot run a kernel here, such as a NumPy too new for it; None if it can."""
    from geomsup.training.cuda.device import cuda

    try:
        number = cuda.device_array(1, np.int32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numba warns of grids that leave much of the device idle
            cuda.jit(_write_one)[1, 1](number)
        works = number.copy_to_host()[0] == 1
    except Exception as error:  # what compiling for versions that do not go together raises is anything
        works = False
        said = f"{type(error).__name__}: {error}"
    else:
        said = "a kernel that should write 1 does not"
    if works:
        return None
    return (
        f"packages that go together; numba says: {said}. "
        f"Run: {pip_install('geomsup[cuda]')} again, for fitting versions."
    )


def _write_one(out: Any) -> None:
    out[0] = 1


def _simulated() -> bool:
    """Return whether numba runs kernels in its simulator, as some tests do."""
    return os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0")
