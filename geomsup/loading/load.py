"""The public door: `load` for files, and `model_from` for objects; and W alone, for commands that need no bias."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.activations import ActivationLike
from geomsup.arrays import as_rows, to_numpy
from geomsup.loading.arrangement import check_run, instances_last
from geomsup.loading.formats import open_file
from geomsup.loading.held import Held, file_named
from geomsup.loading.models import build
from geomsup.loading.objects import held_by_object
from geomsup.loading.roles import Chosen, choose, choose_weights
from geomsup.model import ToyModel

if TYPE_CHECKING:
    from geomsup.training import TrainingRun

__all__ = ["load", "model_from", "read_weights"]

NAMES = ("weights", "bias", "decoder", "hidden_bias")


def load(
    path: str | Path,
    *,
    weights: str | None = None,
    bias: str | bool | None = None,
    decoder: str | bool | None = None,
    hidden_bias: str | bool | None = None,
    ignore: Any = (),
    run: int | None = None,
    instances: str = "auto",
    orientation: str = "auto",
    activation: ActivationLike | None = None,
    hidden_activation: ActivationLike | None = None,
) -> "ToyModel | TrainingRun":
    """Read a model from a file, whatever its arrays are called, and say in `source` what was taken for what.

    Names and shapes together decide which array is what. Where they leave a doubt, an error names the argument that
    decides: a model without its bias would have a wrong loss.

    Parameters
    ----------
    path
        A .npy, .npz, .safetensors, .pt, .pth, .csv, .txt or .json file. Pickles are not executed: PyTorch's files are
        opened by PyTorch, as tensors only.
    weights
        Name of the array W: the encoder ``(n_features, n_hidden)``, or its transpose.
    bias
        Name of the bias of the output, ``(n_features,)``. False if there is none.
    decoder
        Name of the decoder, ``(n_features, n_hidden)`` or its transpose. False if the weights are tied.
    hidden_bias
        Name of the bias of the hidden layer, ``(n_hidden,)``. False if there is none.
    ignore
        Names of arrays that are no part of the model; "opt" stands for all below it, such as "opt.state".
    run
        Number of the model, if the file holds several, from 0.
    instances
        "first" or "last": the axis that counts the models of a file. "auto": what all shapes agree on.
    orientation
        "rows": rows of the weights, as they are stored, are features. "columns": columns are. "auto": the longer axis,
        if the other arrays do not contradict.
    activation
        Output activation, as in `ToyModel`. By default what the file says, or "relu".
    hidden_activation
        Activation of the hidden layer. By default what the file says, or "linear"; it must be given if there is a
        hidden bias.

    Returns
    -------
    ToyModel or TrainingRun
        A file of `TrainingRun.save` or ``geomsup train`` gives the run, or with `run` one of its models.

    Raises
    ------
    ValueError
        If the file is missing, broken, or of another kind; if it is not certain which array is what, or an array that
        may belong to the model would not be used.
    TypeError
        If an argument has the wrong type, or an array holds no real numbers.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "digon.npz"
    ...     np.savez(path, W=[[1.0], [-1.0]], b_final=[-0.1, -0.1])
    ...     model = load(path)
    >>> model.b
    array([-0.1, -0.1])
    >>> print(model.source)
    'digon.npz': weights W (2, 1), rows are features; decoder tied; bias b_final (2,); activation relu (assumed)
    """
    path = checks.folder_or_file("path", path)
    chosen = _chosen(weights, bias, decoder, hidden_bias, ignore)
    if _holds_training(path):
        if chosen != Chosen() or instances != "auto" or orientation != "auto":
            raise ValueError(
                f"`path` must not be a file of `geomsup train`, which says what is what; got {path.name!r}. "
                "Pass no names and no axes."
            )
        return _of_training(path, run, activation, hidden_activation)
    return build(
        open_file(path), chosen, run=run, instances=instances, orientation=orientation,
        activation=activation, hidden_activation=hidden_activation,
    )  # fmt: skip


def model_from(state: Any, **options: Any) -> ToyModel:
    """Return the model of a dictionary or a module; `ToyModel.from_state` documents the options."""
    names = {name: options.pop(name, None) for name in NAMES}
    return build(held_by_object(state), _chosen(**names, ignore=options.pop("ignore", ())), **options)


def read_weights(
    path: str | Path, *, weights: str | None = None, orientation: str = "auto", instances: str = "auto"
) -> tuple[np.ndarray, str]:
    """Return W ``(..., n_features, n_hidden)`` of a file, and where it was found; biases do not matter.

    Of a .safetensors file only that tensor is read, whatever the size of the file. Instances are on the first axis
    unless `instances` is "last", or biases in the file fit only then.
    """
    checks.one_of("instances", instances, ("auto", "first", "last"))
    held = open_file(checks.folder_or_file("path", path))
    name = choose_weights(held, weights)
    with file_named(held, "W"):
        stored = to_numpy("W", held.entries[name].read())
    last = stored.ndim == 3 and (instances == "last" or (instances == "auto" and _last(held, name, orientation)))
    array = np.moveaxis(stored, -1, 0) if last else stored
    with file_named(held, "W"):
        W = as_rows(array, orientation=orientation)
    columns = orientation == "columns" or (orientation == "auto" and W.shape != array.shape)
    end = f", {checks.count(len(W), 'model')} along the {'last' if last else 'first'} axis" if W.ndim == 3 else ""
    return W, f"{held.title}: weights {name} {stored.shape}, {'columns' if columns else 'rows'} are features{end}"


def _last(held: Held, weights: str, orientation: str) -> bool:
    checks.one_of("orientation", orientation, ("auto", "rows", "columns"))
    try:
        roles = choose(held, Chosen(weights=weights))
    except ValueError:
        return False  # what has no certain role tells nothing
    return instances_last(roles, {role: held.entries[name].shape for role, name in roles.names.items()}, orientation)


def _chosen(weights: Any, bias: Any, decoder: Any, hidden_bias: Any, ignore: Any) -> Chosen:
    given = {"weights": weights, "bias": bias, "decoder": decoder, "hidden_bias": hidden_bias}
    for role, name in given.items():
        if not (name is None or isinstance(name, str) or (name is False and role != "weights")):
            other = "" if role == "weights" else ", or False for none"
            raise TypeError(f"`{role}` must be the name of an array{other}; got {checks.shown(name)}. Pass its key.")
    names = (ignore,) if isinstance(ignore, str) else ignore
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"`ignore` must be a list of names of arrays; got {checks.shown(ignore)}. Pass their keys.")
    return Chosen(weights, bias, decoder, hidden_bias, tuple(names))


def _holds_training(path: Path) -> bool:
    from geomsup.training.storage import holds_training

    return holds_training(path)


def _of_training(
    path: Path, run: int | None, activation: ActivationLike | None, hidden_activation: ActivationLike | None
) -> "ToyModel | TrainingRun":
    from geomsup.training import TrainingRun

    trained = TrainingRun.load(path)
    if run is None:
        if activation is not None or hidden_activation is not None:
            raise ValueError(
                f"`activation` must come with `run` for a file of `geomsup train`, here {path.name!r}; "
                "its models know theirs. Leave it out."
            )
        return replace(trained, source=f"{path.name!r}: a training of {checks.count(len(trained), 'run')}")
    check_run(run, len(trained))
    model = trained.model(run)
    return replace(
        model,
        activation=model.activation if activation is None else activation,
        hidden_activation=model.hidden_activation if hidden_activation is None else hidden_activation,
        source=f"{path.name!r}: run {run} of {len(trained)} of a training",
    )
