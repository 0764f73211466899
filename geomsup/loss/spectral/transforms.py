"""Kernels of characteristic functions: of one feature, and of a unit of features, on a chunk of frequencies.

Arrays of transforms are (2, CHUNK), real and imaginary parts, with frequencies along the inner, contiguous axis.
"""

import numpy as np

from geomsup.compiling import njit
from geomsup.loss.plan import ONE_OF

__all__ = ["CHUNK", "compose", "fast", "feature_transforms", "phases"]

CHUNK = 128  # frequencies at a time: the arrays of a unit then stay in the first cache
SERIES_BELOW = 0.5  # h under which (sin h - h cos h) / h² is summed as a power series instead of cancelling

# Reordered sums and fused products let the loops over frequencies vectorise; NaN and infinity keep their meaning.
# No parts: within a caller it is not known that the arrays of such a loop are apart.
fast = njit(error_model="numpy", fastmath={"reassoc", "contract", "nsz"})


@fast
def phases(angle, first, count, cos, sin):
    """Fill cos and sin of (first + r) * angle, r < count, doubling from an exact start.

    Every entry is a sum of products that do not cancel for small angles: sines keep their relative accuracy.
    """
    c, s = np.cos(angle), np.sin(angle)
    cos[0], sin[0] = c, s
    if first != 1:
        cos[0], sin[0] = np.cos(first * angle), np.sin(first * angle)
    done = 1
    while done < count:
        for r in range(min(done, count - done)):
            cos[done + r] = cos[r] * c - sin[r] * s
            sin[done + r] = sin[r] * c + cos[r] * s
        c, s = c * c - s * s, 2.0 * c * s
        done *= 2


@fast
def _transforms(a, centre, radius, probability, first, count, inverse, moments, scratch, psi, xi, zeta):
    """Fill psi, p E e^{iθax}; xi, the same with x, if `moments` >= 1; zeta, with x², if it is 2. θ is first + r.

    x is uniform on centre ± radius, `a` its coefficient times the step, inverse[r] = 1/(first + r). With
    h = θ a radius, v ~ U[-1, 1]: S = E cos hv = sin h / h, Q = E v sin hv = (S - cos h) / h and
    P = E v² cos hv = S - 2Q/h. Arrays are (2, CHUNK), real and imaginary parts.
    """
    cos, sin, turn_cos, turn_sin, S, Q = scratch
    step = a * radius
    phases(step, first, count, cos, sin)
    if centre == radius:
        for r in range(count):
            turn_cos[r], turn_sin[r] = cos[r], sin[r]
    else:
        phases(a * centre, first, count, turn_cos, turn_sin)
    psi_re, psi_im = psi[0], psi[1]
    still = abs(step) < 1e-290  # x does not spread, or is not coupled: S = 1, Q = 0 and P = 1/3
    scale = 0.0 if still else 1.0 / step
    for r in range(count):
        S[r] = 1.0 if still else sin[r] * inverse[r] * scale
        psi_re[r] = probability * S[r] * turn_cos[r]
        psi_im[r] = probability * S[r] * turn_sin[r]
    if moments == 0:
        return
    near = count
    for r in range(count):
        Q[r] = (S[r] - cos[r]) * inverse[r] * scale
    if abs(step) * (first + count) >= SERIES_BELOW:
        near = min(count, max(0, int(SERIES_BELOW / abs(step)) + 1 - first))
    for r in range(near):  # where S - cos h cancels: h Σ_k (-1)^k h^2k 2(k+1)/(2k+3)!
        h = (first + r) * step
        t = -h * h
        Q[r] = h * (1 / 3 + t * (1 / 30 + t * (1 / 840 + t * (1 / 45360 + t * (1 / 3991680 + t / 518918400)))))
    xi_re, xi_im = xi[0], xi[1]
    even, odd = probability * centre, probability * radius
    for r in range(count):
        xi_re[r] = even * S[r] * turn_cos[r] - odd * Q[r] * turn_sin[r]
        xi_im[r] = even * S[r] * turn_sin[r] + odd * Q[r] * turn_cos[r]
    if moments == 1:
        return
    zeta_re, zeta_im = zeta[0], zeta[1]
    even, odd, square = probability * centre**2, 2.0 * probability * centre * radius, probability * radius**2
    for r in range(count):
        P = 1 / 3 if still else S[r] - 2.0 * Q[r] * inverse[r] * scale
        zeta_re[r] = (even * S[r] + square * P) * turn_cos[r] - odd * Q[r] * turn_sin[r]
        zeta_im[r] = (even * S[r] + square * P) * turn_sin[r] + odd * Q[r] * turn_cos[r]


@fast
def feature_transforms(a, j, laws, first, count, inverse, moments, scratch, spare, psi, xi, zeta):
    """Fill the transforms of feature j given that it is present: the mixture of its distribution's pieces."""
    piece_ptr, weight, low, width = laws
    start, stop = piece_ptr[j], piece_ptr[j + 1]
    for piece in range(start, stop):
        radius = 0.5 * width[piece]
        out_psi, out_xi, out_zeta = (psi, xi, zeta) if piece == start else (spare[0], spare[1], spare[2])
        _transforms(a, low[piece] + radius, radius, weight[piece], first, count, inverse, moments, scratch,
                    out_psi, out_xi, out_zeta)  # fmt: skip
        if piece > start:
            _add(out_psi, psi, count)
            if moments >= 1:
                _add(out_xi, xi, count)
            if moments >= 2:
                _add(out_zeta, zeta, count)


