"""The user's folder for results that can be computed again."""

import os
from pathlib import Path

__all__ = ["user_folder"]


def user_folder() -> Path | None:
    """Return geomsup's folder in the user's cache folder, made by whoever writes there; None for a user without a home.

    Examples
    --------
    >>> user_folder().name
    'geomsup'
    """
    base = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "geomsup"
    except RuntimeError:  # what is said of a user who has none
        return None
