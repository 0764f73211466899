"""What GPU kernels are compiled for: sizes, the form of the model, and how threads share the work.

A block is 128 samples, as on the CPU. The four words of a draw make four samples, 32 apart, so that the 32 lanes of a
warp hold a block. Where four samples in a lane would need too many registers, a lane holds two samples or one, and a
block is shared by two or four units of threads.
"""

from typing import NamedTuple

import numpy as np

from geomsup.training import arguments
from geomsup.training.settings import Settings

__all__ = ["LANES", "LARGE_SPLIT", "MOST_FEATURES", "MOST_HIDDEN", "SLOTS", "SMALL_WARPS", "Form", "make_form"]

LANES = 32  # threads of a warp
SLOTS = 8  # sums that blocks of a batch are added to in turn; adding these up in order gives every run the same bits
SMALL_WARPS = 4  # warps that train a small model
LARGE_SPLIT = 4  # warps that share the features of a large model
SHARED_BYTES = 48 * 1024  # shared memory that a thread block has on every device without asking for more
# Largest number of hidden units, and samples in a lane. A sample takes two registers for each hidden unit.
WIDTHS = ((12, 4), (32, 2), (64, 1))
MOST_HIDDEN = WIDTHS[-1][0]
# A lane keeps the gradients of its outputs in local memory, of which a device reserves as much for each thread that it
# can hold: 16 KiB for 4096 features, 4 samples and a quarter of the features each, which is 4.4 GB on an H200.
MOST_FEATURES = 4096


class Form(NamedTuple):
    """The size and kind of a model, and how threads share its work.

    Parameters
    ----------
    n, m, tied, hidden_relu, gelu, leak, target
        As in the forms of `geomsup.training.kernels`.
    width
        Samples in a lane.
    split
        Warps that share the rows of W.
    small
        Whether one thread block trains the model, for many steps in one launch.
    sgd, momentum
        As in a `Rule`.
    """

    n: int
    m: int
    tied: bool
    hidden_relu: bool
    gelu: bool
    leak: np.float32
    target: int
    width: int
    split: int
    small: bool
    sgd: bool
    momentum: np.float32

    @property
    def size(self) -> int:
        """Number of weights."""
        return self.n * self.m * (1 if self.tied else 2) + self.n

    @property
    def halves(self) -> int:
        """Number of units of threads that share a block of samples."""
        return 4 // self.width


def make_form(n: int, settings: Settings) -> Form:
    """Return the form of models of `n` features: small where all of it fits in shared memory."""
    (m,) = settings.units
    width = next(width for most, width in WIDTHS if m <= most)
    momentum = np.float32(settings.momentum)
    form = Form(n, m, *arguments.make_form(settings), width, 1, True, settings.optimizer == "sgd", momentum)
    tile = n * width * LANES
    held = (form.size + SLOTS * (form.size + 1) + SMALL_WARPS * tile) * 4 + 256
    if width == 4 and held <= SHARED_BYTES:
        return form
    return form._replace(split=LARGE_SPLIT, small=False)
