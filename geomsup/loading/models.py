"""From named arrays to a model that says in `source` what it took for what."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from geomsup.activations import ActivationLike, activation_name
from geomsup.arrays import to_numpy
from geomsup.loading.arrangement import Arrangement, Shape, arrange
from geomsup.loading.held import WORDS, Held
from geomsup.loading.leftovers import check_leftovers
from geomsup.loading.roles import Chosen, Roles, choose
from geomsup.model import ToyModel

__all__ = ["build"]


def build(
    held: Held,
    chosen: Chosen,
    *,
    run: int | None = None,
    instances: str = "auto",
    orientation: str = "auto",
    activation: ActivationLike | None = None,
    hidden_activation: ActivationLike | None = None,
) -> ToyModel:
    """Return the model that `held` holds.

    Raises
    ------
    ValueError
        If the roles of the arrays, or their axes, are not certain.
    """
    if set(WORDS) <= set(held.words) and {"W", "b"} <= set(held.entries):
        orientation = "rows" if orientation == "auto" else orientation  # what `ToyModel.to_dict` wrote
    roles = choose(held, chosen)
    arrays = {role: to_numpy(name, held.entries[name].read()) for role, name in roles.names.items()}
    if arrays["weights"].ndim == 2:
        arrays = {role: _flat(role, array) for role, array in arrays.items()}
    shapes: dict[str, Shape] = {role: array.shape for role, array in arrays.items()}
    arrangement = arrange(
        held.title, roles, shapes, orientation=orientation, instances=instances, run=run,
        sure_bias="bias" in shapes and (chosen.bias is not None or _layer_of_bias(roles) == "decoder"),
    )  # fmt: skip
    unused = check_leftovers(held, roles, arrangement, chosen)
    if run is None and arrangement.runs > 1:
        raise ValueError(f"`run` must be given; {held.title} holds {arrangement.runs} models. Count from 0.")
    one = {role: arrangement.one(array, run or 0) for role, array in arrays.items()}
    model = ToyModel(
        **_parts(one, arrangement),
        activation=held.words.get("activation", "relu") if activation is None else activation,
        hidden_activation=_hidden_activation(held, roles, hidden_activation),
    )
    told = _told(roles, shapes, arrangement, run or 0)
    assumed = activation is None and "activation" not in held.words
    told.append(f"activation {activation_name(model.activation)}{' (assumed)' if assumed else ''}")
    if hidden_activation is not None or model.hidden_activation != "linear":
        told.append(f"hidden layer {activation_name(model.hidden_activation)}")
    if unused:
        told.append(f"not used: {', '.join(unused)}")
    return replace(model, source=f"{held.title}: {'; '.join(told)}")


def _flat(role: str, array: np.ndarray) -> np.ndarray:
    """Return a bias that is written as one row or one column as a vector."""
    long = "bias" in role and array.ndim == 2 and 1 in array.shape
    return array.reshape(-1) if long else array


def _layer_of_bias(roles: Roles) -> str | int | None:
    meaning = roles.meaning("bias")
    return None if meaning is None else meaning.layer


def _hidden_activation(held: Held, roles: Roles, asked: ActivationLike | None) -> ActivationLike:
    """Return the hidden activation; a hidden bias makes it necessary to state it, as such layers often have a ReLU."""
    if asked is not None or "hidden_activation" in held.words:
        return held.words["hidden_activation"] if asked is None else asked
    between = any(meaning.skips for meaning in map(roles.meaning, roles.names) if meaning is not None)
    if between:
        raise ValueError(
            f"`hidden_activation` must be given: the layers of {held.title} have numbers that leave room for an "
            'activation between them. Pass "linear" or "relu".'
        )
    if "hidden_bias" not in roles.names:
        return "linear"
    raise ValueError(
        f"`hidden_activation` must be given: {held.title} has the hidden bias {roles.names['hidden_bias']!r}, and does "
        'not say whether its hidden layer is linear. Pass "linear" or "relu".'
    )


def _parts(one: Mapping[str, np.ndarray], arrangement: Arrangement) -> dict[str, Any]:
    second = "W_between" in one
    decoder = one.get("decoder")
    return {
        "W": arrangement.rows(one["weights"]),
        "b": one.get("bias"),
        "W_out": decoder if decoder is None or second else arrangement.rows(decoder),
        "b_hidden": one.get("hidden_bias"),
        "W_between": one.get("W_between"),
        "b_between": one.get("b_between"),
    }


def _told(roles: Roles, shapes: Mapping[str, Shape], arrangement: Arrangement, run: int) -> list[str]:
    def shown(role: str, without: str) -> str:
        return f"{roles.names[role]} {shapes[role]}" if role in roles.names else without

    told = [
        f"weights {shown('weights', '')}, {'columns' if arrangement.columns else 'rows'} are features",
        f"decoder {shown('decoder', 'tied')}",
        f"bias {shown('bias', 'none')}",
    ]
    told += [
        f"{role.replace('_', ' ')} {shown(role, '')}"
        for role in roles.names
        if role not in ("weights", "decoder", "bias")
    ]
    if arrangement.axis is not None:
        end = "first" if arrangement.axis == 0 else "last"
        told.insert(0, f"run {run} of {arrangement.runs} ({end} axis)")
    return told
