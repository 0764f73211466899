"""Files that cannot be read: what is wrong with them, in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["broken_file_named"]


@contextmanager
def broken_file_named(path: Path, kind: str) -> Iterator[None]:
    """Turn whatever a reader raises on broken bytes into a ValueError that names the file."""
    try:
        yield
    except Exception as error:  # on broken bytes readers raise anything, from zlib.error to MemoryError
        if str(error).startswith("Object arrays"):
            raise ValueError(
                f"`path` must hold plain arrays; got {path.name!r} with pickled objects. "
                "Save it again with numbers only."
            ) from None
        # What NumPy says of any file that does not begin like one of its own.
        unknown = "pickled" in str(error)
        reason = "it does not begin like one, or is a pickle" if unknown else " ".join(str(error).split()).rstrip(".")
        raise ValueError(
            f"`path` must be a valid {kind} file; {path.name!r} is broken: {reason}. Save it again."
        ) from error
