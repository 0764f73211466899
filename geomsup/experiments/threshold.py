"""A number that decides a verdict, and why it is that number."""

__all__ = ["Threshold"]


class Threshold(float):
    """A number with its reason, which the docs show as the criterion of an experiment.

    Parameters
    ----------
    value
        The number.
    reason
        What it is a bound of, and why it is that: part of a sentence.

    Examples
    --------
    >>> half = Threshold(0.5, "part from which it is most")
    >>> 0.6 > half, half.reason
    (True, 'part from which it is most')
    """

    reason: str

    def __new__(cls, value: float, reason: str) -> "Threshold":
        """Make the number, and keep the reason with it."""
        self = super().__new__(cls, value)
        self.reason = reason
        return self
