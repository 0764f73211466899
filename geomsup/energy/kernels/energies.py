"""Kernels: energies of points on the unit sphere and their gradients.

Points come as ``(d, n)``, one row per coordinate, so that the loop over partners reads without strides. Gradients are
those of the ambient space; `descent` projects them. Each pair is used once.
"""

import math

from geomsup.compiling import njit

__all__ = ["COHERENCE", "COULOMB", "FRAME", "LOG", "RELU", "RIESZ", "SEPARATION", "coulomb_3d", "pair_energy"]

# What `pair_energy` sums; the last two are smoothed maxima over pairs, sharper the larger the exponent.
COULOMB, RIESZ, LOG, FRAME, RELU, SEPARATION, COHERENCE = range(7)

NEGLIGIBLE = -45.0  # terms of a smoothed maximum with a lower exponent are left out: 1e-19 of the largest


@njit(part=True, error_model="numpy", fastmath=True)
def coulomb_3d(X, G):
    """Return Σ_{i<j} 1/|x_i - x_j| of points in space and write its gradient to G.

    Two rows at a time meet all earlier ones: the loads and stores of the inner loop serve two pairs. The default error
    model would put a branch on the division and keep the loop from being vectorised. 450 M pairs/s at n = 72, 700 M at
    n = 1000 on one AVX2 core (one row at a time 570 M, both halves of the matrix 320 M; float32 reciprocal roots
    refined by Newton steps 520 M). Measured by benchmarks/bench_energy.py.
    """
    n = X.shape[1]
    x, y, z = X[0], X[1], X[2]
    gx, gy, gz = G[0], G[1], G[2]
    gx[:] = 0.0
    gy[:] = 0.0
    gz[:] = 0.0
    total = 0.0
    for i in range(1, n, 2):
        xi, yi, zi = x[i], y[i], z[i]
        xk, yk, zk = x[i - 1], y[i - 1], z[i - 1]
        energy = a = b = c = p = q = r = 0.0
        for j in range(i - 1):
            dx, dy, dz = xi - x[j], yi - y[j], zi - z[j]
            ex, ey, ez = xk - x[j], yk - y[j], zk - z[j]
            u = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
            v = 1.0 / math.sqrt(ex * ex + ey * ey + ez * ez)
            energy += u
            energy += v
            u3, v3 = u * u * u, v * v * v
            dx *= u3
            dy *= u3
            dz *= u3
            ex *= v3
            ey *= v3
            ez *= v3
            a -= dx
            b -= dy
            c -= dz
            p -= ex
            q -= ey
            r -= ez
            gx[j] += dx + ex
            gy[j] += dy + ey
            gz[j] += dz + ez
        dx, dy, dz = xi - xk, yi - yk, zi - zk
        u = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
        u3 = u * u * u
        total += energy + u
        gx[i], gy[i], gz[i] = a - u3 * dx, b - u3 * dy, c - u3 * dz
        gx[i - 1], gy[i - 1], gz[i - 1] = p + u3 * dx, q + u3 * dy, r + u3 * dz
    if n % 2:
        i = n - 1
        xi, yi, zi = x[i], y[i], z[i]
        energy = a = b = c = 0.0
        for j in range(i):
            dx, dy, dz = xi - x[j], yi - y[j], zi - z[j]
            u = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
            energy += u
            u3 = u * u * u
            dx *= u3
            dy *= u3
            dz *= u3
            a -= dx
            b -= dy
            c -= dz
            gx[j] += dx
            gy[j] += dy
            gz[j] += dz
        total += energy
        gx[i], gy[i], gz[i] = a, b, c
    return total


