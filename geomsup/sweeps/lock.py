"""A lock on a file that the system takes back when the process ends, however it does."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["holder", "locked"]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of this name within the block; raise BlockingIOError if another process holds it.

    The file says which process it is, and is removed at the end. One that a killed process left is taken over.
    """
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(file)
            if _is_at(file, path):  # else its holder removed it meanwhile
                break
        except BaseException:
            os.close(file)
            raise
        os.close(file)
    try:
        os.truncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(file)


def holder(path: Path) -> int | None:
    """Return the process that holds the lock of this name; None if nobody does."""
    try:
        file = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        _lock(file)
    except BlockingIOError:
        with suppress(ValueError, OSError):
            return int(os.read(file, 20))
        return -1  # it has not said so yet
    finally:
        os.close(file)
    return None


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False


def _lock(file: int) -> None:
    """Lock an open file, or raise BlockingIOError."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        import msvcrt

        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # pyright: ignore[reportAttributeAccessIssue]
        except OSError as error:
            raise BlockingIOError(*error.args) from None
        return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
