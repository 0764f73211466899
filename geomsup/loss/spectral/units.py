"""Kernels that gather what one output depends on: units, the target's last, and the range of u."""

from geomsup.compiling import njit

__all__ = ["collect", "ends", "over_sets", "over_sets_with"]


@njit(part=True, error_model="numpy")
def collect(coupling, i, units, members, a, p, ustart, kind, absent, ids):
    """List the units that output i depends on, the target's last; return their number and the target's place."""
    start, member, kinds, q, probability, _ = units
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
        ustart[v], kind[v], absent[v] = size, kinds[unit], q[unit]
        for s in range(start[unit], start[unit + 1]):
            j = member[s]
            if j == i:
                target = size
            members[size], a[size], p[size] = j, coupling[j], probability[j]
            size += 1
    ustart[count] = size
    return count, target


@njit(part=True, error_model="numpy")
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


@njit(part=True, error_model="numpy")
def over_sets(sets, table, factors):
    """Return Σ_S P(S) Π_{s in S} factors[s] over the sets of a table; members count from the first of the unit."""
    set_ptr, probability, place_ptr, place = sets
    total = 0.0
    for k in range(set_ptr[table], set_ptr[table + 1]):
        product = probability[k]
        for q in range(place_ptr[k], place_ptr[k + 1]):
            product *= factors[place[q]]
        total += product
    return total


@njit(part=True, error_model="numpy")
def over_sets_with(sets, table, factors, target, instead):
    """Return the same over the sets with the target, whose factor is `instead`."""
    set_ptr, probability, place_ptr, place = sets
    total = 0.0
    for k in range(set_ptr[table], set_ptr[table + 1]):
        product, here = probability[k], False
        for q in range(place_ptr[k], place_ptr[k + 1]):
            here = here or place[q] == target
            product *= instead if place[q] == target else factors[place[q]]
        total += product if here else 0.0
    return total
