"""PyTorch's files, opened by PyTorch itself where it is installed, and only as tensors: no pickle is executed."""

import re
from pathlib import Path

from geomsup.checks import pip_install
from geomsup.loading.held import Held
from geomsup.loading.objects import held_by

__all__ = ["open_torch"]

# Before this version a file could run code although only weights were asked for (CVE-2025-32434).
FIRST_SAFE = (2, 6)


def open_torch(path: Path) -> Held:
    """Return the tensors of a .pt or .pth file."""
    instead = 'numpy.savez("model.npz", **{name: x.float().cpu().numpy() for name, x in model.state_dict().items()})'
    try:
        import torch  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise ValueError(
            f"`path` must be readable here; {path.name!r} needs PyTorch, which is not installed. "
            f"Run: {pip_install('torch')}; or, where it is, save the weights with {instead}"
        ) from None
    if tuple(int(part) for part in re.findall(r"\d+", torch.__version__)[:2]) < FIRST_SAFE:
        raise ValueError(
            f"`path` must be opened by PyTorch 2.6 or later, which runs no code from files; got {torch.__version__}. "
            f"Run: {pip_install('torch')} --upgrade; or, where PyTorch is, save the weights with {instead}"
        )
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # UnpicklingError for objects, anything for broken bytes
        raise ValueError(
            f"`path` must hold tensors only; {path.name!r} holds other objects, or is broken. "
            "Save it again with torch.save(model.state_dict(), path)."
        ) from None
    return held_by(repr(path.name), content)
