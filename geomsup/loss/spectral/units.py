"""Kernels that gather what one output depends on: units, the target's last, and the range of u."""

from geomsup.compiling import njit

__all__ = ["collect", "ends"]


@njit(error_model="numpy")
def collect(coupling, i, units, members, a, p, ustart, together, absent, ids):
    """List the units that output i depends on, the target's last; return their number and the target's place."""
    start, member, is_together, q, probability = units
    count, size, own = 0, 0, 0
    for unit in range(len(q)):
        coupled, holds_target = False, False
        for s in range(start[unit], start[unit + 1]):
            if member[s] == i:
                holds_target = True
            elif coupling[member[s]] != 0.0 and probability[member[s]] > 0.0:
                coupled = True
        if holds_target:
            own = unit
        elif coupled:
            ids[count] = unit
            count += 1
    ids[count] = own
    count += 1
    target = 0
    for v in range(count):
        unit = ids[v]
        ustart[v], together[v], absent[v] = size, is_together[unit], q[unit]
        for s in range(start[unit], start[unit + 1]):
            j = member[s]
            if j == i:
                target = size
            members[size], a[size], p[size] = j, coupling[j], probability[j]
            size += 1
    ustart[count] = size
    return count, target


@njit(error_model="numpy")
def ends(a, members, laws):
    """Return the ends of the interval that u - b lives on."""
    piece_ptr, _, low, width = laws
    bottom, top = 0.0, 0.0
    for s in range(len(a)):
        least, most = 0.0, 0.0
        for piece in range(piece_ptr[members[s]], piece_ptr[members[s] + 1]):
            for end in (a[s] * low[piece], a[s] * (low[piece] + width[piece])):
                least, most = min(least, end), max(most, end)
        bottom += least
        top += most
    return bottom, top
