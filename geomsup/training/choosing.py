"""Makes `Settings` of the arguments of `train`: presets and start models fill in what is left out."""

from dataclasses import fields
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.model import checked_model
from geomsup.training.kernels.codes import OUTPUTS
from geomsup.training.settings import HIDDEN, PRESETS, Settings

__all__ = ["check_together", "choose", "make_marks"]

MOST_RECORDS = 10_000_000  # of a run: their losses take 80 MB
LEFT_OUT = {option.name for option in fields(Settings) if option.metadata["by"]}  # None stands for a default


def choose(n: int, *, model: Any, samples: int | None = None, **given: Any) -> Settings:
    """Return the settings for models of `n` features: those given; for others those of the preset or start model.

    Parameters
    ----------
    n
        Number of features.
    model
        The start model, or None.
    samples
        Number of samples in the (smallest) data set; None if samples are drawn. Batches are no larger.
    given
        The other arguments of `train` that are settings.
    """
    checks.one_of("preset", given["preset"], tuple(PRESETS))
    said: dict[str, Any] = {name: value for name, value in given.items() if value is not None or name not in LEFT_OUT}
    bare = Settings(n_hidden=given["n_hidden"])
    usual: dict[str, Any] = PRESETS[given["preset"]] | {"tied": not bare.deep}
    if model is not None:
        kind = _kind_of(model, n, bare)
        _check_agreement(said, kind)
        usual |= kind | {"model": model.to_dict()}
    if samples is not None:
        usual["batch"] = min(usual.get("batch", bare.batch), samples)
    settings = Settings(**(usual | said))
    check_together(settings, n)
    if samples is not None and settings.batch > samples:
        raise ValueError(
            f"`batch` must be at most the number of samples, {samples}; got {settings.batch}. Leave it out."
        )
    return settings


def _kind_of(model: Any, n: int, settings: Settings) -> dict[str, Any]:
    """Return the settings that a start model decides; raise if it does not fit."""
    model = checked_model("model", model)
    for name, known in (("activation", tuple(OUTPUTS)), ("hidden_activation", HIDDEN)):
        if getattr(model, name) not in known:
            raise ValueError(
                f"`model` must have one of the {name}s {', '.join(known)} to be trained; got {model!r}. "
                "Change its activations."
            )
    m, *second = settings.units
    if model.W.shape != (n, m):
        raise ValueError(
            f"`model` must have {n} features and {m} hidden dimensions; got W of shape {model.W.shape}. "
            "Make `features`, `n_hidden` and `model` agree."
        )
    between = None if model.W_between is None else model.W_between.shape
    if between != ((m, *second) if second else None):
        said = settings.to_dict()["n_hidden"]
        raise ValueError(
            f"`model` must have as many hidden layers as `n_hidden` says, {said}; got W_between of shape {between}. "
            "Make `n_hidden` and `model` agree."
        )
    return {
        "activation": model.activation,
        "hidden_activation": model.hidden_activation,
        "tied": model.W_out is None,
        "hidden_bias": model.b_hidden is not None,
    }


def _check_agreement(said: dict[str, Any], kind: dict[str, Any]) -> None:
    for name, value in kind.items():
        if said.get(name, value) != value:
            raise ValueError(
                f"`{name}` must be that of `model`, {value!r}, if both are given; got {checks.shown(said[name])}. "
                f"Leave `{name}` out."
            )


def check_together(settings: Settings, n: int) -> None:
    """Raise if settings that are valid alone do not fit together."""
    if settings.deep and settings.tied:
        raise ValueError("`tied` must be False with two hidden layers; got True. Leave it out.")
    if "pairs" in settings.target and n % 2:
        raise ValueError(f'`target` "{settings.target}" needs an even number of features; got {n}. Add one.')
    if settings.hidden_activation == "layernorm" and settings.units[0] == 1:
        raise ValueError('`hidden_activation` "layernorm" needs at least 2 hidden dimensions; got 1. Add one.')
    if settings.momentum and settings.optimizer != "sgd":
        raise ValueError(
            f'`momentum` is for optimizer "sgd", as Adam has its own; got {settings.momentum:g}. Pass optimizer="sgd".'
        )
    if settings.init_scale != 1 and settings.model is not None:
        raise ValueError(
            f"`init_scale` is for random starts, not for a start `model`; got {settings.init_scale:g}. Leave it out."
        )
    if settings.criterion == "cross-entropy":
        for name, known in (("activation", "linear"), ("target", "identity")):
            if getattr(settings, name) != known:
                raise ValueError(
                    f'`criterion` "cross-entropy" is for {name} {known!r}; got {getattr(settings, name)!r}. '
                    f"Pass {name}={known!r}: outputs are the logits of which input is largest."
                )


def make_marks(steps: int, record: int | tuple[int, ...]) -> np.ndarray:
    """Return the steps to record, increasing up to the last."""
    if isinstance(record, tuple):
        if not record or record[-1] > steps:
            raise ValueError(f"`record` must list steps from 1 to {steps}; got {list(record)}. Drop those beyond.")
        return np.unique([*record, steps])
    every = record or max(1, steps // 100)
    if steps // every > MOST_RECORDS:
        raise ValueError(
            f"`record` must leave at most {MOST_RECORDS} records; got {record} of {steps} steps. Record fewer."
        )
    return np.unique(np.append(np.arange(every, steps + 1, every), steps))
