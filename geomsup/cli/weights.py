"""Commands on the weights in a file: ``classify``, ``loss``, ``compare``, ``symmetry`` and ``dimensionality``."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from cyclopts import Parameter

import geomsup as gs
from geomsup.cli.console import check_files, deliver, progress_bars, save_figure, width_of
from geomsup.cli.model_file import ModelFile, WeightsFile
from geomsup.cli.options import Json, Output, Whole
from geomsup.cli.words.wording import in_shell_words

__all__ = ["classify", "compare", "dimensionality", "loss", "symmetry"]

HINTED = {name: f"--{name}" for name in ("tolerance", "center", "signs", "represented")}  # arguments that hints name


def classify(
    file: WeightsFile,
    *,
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

    Examples: ``geomsup classify W.npy``; ``geomsup classify sae.safetensors --weights decoder.weight -o names.csv``.

    Parameters
    ----------
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
        Also write the result to this file, .json or, as a table, .csv.
    plot
        Draw the geometry to this file (one model only).
    """
    check_files(output, plot)
    W, source = file.read(instances)
    with progress_bars():  # it says when something is compiled
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
            raise ValueError("`--plot` must be given one model; the file holds a batch. Pick one with --run.")
        save_figure(_picture(found), plot)
    result = None
    if as_json or output is not None:  # listing the numbers of a large W takes longer than classifying it
        result = [_named(source, g) for g in found] if several else _named(source, found)
    text = "\n".join([*(f"{i}: {g}" for i, g in enumerate(found)), str(found)]) if several else _fitting(found)
    text = in_shell_words(text, HINTED)
    deliver(result, f"{text}\n{_read(source)}", as_json, output, found.to_rows, plot)


def _picture(found: "gs.Geometry") -> Any:
    """Return a figure of W: beyond three dimensions of every kind of component, unless there is one only."""
    if found.n_hidden > 3 and len(found.components) > 1:
        return gs.plot.plot_components(found)
    return found.plot().figure


def _named(source: str, found: gs.Geometry) -> dict[str, Any]:
    """Return a geometry as JSON, without the weights: the file that `source` names has them, in a tenth of the size."""
    return {name: value for name, value in _with(source, found.to_dict()).items() if name != "W"}


def _fitting(found: gs.Geometry) -> str:
    """Return the table of the components, or lines where a terminal is too narrow for it."""
    table, width = found.summary(), width_of(sys.stdout)
    return table if width is None or max(map(len, table.splitlines())) <= width else str(found)


