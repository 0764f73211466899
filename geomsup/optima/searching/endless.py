"""Rows that grow without end: losses that are approached, and that no model has.

Binary features do this. An output with the bias 1 - |w|² hears its own feature as 1, and is silent otherwise if |w| is
large. Two such features that never come together may share a long direction, if they differ by √2 in another one. What
other outputs hear of them along it is the product of a long and a short component, which any length allows. As rows
grow like t, loss(t) = limit + c/t²; `docs/theory_notes.md` has an example in closed form. A descent follows such a
valley slower and slower. Here lengths are doubled, and each doubling gains a quarter of the one before.
"""

import numpy as np

from geomsup.features import Features
from geomsup.optima.deadline import ENDLESS, Deadline
from geomsup.optima.descent import FINE, End, Start, descend
from geomsup.optima.searching.losses import rounding

__all__ = ["UNREACHED", "lengthened", "shortened"]

UNREACHED = "unreached"  # what such an end is, instead of a minimum
LONG = 3.0  # rows of minima that are reached have norms of 0 to 2: their squares are what outputs say of their own
MOST_DOUBLINGS = 12  # then rows are thousands of times as long, and biases millions of times: rounding is nearer
# Relative gain of a doubling after which another is tried: all others together gain a third of it. Rounding takes more
# from the loss of longer rows.
GAINED = 1e-6
ROUNDING = 1e-12  # relative gains below this are none
STAYED = 1.5  # rows of this many times their length before a doubling have stayed long in the descent after it
STEPS = 400  # of that descent, which changes little


def lengthened(features: Features, end: End, deadline: Deadline = ENDLESS) -> tuple[End, bool]:
    """Return the end with longer rows, as long as that lowers its loss, and whether it would go on without an end."""
    grows, gain = False, np.inf
    for _ in range(MOST_DOUBLINGS):
        starts = _doubled(end)
        if not starts or gain <= GAINED or end.loss <= rounding(features) or deadline.passed():
            break
        ends = descend(features, starts, slope=FINE, most_steps=STEPS, deadline=deadline)
        longer = min(ends, key=lambda one: one.loss)
        gain = 1 - longer.loss / end.loss
        if not (gain > ROUNDING and _length(longer) > STAYED * _length(end)):
            break
        end, grows = longer, True
    return end, grows


def shortened(W: np.ndarray) -> np.ndarray:
    """Return W with long rows of norm 1, beside which the others are not called short: to look at directions."""
    norms = np.linalg.norm(W, axis=1)
    return W / np.where(norms > LONG, norms, 1.0)[:, None]


def _length(end: End) -> float:
    return float(np.linalg.norm(end.W, axis=1).max())


def _doubled(end: End) -> list[Start]:
    """Return the model with long components doubled and short ones halved, along each direction that has long ones.

    Components are of the orders t, 1 and 1/t, t being the longest of the direction. Biases change as the squares of
    rows do, so that what an output says of its own feature stays.
    """
    starts = []
    for along in np.linalg.svd(end.W)[2]:
        part = end.W @ along
        longest = np.abs(part).max()
        if longest > LONG:
            order = np.rint(np.log(np.maximum(np.abs(part), 1 / longest)) / np.log(longest))
            W = end.W + np.outer(part * (2.0**order - 1), along)
            starts.append((W, end.b + (end.W**2).sum(axis=1) - (W**2).sum(axis=1)))
    return starts
