"""From named arrays to a model that says in `source` what it took for what."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from geomsup.activations import ActivationLike, activation_name
from geomsup.arrays import to_numpy
from geomsup.loading.arrangement import Arrangement, Shape, arrange
from geomsup.loading.held import Held, file_named
from geomsup.loading.leftovers import check_leftovers
from geomsup.loading.roles import Chosen, Roles, choose
from geomsup.loading.texts import activations_of
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
    if {"activation", "hidden_activation"} <= set(held.texts) and {"W", "b"} <= set(held.entries):
        orientation = "rows" if orientation == "auto" else orientation  # what `ToyModel.to_dict` wrote
    roles = choose(held, chosen)
    _check_first_layer(held, roles, chosen)
    arrays = {}
    for role, name in roles.names.items():
        with file_named(held, name):
            arrays[role] = to_numpy(name, held.entries[name].read())
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
    asked = {"activation": activation, "hidden_activation": hidden_activation}
    known = activations_of(held, asked, two_layers=bool({"decoder", "hidden_bias"} & set(roles.names)))
    if "hidden_activation" not in known:
        _check_linear(held, roles)
    model = ToyModel(**_parts(one, arrangement), **({"activation": "relu"} | known))
    told = _told(roles, shapes, arrangement, run or 0)
    told.append(f"activation {activation_name(model.activation)}{'' if 'activation' in known else ' (assumed)'}")
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


def _check_first_layer(held: Held, roles: Roles, chosen: Chosen) -> None:
    """Refuse layers of which the first one has no arrays: it may be a LayerNorm without parameters."""
    for role, name in roles.names.items():
        meaning = roles.meanings.get(name)
        if meaning is not None and meaning.late and not chosen.decided(role):
            raise ValueError(
                f"`{role}` must be given: the numbers of the layers of {held.title} do not begin with 0, so that one "
                f"without arrays comes before them. If it changes nothing, pass {role}={name!r}."
            )


def _check_linear(held: Held, roles: Roles) -> None:
    """Refuse a hidden layer that nobody says is linear, if it has a bias or room for an activation behind it."""
    if any(meaning.skips for meaning in map(roles.meaning, roles.names) if meaning is not None):
        raise ValueError(
            f"`hidden_activation` must be given: the layers of {held.title} have numbers that leave room for an "
            'activation between them. Pass "linear" or "relu".'
        )
    if "hidden_bias" in roles.names:
        raise ValueError(
            f"`hidden_activation` must be given: {held.title} has the hidden bias {roles.names['hidden_bias']!r}, and "
            'does not say whether its hidden layer is linear. Pass "linear" or "relu".'
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
