"""Compiled: the nearest rows of each row, sets of rows that grow, and motifs."""

import numpy as np

from geomsup.compiling import njit

__all__ = ["find", "grow", "keep_nearest"]


@njit
def keep_nearest(G: np.ndarray, near: np.ndarray, cosines: np.ndarray, stop: np.ndarray) -> None:
    """Write the largest entries of each row of G, the largest first.

    Parameters
    ----------
    G
        ``(rows, columns)`` cosines.
    near, cosines
        ``(rows, kept)``, written: columns and their cosines, with kept <= columns.
    stop
        Ends the loop when its entry is not 0.
    """
    kept = near.shape[1]
    for i in range(G.shape[0]):
        if stop[0] != 0:
            return
        used = 0
        for j in range(G.shape[1]):
            if used == kept and G[i, j] <= cosines[i, kept - 1]:
                continue
            place = used if used < kept else kept - 1
            while place > 0 and cosines[i, place - 1] < G[i, j]:
                near[i, place], cosines[i, place] = near[i, place - 1], cosines[i, place - 1]
                place -= 1
            near[i, place], cosines[i, place] = j, G[i, j]
            used = min(used + 1, kept)


@njit
def grow(
    G: np.ndarray,
    first: int,
    moments: np.ndarray,
    exponents: np.ndarray,
    places: np.ndarray,
    order: np.ndarray,
    patience: int,
    stop: np.ndarray,
) -> tuple[int, float]:
    """Add rows of the largest volume to a set, one by one, by a pivoted Cholesky factorisation.

    Return the size at which the set is most improbable, and the log of the bound of its probability.

    Parameters
    ----------
    G
        ``(n, n)`` inner products of unit rows, changed.
    first
        Number of rows at the beginning of `order` that are in the set in any case.
    moments
        ``(largest + 1, exponents)`` logs of the moments of the squared volume of k random rows.
    exponents
        The exponents h.
    places
        ``(largest + 1,)`` logs of the number of sets of each size.
    order
        ``(n,)`` rows, written: those that joined, in their order, come first.
    patience
        The search ends when the set has twice as many rows as the best one, and this many more.
    stop
        Ends the loop when its entry is not 0.
    """  # fmt: skip
    n, largest = len(G), len(places) - 1
    left, factor = np.ones(n), np.zeros((largest, n), G.dtype)
    log_volume, best, best_size = 0.0, 1.0, 1
    for size in range(min(n, largest)):
        if stop[0] != 0 or size > 2 * best_size + patience:
            break
        place = size
        if size >= first:
            for other in range(size + 1, n):
                if left[order[other]] > left[order[place]]:
                    place = other
        order[size], order[place] = order[place], order[size]
        row = order[size]
        if left[row] < 1e-6:  # rounding, in single precision
            break
        log_volume = min(log_volume + np.log(left[row]), 0.0)
        column = factor[size]
        column[:] = G[row]
        for before in range(size):
            column -= factor[before, row] * factor[before]
        column /= np.sqrt(left[row])
        for other in range(n):
            left[other] = max(left[other] - column[other] ** 2, 0.0)
        if size > 0:
            evidence = 0.0
            for h in range(len(exponents)):
                evidence = min(evidence, moments[size + 1, h] - exponents[h] * log_volume)
            evidence += places[size + 1]
            if evidence < best:
                best, best_size = evidence, size + 1
    return best_size, best


@njit
def find(
    W_in: np.ndarray,
    W_out: np.ndarray,
    serves: np.ndarray,
    ratio: float,
    inhibits: float,
    rest: float,
    found: np.ndarray,
    stop: np.ndarray,
) -> int:
    """Count asymmetric motifs.

    Parameters
    ----------
    W_in, W_out
        ``(n, m)`` weights of features into and out of neurons.
    serves
        ``(n, m)`` whether a neuron serves a feature.
    ratio
        Least ratio of the two weights in, and of the two weights out.
    inhibits
        Least part of the interference that the inhibitor takes away.
    rest
        Largest part of the interference that is left in the sum over all neurons.
    found
        ``(room, 4)``, written: shared neuron, strong feature, weak feature, inhibitor of the first motifs.
    stop
        Ends the loop when its entry is not 0.
    """  # fmt: skip
    n, m = W_in.shape
    members = np.empty(n, np.int64)
    count = 0
    for a in range(m):
        size = 0
        for i in range(n):
            if serves[i, a]:
                members[size] = i
                size += 1
        for i in members[:size]:
            if stop[0] != 0:
                return count
            sign = np.sign(W_in[i, a])
            for j in members[:size]:
                unequal = abs(W_in[i, a]) >= ratio * abs(W_in[j, a]) and W_out[j, a] >= ratio * W_out[i, a]
                if i == j or not unequal:
                    continue
                total, least, inhibitor = 0.0, 0.0, -1
                for b in range(m):
                    if sign * W_in[i, b] > 0.0:
                        onto = sign * W_in[i, b] * W_out[j, b]
                        total += onto
                        if onto < least:
                            least, inhibitor = onto, b
                interference = sign * W_in[i, a] * W_out[j, a]
                if inhibitor >= 0 and least <= -inhibits * interference and total <= rest * interference:
                    if count < len(found):
                        found[count, 0], found[count, 1], found[count, 2], found[count, 3] = a, i, j, inhibitor
                    count += 1
    return count