@fast
def _add(x, out, count):
    for r in range(count):
        out[0, r] += x[0, r]
        out[1, r] += x[1, r]


@fast
def _copy(x, out, count):
    for r in range(count):
        out[0, r], out[1, r] = x[0, r], x[1, r]


@fast
def _scale(x, factor, count):
    for r in range(count):
        x[0, r] *= factor
        x[1, r] *= factor


@fast
def _multiply(x, y, count):
    """Multiply transforms: x *= y."""
    x_re, x_im, y_re, y_im = x[0], x[1], y[0], y[1]
    for r in range(count):
        x_re[r], x_im[r] = x_re[r] * y_re[r] - x_im[r] * y_im[r], x_re[r] * y_im[r] + x_im[r] * y_re[r]


@fast
def _add_product(weight, first, second, psi, start, places, left_out, other, out, work, count):
    """Add weight * first * second * Π ψ to `out`; Π omits the places `left_out` and `other`.

    If `other` is -1, no second place is omitted, and the factor `second` is left out.
    """
    for r in range(count):
        work[0, r], work[1, r] = weight * first[0, r], weight * first[1, r]
    if other >= 0:
        _multiply(work, second, count)
    for q in range(len(places)):
        if places[q] != left_out and places[q] != other:
            _multiply(work, psi[start + places[q]], count)
    for r in range(count):
        out[0, r] += work[0, r]
        out[1, r] += work[1, r]


@fast
def _compose_sets(start, stop, sets, table, target, gradient, psi, xi, zeta, pair, total, count):
    """Do what `compose` says for a unit with a table of sets: sums over the sets of products over their members."""
    set_ptr, probability, place_ptr, place = sets
    size = stop - start
    own = np.zeros((size, 2, CHUNK))
    square, work, one = np.zeros((2, CHUNK)), np.empty((2, CHUNK)), np.zeros((2, CHUNK))
    one[0] = 1.0
    total[:, :count] = 0.0
    if target >= 0:
        for s in range(start, stop):
            pair[s, :, :count] = 0.0
    for k in range(set_ptr[table], set_ptr[table + 1]):
        here, weight = place[place_ptr[k] : place_ptr[k + 1]], probability[k]
        _add_product(weight, one, one, psi, start, here, -1, -1, total, work, count)
        with_target = False
        for q in range(len(here)):
            with_target = with_target or start + here[q] == target
        for q in range(len(here)):
            s = start + here[q]
            if gradient or s == target:
                _add_product(weight, xi[s], one, psi, start, here, here[q], -1, own[here[q]], work, count)
            if s == target:
                _add_product(weight, zeta, one, psi, start, here, here[q], -1, square, work, count)
            elif gradient and with_target:
                _add_product(weight, xi[s], xi[target], psi, start, here, here[q], target - start, pair[s], work, count)
    for s in range(start, stop):
        if gradient or s == target:
            _copy(own[s - start], xi[s], count)
    if target >= 0:
        _copy(square, zeta, count)


@fast
def compose(start, stop, kind, sets, p, target, gradient, psi, xi, zeta, pair, total, count):
    """Combine the transforms of the members start ... stop - 1 of a unit, each given its presence, into the unit's.

    Here u = Σ a_s x_s over the members present, and E[y; A] is the mean of y where A holds and 0 elsewhere. total
    becomes E[e^{iθu}; unit present], xi[s] becomes E[x_s e^{iθu}; unit present], and if the unit holds the
    target, zeta becomes E[x_t² e^{iθu}; ...] and pair[s] E[x_t x_s e^{iθu}; ...].
    """
    if stop - start == 1:
        for r in range(count):
            total[0, r], total[1, r] = p[start] * psi[start, 0, r], p[start] * psi[start, 1, r]
        if gradient or target >= 0:
            _scale(xi[start], p[start], count)
        if target >= 0:
            _scale(zeta, p[start], count)
        return
    if kind >= 0:
        _compose_sets(start, stop, sets, kind, target, gradient, psi, xi, zeta, pair, total, count)
        return
    if kind == ONE_OF:
        total[:, :count] = 0.0
        for s in range(start, stop):
            for r in range(count):
                total[0, r] += p[s] * psi[s, 0, r]
                total[1, r] += p[s] * psi[s, 1, r]
            _scale(xi[s], p[s], count)
            if target >= 0:
                pair[s, :, :count] = 0.0
        if target >= 0:
            _scale(zeta, p[target], count)
        return
    total[0, :count], total[1, :count] = p[start], 0.0
    for s in range(start, stop):
        _multiply(total, psi[s], count)
    if target >= 0:
        for s in range(start, stop):
            if s == target:
                continue
            _multiply(zeta, psi[s], count)
            if gradient:
                _copy(xi[s], pair[s], count)
                _multiply(pair[s], xi[target], count)
                _scale(pair[s], p[start], count)
                for other in range(start, stop):
                    if other != s and other != target:
                        _multiply(pair[s], psi[other], count)
        _scale(zeta, p[start], count)
    for s in range(start, stop):
        if gradient or s == target:
            _scale(xi[s], p[start], count)
            for other in range(start, stop):
                if other != s:
                    _multiply(xi[s], psi[other], count)
