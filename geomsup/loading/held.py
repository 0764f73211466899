"""What a file or an object holds: named arrays, each looked at and read only when needed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

__all__ = ["Entry", "Held", "arrays_of", "entry_of", "file_named"]

# Names that an error lists.
MOST_NAMES = 120


class Entry:
    """An array: its shape and the letter of its kind (NumPy's `dtype.kind`) are known before it is read."""

    def __init__(self, look: Callable[[], tuple[tuple[int, ...], str]], read: Callable[[], Any]) -> None:
        self._look, self.read = look, read

    @cached_property
    def _seen(self) -> tuple[tuple[int, ...], str]:
        return self._look()

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return self._seen[0]

    @property
    def kind(self) -> str:
        """NumPy's letter: "f" for floats, "U" for text, "O" for objects."""
        return self._seen[1]


@dataclass(frozen=True)
class Held:
    """Everything that a file or an object holds.

    `title` is how messages call it. `texts` are by name too: some say what the activations are.
    """

    title: str
    entries: Mapping[str, Entry]
    texts: Mapping[str, str] = field(default_factory=dict)

    def names(self) -> str:
        """Names of the arrays, the first ones when many."""
        names = list(self.entries)
        shown = names if len(names) <= MOST_NAMES else [*names[:MOST_NAMES], f"... ({len(names)} in all)"]
        return " ".join(", ".join(shown).split()) or "none"


@contextmanager
def file_named(held: Held, name: str) -> Iterator[None]:
    """Let an error about the numbers of an array, `name`, say of which file it is."""
    try:
        yield
    except (ValueError, TypeError) as error:
        about = f"`{name}` "
        if type(error) not in (ValueError, TypeError) or not str(error).startswith(about) or held.title[:1] != "'":
            raise
        raise type(error)(f"{about}of {held.title} {str(error).removeprefix(about)}") from None


def entry_of(value: Any) -> Entry:
    """Return an entry for an array that is in memory already: of NumPy, or a tensor of another library."""
    return Entry(lambda: (tuple(int(length) for length in value.shape), _kind(value)), lambda: value)


def _kind(value: Any) -> str:
    kind = getattr(value.dtype, "kind", None)
    if isinstance(kind, str):
        return kind
    return "c" if "complex" in str(value.dtype) else "b" if "bool" in str(value.dtype) else "f"  # PyTorch


def arrays_of(held: Held) -> dict[str, np.ndarray]:
    """Read everything."""
    return {name: entry.read() for name, entry in held.entries.items()}
