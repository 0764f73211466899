"""What a training is told to do, checked once; and the presets, named after their source."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.model import ToyModel
from geomsup.training.kernels.codes import OUTPUTS, SCHEDULES, TARGETS

__all__ = [
    "PRESETS", "check_together", "make_extras", "make_form", "make_marks", "make_settings",
    "make_start", "make_units",
]  # fmt: skip

LARGEST_SEED = 2**128 - 1  # of the bits that NumPy draws for a seed of its own
HIDDEN = ("linear", "relu")
OBJECTIVES = ("sampled", "exact")
CRITERIA = ("squared", "cross-entropy")

DEFAULTS: dict[str, Any] = {
    "steps": 10_000,
    "batch": 1024,
    "learning_rate": 1e-3,
    "schedule": "constant",
    "weight_decay": 0.0,
    "clip": None,
    "hidden_l1": 0.0,
    "dropout": 0.0,
    "criterion": "squared",
    "attack": 0.0,
}
# Values that an argument left out takes. The original notebook steps by AdamW with its library's usual decay; a
# replication of the whole paper (K. Grimes's notebook) trains faster, in small batches.
PRESETS: dict[str, dict[str, Any]] = {
    "adam": {},
    "anthropic-2022": {"weight_decay": 0.01},
    "grimes-replication": {
        "steps": 2000,
        "batch": 128,
        "learning_rate": 1e-2,
        "schedule": "cosine",
        "weight_decay": 0.01,
        "clip": 2.0,
    },
}


LEFT_OUT = ("steps", "batch", "learning_rate", "schedule", "weight_decay", "clip")  # may be None: as the preset says
MOST_RECORDS = 10_000_000


def make_settings(preset: str, objective: str, target: str, seed: Any, **given: Any) -> dict[str, Any]:
    """Return the checked settings: what was given, else the preset's value, else the default."""
    checks.one_of("preset", preset, tuple(PRESETS))
    said = {name: value for name, value in given.items() if value is not None or name not in LEFT_OUT}
    chosen = DEFAULTS | PRESETS[preset] | said
    rules: dict[str, Callable[[str, Any], Any]] = {
        "steps": _count,
        "batch": _count,
        "learning_rate": checks.positive_number,
        "schedule": lambda name, value: checks.one_of(name, value, tuple(SCHEDULES)),
        "weight_decay": _not_negative,
        "clip": lambda name, value: None if value is None else checks.positive_number(name, value),
        "hidden_l1": _not_negative,
        "dropout": _part,
        "criterion": lambda name, value: checks.one_of(name, value, CRITERIA),
        "attack": _not_negative,
    }
    return {name: rule(name, chosen[name]) for name, rule in rules.items()} | {
        "preset": preset,
        "objective": checks.one_of("objective", objective, OBJECTIVES),
        "target": checks.one_of("target", target, tuple(TARGETS)),
        "seed": checks.integer("seed", seed, minimum=0, maximum=LARGEST_SEED),
    }


def make_units(n_hidden: Any) -> int | list[int]:
    """Return the number of hidden units, or that of each of two hidden layers, checked."""
    if isinstance(n_hidden, Sequence | np.ndarray) and not isinstance(n_hidden, str):
        units = [checks.integer("n_hidden", units, minimum=1) for units in n_hidden]
        if len(units) != 2:
            raise ValueError(f"`n_hidden` must be a number, or a pair of them; got {n_hidden}. Two layers are most.")
        return units
    return checks.integer("n_hidden", n_hidden, minimum=1)


def make_start(model: Any, n: int, units: int | list[int], **named: Any) -> tuple[ToyModel | None, dict[str, Any]]:
    """Return the start model, if any, and the kind of model to train: the start model's, or what the names say.

    The names are activation, hidden_activation, tied and hidden_bias; None where nothing is said.
    """
    deep = isinstance(units, list)
    if model is None:
        defaults = {"activation": "relu", "hidden_activation": "linear", "tied": not deep, "hidden_bias": False}
        kind = defaults | {name: value for name, value in named.items() if value is not None}
    else:
        _check_start(model, n, units)
        kind = {
            "activation": model.activation,
            "hidden_activation": model.hidden_activation,
            "tied": model.W_out is None,
            "hidden_bias": model.b_hidden is not None,
        }
        for name, value in named.items():
            if value is not None and value != kind[name]:
                raise ValueError(
                    f"`{name}` must be that of `model`, {kind[name]!r}, if both are given; got {checks.shown(value)}. "
                    f"Leave `{name}` out."
                )
    checks.one_of("activation", kind["activation"], tuple(OUTPUTS))
    checks.one_of("hidden_activation", kind["hidden_activation"], HIDDEN)
    if not isinstance(kind["tied"], bool):
        raise TypeError(
            f"`tied` must be True or False; got {checks.shown(kind['tied'])}. False trains a decoder of its own."
        )
    if not isinstance(kind["hidden_bias"], bool):
        raise TypeError(
            f"`hidden_bias` must be True or False; got {checks.shown(kind['hidden_bias'])}. True trains one."
        )
    if deep and kind["tied"]:
        raise ValueError("`tied` must be False with two hidden layers; got True. Leave it out.")
    return model, kind


