"""A number that decides a verdict, and the reason for its value."""

__all__ = ["Threshold"]


class Threshold(float):
    """A number with its reason, which the docs show as the criterion of an experiment.

    Parameters
    ----------
    value
        The number.
    reason
        What it bounds, and why it has this value: part of a sentence.

    Examples
    --------
    >>> half = Threshold(0.5, "fraction above which it is most")
    >>> 0.6 > half, half.reason
    (True, 'fraction above which it is most')
    """

    reason: str

    def __new__(cls, value: float, reason: str) -> "Threshold":
        """Make the number, and keep the reason with it."""
        self = super().__new__(cls, value)
        self.reason = reason
        return self
