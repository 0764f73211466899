"""What is installed, and where it keeps what: the facts that a report of a fault should have."""

import importlib.util
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from geomsup.checks import pip_install
from geomsup.folders import user_folder
from geomsup.threads import processors
from geomsup.version import __version__

__all__ = ["EXTRAS", "facts"]

CORE = ("numpy", "scipy", "numba", "sympy", "networkx", "matplotlib", "cyclopts", "rich")
# What each extra of the package adds: a module that shows whether it is there, and what it is for.
EXTRAS = {
    "cuda": ("numba_cuda", "trainings on an NVIDIA GPU"),
    "weights": ("safetensors", "files ending in .safetensors"),
    "report": ("plotly", "geomsup report"),
    "tables": ("pandas", "to_dataframe()"),
    "certify": ("flint", "certify and verify"),
    "sweep": ("xarray", "to_dataset() and save() of sweeps"),
    "dask": ("distributed", "sweeps on many machines"),
    "docs": ("sphinx", "building the documentation"),
    "dev": ("pytest", "running the tests"),
}


def facts() -> dict[str, Any]:
    """Return versions, processor, GPU, caches and extras, as plain values.

    Examples
    --------
    >>> found = facts()
    >>> found["versions"]["geomsup"] == __version__, found["threads"] >= 1
    (True, True)
    """
    return {
        "versions": {"geomsup": __version__, "python": platform.python_version()}
        | {name: _version(name) for name in CORE},
        "package": str(Path(__file__).parents[1]),
        "system": platform.platform(),
        "processor": _processor(),
        "threads": processors(),
        "gpu": _gpu(),
        "caches": [_cache(what, folder) for what, folder in _folders().items()],
        "extras": [_extra(name, module, use) for name, (module, use) in EXTRAS.items()],
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    """Return the name of the processor: Linux says it in a file, other systems to `platform`."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _gpu() -> str:
    from geomsup.training.cuda.available import obstacle

    missing = obstacle()
    return "an NVIDIA GPU that can train" if missing is None else f"none that can train. It needs {missing}"


def _folders() -> dict[str, Path | None]:
    from geomsup.compiling import kernel_folder
    from geomsup.optima.cache import cache_folder

    return {"compiled kernels": kernel_folder(), "blocks and plateaus": cache_folder() if _can_keep() else None}


def _can_keep() -> bool:
    """Whether results are kept at all: `cache_folder` warns of a user without a folder, which is shown here anyway."""
    return "GEOMSUP_CACHE" in os.environ or user_folder() is not None


def _cache(what: str, folder: Path | None) -> dict[str, Any]:
    """Return where something is kept, how much of it there is, and whether more can be written."""
    if folder is None:
        return {"what": what, "folder": None, "files": 0, "bytes": 0, "writable": False}
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())  # it is made when needed
    writable = os.access(there, os.W_OK | os.X_OK)
    return {"what": what, "folder": str(folder), "files": len(sizes), "bytes": sum(sizes), "writable": writable}


def _extra(name: str, module: str, use: str) -> dict[str, Any]:
    there = importlib.util.find_spec(module) is not None
    advice = None if there else pip_install(f"geomsup[{name}]")
    return {"extra": name, "for": use, "installed": there, "install": advice}