@njit(part=True, error_model="numpy", fastmath=True)
def _riesz(t, s, value, slope, count):
    """Terms r^-s, r² = 2 - 2t, and their derivatives in t; whole exponents by multiplication."""
    whole = int(s)
    if whole != s or whole > 64:
        for j in range(count):
            r2 = max(2.0 - 2.0 * t[j], 1e-300)
            value[j] = r2 ** (-0.5 * s)
            slope[j] = s * value[j] / r2
        return
    if whole % 2:
        for j in range(count):
            value[j] = 1.0 / math.sqrt(2.0 - 2.0 * t[j])
    else:
        for j in range(count):
            value[j] = 1.0
    for _ in range(whole // 2):
        for j in range(count):
            value[j] /= 2.0 - 2.0 * t[j]
    for j in range(count):
        slope[j] = s * value[j] / (2.0 - 2.0 * t[j])


@njit(part=True, error_model="numpy")
def _terms(kind, exponent, shift, t, value, slope, count):
    """Write the term of every inner product t and its derivative."""
    if kind == COULOMB:
        for j in range(count):
            root = 1.0 / math.sqrt(2.0 - 2.0 * t[j])
            value[j] = root
            slope[j] = root * root * root
    elif kind == RIESZ:
        _riesz(t, exponent, value, slope, count)
    elif kind == LOG:
        for j in range(count):
            r2 = 2.0 - 2.0 * t[j]
            value[j] = -0.5 * math.log(r2)
            slope[j] = 1.0 / r2
    elif kind == FRAME:
        for j in range(count):
            value[j] = t[j] * t[j]
            slope[j] = 2.0 * t[j]
    elif kind == RELU:
        for j in range(count):
            open_ = max(t[j], 0.0)
            value[j] = open_ * open_
            slope[j] = 2.0 * open_
    elif kind == SEPARATION:
        for j in range(count):
            r2 = max(2.0 - 2.0 * t[j], 1e-30)
            power = -exponent * (math.log(r2) - shift)
            value[j] = math.exp(power) if power > NEGLIGIBLE else 0.0
            slope[j] = 2.0 * exponent * value[j] / r2
    else:
        for j in range(count):
            t2 = max(t[j] * t[j], 1e-30)
            power = exponent * (math.log(t2) - shift)
            value[j] = math.exp(power) if power > NEGLIGIBLE else 0.0
            slope[j] = 2.0 * exponent * value[j] * t[j] / t2


@njit(part=True, error_model="numpy", fastmath=True)
def _pair_sum(X, kind, exponent, shift, G, t, value, slope):
    d, n = X.shape
    G[:] = 0.0
    total = 0.0
    for i in range(1, n):
        t[:i] = 0.0
        for h in range(d):
            row, own = X[h], X[h, i]
            for j in range(i):
                t[j] += own * row[j]
        _terms(kind, exponent, shift, t, value, slope, i)
        part = 0.0
        for j in range(i):
            part += value[j]
        total += part
        for h in range(d):
            row, pushed, own = X[h], G[h], X[h, i]
            push = 0.0
            for j in range(i):
                push += slope[j] * row[j]
                pushed[j] += slope[j] * own
            pushed[i] = push
    return total


@njit(part=True, error_model="numpy")
def pair_energy(X, kind, exponent, G, work):
    """Return the energy of points and write its gradient to G; `work` is ``(3, n)`` of scratch.

    Coulomb, Riesz and log: Σ_{i<j}. FRAME: Σ_{i,j} t², the diagonal included. RELU: Σ_{i≠j} relu(t)². SEPARATION:
    log(Σ_{i<j} r^-2p) / p, p the exponent, which tends to -log of the smallest r². COHERENCE: log(Σ_{i<j} t^2p) / p.
    """
    n = X.shape[1]
    if kind == COULOMB and X.shape[0] == 3:
        return coulomb_3d(X, G)
    if kind < SEPARATION:
        total = _pair_sum(X, kind, exponent, 0.0, G, work[0], work[1], work[2])
        if kind in (FRAME, RELU):
            for h in range(X.shape[0]):
                for i in range(n):
                    G[h, i] *= 2.0
            total *= 2.0
        return total + n if kind == FRAME else total
    shift = _extreme(X, kind, work[0])  # the largest term is 1
    total = _pair_sum(X, kind, exponent, shift, G, work[0], work[1], work[2])
    scale = 1.0 / (exponent * total)
    for h in range(X.shape[0]):
        for i in range(n):
            G[h, i] *= scale
    return math.log(total) / exponent + (shift if kind == COHERENCE else -shift)


@njit(part=True, error_model="numpy")
def _extreme(X, kind, t):
    """Log of the smallest squared distance, or of the largest squared inner product."""
    d, n = X.shape
    most = -1.0
    for i in range(1, n):
        t[:i] = 0.0
        for h in range(d):
            for j in range(i):
                t[j] += X[h, i] * X[h, j]
        for j in range(i):
            most = max(most, t[j] if kind == SEPARATION else t[j] * t[j])
    return math.log(max(2.0 - 2.0 * most, 1e-30)) if kind == SEPARATION else math.log(max(most, 1e-30))
