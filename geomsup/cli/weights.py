"""Commands on the weights in a file: ``classify``, ``loss`` and ``compare``."""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

import geomsup as gs
from geomsup.cli.console import check_files, deliver, save_figure
from geomsup.cli.model_file import ModelFile, Named
from geomsup.cli.options import Json, Output, Whole

__all__ = ["classify", "compare", "loss"]


def classify(
    path: Path,
    *,
    weights: Named = None,
    orientation: str = "auto",
    instances: str = "auto",
    noise: float | None = None,
    represented: float | None = None,
    center: Literal["origin", "mean"] = "origin",
    signs: Literal["fixed", "free"] = "fixed",
    output: Output = None,
    plot: Path | None = None,
    as_json: Json = False,
) -> None:
    """Name the geometry of the weights in a file.

    Parameters
    ----------
    path
        A file with W (.npy, .npz, .safetensors, .pt, .pth, .csv, .txt, .json), one model or a batch.
    weights
        Which array of the file is W.
    orientation
        "rows" (a row per feature), "columns", or "auto": the longer axis is the features.
    instances
        Axis that counts the models of a batch: "first", "last", or "auto": what all arrays agree on, else the first.
    noise
        Noise per coordinate of the unit rows, if known.
    represented
        Rows shorter than this fraction of the longest are set aside as not represented; by default the widest gap
        between the norms decides.
    center
        "origin", or "mean" for shapes about the mean of the rows.
    signs
        "free" for lines: a row and its opposite are the same.
    output
        Also write the result as JSON to this file.
    plot
        Draw the geometry to this file (one model only).
    """
    from geomsup.loading.load import read_weights

    check_files(output, plot)
    W, source = read_weights(path, weights=weights, orientation=orientation, instances=instances)
    found = gs.classify(
        W,
        orientation="rows",
        noise=noise,
        represented="auto" if represented is None else represented,
        center=center,
        signs=signs,
    )
    several = isinstance(found, gs.Geometries)
    if plot is not None:
        if several:
            raise ValueError("`--plot` must be given one model; the file holds a batch. Save one run alone.")
        save_figure(found.plot().figure, plot)
    result = None
    if as_json or output is not None:  # listing the numbers of a large W takes longer than classifying it
        result = [_with(source, g.to_dict()) for g in found] if several else _with(source, found.to_dict())
    text = "\n".join([*(f"{i}: {g}" for i, g in enumerate(found)), str(found)]) if several else found.summary()
    deliver(result, f"{text}\n{_read(source)}", as_json, output)


def loss(
    file: ModelFile,
    *,
    method: str = "auto",
    rtol: float | None = None,
    target: Literal["identity", "abs", "relu", "square"] = "identity",
    power: Whole = 2,
    by_active: Annotated[bool, Parameter(negative="")] = False,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Compute the exact expected loss of the model in a file.

    Parameters
    ----------
    method
        "auto", "exact", "spectral" or "sampled".
    rtol
        Relative accuracy to reach.
    target
        What an output is to be: its input, or "abs", "relu" or "square" of it.
    power
        2, or 4 for the mean fourth power.
    by_active
        Also say what each number of active features adds to the loss.
    output
        Also write the result as JSON to this file.
    """
    check_files(output)
    model, features = file.read()
    result = gs.expected_loss(
        model, features, method=method, rtol=rtol, target=target, power=power, by_active=by_active
    )
    lines = [str(result)]
    lines += [f"  feature {i}: {value:.9g}" for i, value in enumerate(result.per_feature)]
    lines += _active_lines(result)
    lines += [_read(model.source)]
    deliver(_with(model.source, result.to_dict()), "\n".join(lines), as_json, output)


def compare(
    file: ModelFile,
    *,
    starts: Whole | None = None,
    seed: Whole = 0,
    output: Output = None,
    plot: Path | None = None,
    as_json: Json = False,
) -> None:
    """Compare the model in a file with the theoretical optimum.

    Parameters
    ----------
    starts
        Number of random starts of the search for the optimum; by default as `geomsup optimum` does.
    seed
        Seed of the starts.
    output
        Also write the result as JSON to this file.
    plot
        Draw model and optimum to this file.
    """
    check_files(output, plot)
    model, features = file.read()
    result = gs.compare(model, features, starts=starts, rng=seed)
    if plot is not None:
        save_figure(result.plot()[0].figure, plot)
    deliver(_with(model.source, result.to_dict()), f"{result}\n{_read(model.source)}", as_json, output)


def _active_lines(result: gs.ExpectedLoss) -> list[str]:
    """Return a line for each number of active features that adds something to the loss."""
    if result.active is None or result.by_active is None or result.given_active is None:
        return []
    return [
        f"  {k} active: {share:.9g} (P = {p:.4g}, loss then {loss:.6g})"
        for k, (p, share, loss) in enumerate(zip(result.active, result.by_active, result.given_active, strict=True))
        if share > 0
    ]


def _read(source: str | None) -> str:
    """Return the line that says which arrays were taken for what."""
    return f"read from {source}"


def _with(source: str | None, result: dict[str, Any]) -> dict[str, Any]:
    """Return a result as JSON with what was taken for what."""
    return result | {"source": source}
