"""What long searches call to say how far they are."""

from collections.abc import Callable

__all__ = ["Progress", "Report"]

Report = Callable[[str, float], None]  # (stage, fraction of it that is done)
Progress = Report | None  # None: nobody asks
