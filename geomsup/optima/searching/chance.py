"""The chance that one more search would end lower, from where the searches so far have ended."""

import numpy as np

__all__ = ["ODDS", "SAME", "chance_of_lower", "hits"]

SAME = 1e-6  # relative difference of losses below which two searches have found the same
# Odds that searches of a problem can end at different losses: those of highest likelihood for 157 problems of up to 12
# features (`benchmarks/trials_optimum.py`), of which 12 do. Two later runs of all of them give 0.13; with 0.09, 0.0039
# was stated in the last one on average, and 0.0017 measured.
ODDS = 0.09


def hits(ends: np.ndarray) -> int:
    """Return how many searches ended where the best did, to a relative 1e-6."""
    return int((ends <= ends.min() * (1 + SAME)).sum())


def chance_of_lower(ends: np.ndarray, odds: float = ODDS) -> float:
    """Estimate the probability that one more independent search ends below the best of these.

    Of most problems all searches end at the same loss; `odds` are those of the others. There a search ends at the
    lowest loss with a probability of which nothing is known; if not, at the next one, with another such probability;
    and so on. Then the best of N searches has j losses below it with a probability in proportion to (N + 1)^-j, and one
    more ends at one of these with 1/(N + 1)². If all N agree, it is the problem that may be one of the others, and is
    so with odds/(N + odds). docs/theory_notes.md, "The chance that one more search ends lower".

    Examples
    --------
    >>> round(chance_of_lower(np.array([1.0, 1.0, 1.0])), 4)  # three that agree
    0.0018
    >>> chance_of_lower(np.array([1.0, 1.0, 1.1]))  # two of three
    0.0625
    """
    searches = len(ends)
    differ = 1.0 if hits(ends) < searches else odds / (searches + odds)
    return differ / (searches + 1) ** 2
