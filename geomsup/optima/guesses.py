"""Models that a search starts from as well: which are taken."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.model import ToyModel

__all__ = ["fitting", "of_ordinary_size"]

# Squares of what a guess returns, of the size of WWᵀ and b, stay below 1e308.
LARGEST_GUESS = 1e150


def fitting(guesses: Any, n: int, m: int) -> list[ToyModel]:
    """Return the guesses as a list, or refuse those that are not models of this size."""
    if isinstance(guesses, Sequence):
        checks.room("guesses", len(guesses) * n * m)
    found = list(guesses) if isinstance(guesses, Sequence) else [guesses]
    for guess in found:
        if not isinstance(guess, ToyModel) or guess.W.shape != (n, m):
            raise ValueError(
                f"`guesses` must be ToyModels of {checks.count(n, 'feature')} in {checks.count(m, 'dimension')}; "
                f"got {checks.shown(guess)}. "
                "Leave it out."
            )
    return found


def of_ordinary_size(guess: ToyModel) -> ToyModel:
    """Return a guess, in units of ordinary size, or refuse it."""
    weights, biases = np.abs(guess.W).max(), np.abs(guess.b).max()
    if not (weights <= LARGEST_GUESS**0.5 and biases <= LARGEST_GUESS):
        raise ValueError(
            "`guesses` must have losses that a double can hold; "
            f"got weights up to {weights:.3g} and biases up to {biases:.3g}. Leave such a guess out, or rescale it."
        )
    return guess
