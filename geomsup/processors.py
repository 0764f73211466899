"""How many processors this process may use."""

import os

__all__ = ["processors"]


def processors() -> int:
    """Return their number: those it is bound to where the system says so, else those of the machine.

    Examples
    --------
    >>> processors() >= 1
    True
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