def loss(
    file: ModelFile,
    *,
    method: str = "auto",
    rtol: float | None = None,
    target: Literal["identity", "abs", "relu", "square", "pairs", "abs_pairs", "product_pairs"] = "identity",
    power: Whole = 2,
    by_active: Annotated[bool, Parameter(negative="")] = False,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Compute the exact expected loss of the model in a file.

    Examples: ``geomsup loss model.pt --sparsity 0.9``; ``geomsup loss geomsup-run.npz --run 3 --by-active``.

    Parameters
    ----------
    method
        "auto", "exact", "spectral" or "sampled".
    rtol
        Relative accuracy to reach.
    target
        What an output is to be: its input, or "abs", "relu" or "square" of it. Or what two outputs are to be: "pairs",
        the larger and the smaller of their inputs, "abs_pairs" of |x|, or "product_pairs", product and distance.
    power
        2, or 4 for the mean fourth power.
    by_active
        Also say what each number of active features adds to the loss.
    output
        Also write the result to this file, .json or, as a table, .csv.
    """
    check_files(output)
    model, features = file.read()
    with progress_bars():
        result = gs.expected_loss(
            model, features, method=method, rtol=rtol, target=target, power=power, by_active=by_active
        )
    lines = [str(result)]
    lines += [f"  feature {i}: {value:.9g}" for i, value in enumerate(result.per_feature)]
    lines += _active_lines(result)
    lines += [_read(model.source)]
    found = result.to_dict()
    if isinstance(features, gs.SampledFeatures):  # the samples are in a file already
        found["features"] = {
            "samples": list(features.X.shape), "fingerprint": features.fingerprint,
            "importance": features.importance.tolist(),
        }  # fmt: skip
    deliver(_with(model.source, found), "\n".join(lines), as_json, output, result.to_rows)


def compare(
    file: ModelFile,
    *,
    coherence: float | None = None,
    weight_decay: float = 0.0,
    target: str | None = None,
    starts: Whole | None = None,
    seed: Whole = 0,
    time_limit: float | None = None,
    output: Output = None,
    plot: Path | None = None,
    as_json: Json = False,
) -> None:
    """Compare the model in a file with the theoretical optimum; of a file of `geomsup train` all of them.

    Examples: ``geomsup compare geomsup-run.npz``; ``geomsup compare model.pt --sparsity 0.9 --plot both.png``.

    Parameters
    ----------
    coherence
        Factor of a penalty on the sum of (w_i · w_j)² over pairs of rows of W; by default that of the training.
    weight_decay
        Factor of a penalty on half the sum of squares of all weights and biases.
    target
        What outputs are to be: identity, abs, relu, square, pairs, abs_pairs or product_pairs; by default what the file
        says that the models were trained for, or identity.
    starts
        Descend this many random starts, once each, in place of the usual search for the optimum.
    seed
        Seed of the search.
    time_limit
        Seconds after which a search returns the best so far.
    output
        Also write the result to this file, .json or, as a table, .csv.
    plot
        Draw model and optimum to this file.
    """
    check_files(output, plot)
    trained = file.all_runs()
    with progress_bars() as progress:
        how: dict[str, Any] = {
            "coherence": coherence, "weight_decay": weight_decay, "target": target, "starts": starts, "rng": seed,
            "time_limit": time_limit, "progress": progress,
        }  # fmt: skip
        if trained is not None:
            result, source = trained.compare(**how), trained.source
        else:
            model, features = file.read(any_target=True)
            how["target"] = file.target() if target is None else target
            result, source = gs.compare(model, features, **how), model.source
    if plot is not None:
        drawn = result.plot()
        save_figure((drawn[0] if isinstance(drawn, list) else drawn).figure, plot)
    deliver(_with(source, result.to_dict()), f"{result}\n{_read(source)}", as_json, output, result.to_rows, plot)


def symmetry(
    file: WeightsFile,
    *,
    tolerance: float | None = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Find the symmetry of the rows in a file: order, orbits and, in three dimensions, the point group.

    Example: ``geomsup symmetry W.npy --tolerance 0.05``.

    Parameters
    ----------
    tolerance
        Largest distance of the image of a row from a row; by default 1e-6 of the longest.
    output
        Also write the result to this file, .json or, as a table, .csv.
    """
    check_files(output)
    W, source = file.read_one()
    found = gs.symmetry(W, tolerance=tolerance)
    text = in_shell_words(found.summary(), HINTED)
    deliver(_with(source, found.to_dict()), f"{text}\n{_read(source)}", as_json, output, found.to_rows)


def dimensionality(
    file: WeightsFile,
    *,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Say what fraction of a dimension each feature of a file has, and how many dimensions there are per feature.

    Example: ``geomsup dimensionality W.npy -o D.csv``.

    Parameters
    ----------
    output
        Also write the result to this file, .json or, as a table, .csv.
    """
    check_files(output)
    W, source = file.read_one()
    D, per_feature = gs.dimensionality(W, orientation="rows"), float(gs.dimensions_per_feature(W, orientation="rows"))
    rows = [{"feature": i, "dimensionality": float(value)} for i, value in enumerate(D)]
    lines = [f"D* = {per_feature:.6g} dimensions per feature; D_i add up to {D.sum():.6g}"]
    lines += [f"  feature {row['feature']}: {row['dimensionality']:.6g}" for row in rows]
    told = per_feature if np.isfinite(per_feature) else None  # of rows 1e-200 long: JSON has no infinity
    result = {"dimensionality": D.tolist(), "dimensions_per_feature": told}
    deliver(_with(source, result), "\n".join([*lines, _read(source)]), as_json, output, lambda: rows)


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