def _check_start(model: Any, n: int, units: int | list[int]) -> None:
    if not isinstance(model, ToyModel):
        raise TypeError(f"`model` must be a ToyModel; got {model!r}. Wrap the weights in ToyModel(W, b).")
    for name, known in (("activation", tuple(OUTPUTS)), ("hidden_activation", HIDDEN)):
        if getattr(model, name) not in known:
            raise ValueError(
                f"`model` must have one of the {name}s {', '.join(known)} to be trained; got {model!r}. "
                "Change its activations."
            )
    m, *second = units if isinstance(units, list) else [units]
    if model.W.shape != (n, m):
        raise ValueError(
            f"`model` must have {n} features and {m} hidden dimensions; got W of shape {model.W.shape}. "
            "Make `features`, `n_hidden` and `model` agree."
        )
    between = None if model.W_between is None else model.W_between.shape
    if between != ((m, *second) if second else None):
        raise ValueError(
            f"`model` must have as many hidden layers as `n_hidden` says, {units}; got W_between of shape {between}. "
            "Make `n_hidden` and `model` agree."
        )


def make_form(config: dict[str, Any]) -> tuple[bool, bool, bool, np.float32, int]:
    """Return what kernels take as the form of the model and its target."""
    output = config["activation"]
    return (
        config["tied"],
        config["hidden_activation"] == "relu",
        output == "gelu",
        np.float32(OUTPUTS[output]),
        TARGETS[config["target"]],
    )


def check_together(config: dict[str, Any], n: int) -> None:
    """Raise if settings that are right alone do not go together."""
    if "pairs" in config["target"] and n % 2:
        raise ValueError(f'`target` "{config["target"]}" needs an even number of features; got {n}. Add one.')
    if config["criterion"] == "cross-entropy":
        for name, known in (("activation", "linear"), ("target", "identity")):
            if config[name] != known:
                raise ValueError(
                    f'`criterion` "cross-entropy" is for {name} {known!r}; got {config[name]!r}. '
                    f"Pass {name}={known!r}: outputs are the logits of which input is largest."
                )


def make_extras(config: dict[str, Any], length: float) -> tuple[Any, ...] | None:
    """Return what kernels take as extras, None if there are none; `length` is that of attacks."""
    deep, cross = isinstance(config["n_hidden"], list), config["criterion"] == "cross-entropy"
    penalty, rate = np.float32(config["hidden_l1"]), config["dropout"]
    extras = (config["hidden_bias"], deep, penalty, rate, cross, np.float32(length))
    return extras if any(extras) else None


def make_marks(steps: int, record: Any) -> tuple[np.ndarray, Any]:
    """Return the steps to record, increasing up to the last, and `record` as checked."""
    if isinstance(record, Sequence | np.ndarray) and not isinstance(record, str):
        chosen = sorted({checks.integer("record", step, minimum=1) for step in record})
        if not chosen or chosen[-1] > steps:
            raise ValueError(f"`record` must list steps from 1 to {steps}; got {list(record)}. Drop those beyond.")
        return np.unique([*chosen, steps]), chosen
    record = checks.integer("record", record, minimum=0)
    every = record or max(1, steps // 100)
    if steps // every > MOST_RECORDS:
        raise ValueError(
            f"`record` must leave at most {MOST_RECORDS} records; got {record} of {steps} steps. Record fewer."
        )
    return np.unique(np.append(np.arange(every, steps + 1, every), steps)), record


def _count(name: str, value: Any) -> int:
    return checks.integer(name, value, minimum=1)


def _not_negative(name: str, value: Any) -> float:
    number = checks.number(name, value)
    if number < 0:
        raise ValueError(f"`{name}` must be at least 0; got {number:g}. Pass 0 for none.")
    if number > 1e30:  # single precision ends at 3e38
        raise ValueError(f"`{name}` must be at most 1e30; got {number:g}. Pass a smaller number.")
    return number


def _part(name: str, value: Any) -> float:
    number = checks.number(name, value)
    if not 0 <= number < 1:
        raise ValueError(f"`{name}` must be at least 0 and below 1; got {number:g}. Pass the part that is dropped.")
    return number
