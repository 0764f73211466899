"""Commands about the installation: ``doctor`` and ``warm``."""

import os
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any

import numpy as np

import geomsup as gs
from geomsup import checks
from geomsup.cli.console import check_files, deliver, progress_bars
from geomsup.cli.options import Json, Output

__all__ = ["doctor", "warm"]

MEGABYTE = 1_000_000


def doctor(*, output: Output = None, as_json: Json = False) -> None:
    """Say what is installed, what is missing for which feature, and where things are kept.

    Example: ``geomsup doctor --json -o doctor.json``. Add what it prints to the report of a fault.

    Parameters
    ----------
    output
        Also write the result as .json to this file.
    """
    from geomsup.installation import facts

    check_files(output, table=False)
    found = facts()
    deliver(found, "\n".join(_lines(found)), as_json, output)


def _lines(found: dict[str, Any]) -> list[str]:
    lines = ["versions"]
    lines += [f"  {name:<12} {number or 'missing: reinstall geomsup'}" for name, number in found["versions"].items()]
    lines += [
        "machine",
        *(f"  {name:<12} {found[name]}" for name in ("package", "system", "processor", "threads", "gpu")),
    ]
    lines.append("kept on disk")
    for cache in found["caches"]:
        size = f"{checks.count(cache['files'], 'file')}, {cache['bytes'] / MEGABYTE:.1f} MB"
        state = size if cache["writable"] else f"{size}, but it cannot be written"
        lines.append(f"  {cache['what']}: {state}; {cache['folder'] or 'nowhere'}")
    lines.append("extras")
    for extra in found["extras"]:
        state = "installed" if extra["installed"] else f"not installed; type: {extra['install']}"
        lines.append(f"  {extra['extra']:<12} {extra['for']}: {state}")
    return lines


def warm(*, as_json: Json = False) -> None:
    """Compile what the other commands need, once, so that later calls start at once.

    Example: ``geomsup warm``. It takes about a minute; Ctrl-C leaves what is done.
    """
    from geomsup.compiling import kernel_folder
    from geomsup.threads import heard, processors
    from geomsup.workers import processes

    with progress_bars() as progress, processes(processors()) as pool:
        progress("compiling", 0.0)
        # Not as `work`: there is nothing to save, so that a worker that is told to end does so at once.
        ended = SimpleQueue[Future[str]]()
        for name in WORKS:
            pool.submit(_compile_for, name).add_done_callback(ended.put)
        for number in range(len(WORKS)):
            progress(f"compiled for {heard(ended).result()}", (number + 1) / len(WORKS))
    folder = kernel_folder()
    kept = 0 if folder is None else sum(path.suffix == ".nbc" for path in folder.iterdir())  # numba's machine code
    words = "compiled kernel is" if kept == 1 else "compiled kernels are"
    text = f"{kept} {words} kept in {folder or 'no folder: none can be written'}"
    deliver({"kernels": kept, "folder": None if folder is None else str(folder)}, text, as_json, None)


def _compile_for(name: str) -> str:
    os.environ["GEOMSUP_CACHE"] = ""  # a result that is known compiles nothing
    WORKS[name]()
    return name


def _features(n: int = 3) -> gs.Features:
    return gs.Features(n, 0.1)


def _model(n: int = 3) -> gs.ToyModel:
    return gs.ToyModel(np.random.default_rng(0).normal(size=(n, 3)))


# The smallest call of each kind that makes the commands' kernels, by the command that it is for. Processes share them
# out: the longest come first, and what uses kernels of others last.
WORKS: dict[str, Callable[[], object]] = {
    "loss, many features": lambda: gs.expected_loss(_model(20), _features(20), method="spectral", gradient=True),
    "thomson": lambda: gs.thomson(5, starts=1),
    "train": lambda: gs.train(_features(), 2, steps=1, batch=8, device="cpu"),
    "loss": lambda: gs.expected_loss(_model(), _features(), gradient=True),
    "classify": lambda: [gs.classify(gs.polytope(name).vertices) for name in ("pentagon", "cube", "5-cell")],
    "optimum": lambda: gs.optimum(_features(), 2, starts=2),
    "phase-diagram": lambda: gs.phase_diagram(2, 1, [0.2, 0.5], [0.5, 1.0], starts=1),
}
