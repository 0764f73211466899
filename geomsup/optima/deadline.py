"""When a search is to end: a clock that every stage looks at, so that none goes on for long."""

import time
from collections.abc import Callable

import numpy as np

__all__ = ["ENDLESS", "Deadline"]


class Deadline:
    """The end of the time that a search may take; whoever hears that it has passed leaves out the rest of its work.

    Parameters
    ----------
    seconds
        From now.
    clock
        Returns the seconds of any clock that only goes forward.

    Attributes
    ----------
    cut
        Whether anyone has heard it, so that something was left out.

    Examples
    --------
    >>> looks = iter(range(10))
    >>> deadline = Deadline(2, clock=lambda: next(looks))  # a clock that goes on whenever it is looked at
    >>> deadline.passed(), deadline.cut
    (False, False)
    >>> deadline.passed(), deadline.cut
    (True, True)
    """

    def __init__(self, seconds: float = np.inf, clock: Callable[[], float] = time.monotonic) -> None:
        self._end, self._clock, self.cut = clock() + seconds, clock, False

    def passed(self) -> bool:
        """Whether the time is over."""
        self.cut = self.cut or self._clock() >= self._end
        return self.cut


ENDLESS = Deadline()
