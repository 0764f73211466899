"""Commands on the weights in a file: ``classify``, ``loss`` and ``compare``."""

from pathlib import Path
from typing import Literal

import geomsup as gs
from geomsup.cli.console import check_files, deliver, save_figure
from geomsup.cli.model_file import ModelFile
from geomsup.cli.options import Json, Output, Whole

__all__ = ["classify", "compare", "loss"]


def classify(
    path: Path,
    *,
    name: str | None = None,
    orientation: str = "auto",
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
        A .npy, .npz or .safetensors file with W, one model or a batch.
    name
        Which array of the file is W.
    orientation
        "rows" (a row per feature), "columns", or "auto": the longer axis is the features.
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
    from geomsup.files import read_weights

    check_files(output, plot)
    W = read_weights(path, name=name, orientation=orientation)
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
        result = [g.to_dict() for g in found] if several else found.to_dict()
    text = "\n".join([*(f"{i}: {g}" for i, g in enumerate(found)), str(found)]) if several else found.summary()
    deliver(result, text, as_json, output)


def loss(
    file: ModelFile,
    *,
    method: str = "auto",
    rtol: float = 1e-9,
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
    output
        Also write the result as JSON to this file.
    """
    check_files(output)
    model, features = file.read()
    result = gs.expected_loss(model, features, method=method, rtol=rtol)
    lines = [str(result)]
    lines += [f"  feature {i}: {value:.9g}" for i, value in enumerate(result.per_feature)]
    deliver(result.to_dict(), "\n".join(lines), as_json, output)


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
    deliver(result.to_dict(), str(result), as_json, output)
