"""Device functions: sums over the lanes of a warp, in an order that is always the same."""

from typing import Any

from geomsup.training.cuda.device import cuda
from geomsup.training.cuda.form import LANES

__all__ = ["add_before", "make_add_columns", "sum_lanes"]

ALL = 0xFFFFFFFF  # mask of all lanes


@cuda.jit(device=True)
def sum_lanes(value):
    """Return the sum over the lanes, in every lane."""
    for t in range(5):
        value += cuda.shfl_xor_sync(ALL, value, 1 << t)
    return value


@cuda.jit(device=True)
def add_before(value, lane):
    """Return the sum of the values of this lane and those before."""
    for t in range(5):
        other = cuda.shfl_up_sync(ALL, value, 1 << t)
        if lane >= 1 << t:
            value += other
    return value


def make_add_columns(count: int) -> tuple[Any, int]:
    """Return a device function ``(values, lane)`` and how many columns it pads to, a power of 2 (`count` <= 32).

    Entry q of `values` is column q of this lane; afterwards entry 0 is the sum over the lanes of column
    ``lane % columns``. At every exchange a lane keeps one half of its columns and gives the other away, so that 32
    columns take 31 exchanges, not 160.
    """
    columns = 1
    while columns < count:
        columns *= 2
    halvings = [_make_halve(half) for half in (16, 8, 4, 2, 1)]
    halve_16, halve_8, halve_4, halve_2, halve_1 = halvings

    @cuda.jit(device=True)
    def add_columns(values, lane):
        if columns > 16:
            halve_16(values, lane)
        if columns > 8:
            halve_8(values, lane)
        if columns > 4:
            halve_4(values, lane)
        if columns > 2:
            halve_2(values, lane)
        if columns > 1:
            halve_1(values, lane)
        for t in range(5):
            if 1 << t >= columns:
                values[0] += cuda.shfl_xor_sync(ALL, values[0], 1 << t)

    assert columns <= LANES
    return add_columns, columns


def _make_halve(half: int) -> Any:
    @cuda.jit(device=True)
    def halve(values, lane):
        upper = lane & half != 0
        for q in range(half):
            kept, given = values[q], values[q + half]
            if upper:
                kept, given = given, kept
            values[q] = kept + cuda.shfl_xor_sync(ALL, given, half)

    return halve
