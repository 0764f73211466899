"""Kernels: products with sparse inputs, of which only the present features are listed.

Here a row is a sample, padded to whole vectors of hidden units: a listed number is multiplied with a few vectors.
"""

import numpy as np

from geomsup.training.kernels.compiled import BLOCK, ZERO, part
from geomsup.training.kernels.vectors import LANES, add_vector

__all__ = [
    "LANE_BITS",
    "combine_present",
    "correlate_present",
    "list_open",
    "pad_rows",
    "to_samples",
    "unpad_rows",
]

# A place is feature * BLOCK + sample.
LANE_BITS, LAST_LANE = np.uint32(7), np.uint32(BLOCK - 1)


@part
def combine_present(W, present, values, count, by_sample, h):
    """Set h ``(m, BLOCK)`` to Wᵀ x, for W padded ``(n, padded)``; `by_sample` ``(BLOCK, padded)`` is scratch."""
    by_sample[:] = ZERO
    padded = W.shape[1]
    source, target = W.reshape(-1), by_sample.reshape(-1)
    for j in range(count):
        i, s = np.int64(present[j] >> LANE_BITS), np.int64(present[j] & LAST_LANE)
        for q in range(0, padded, LANES):
            add_vector(target, s * padded + q, values[j], source, i * padded + q)
    for s in range(BLOCK):
        for k in range(h.shape[0]):
            h[k, s] = by_sample[s, k]


@part
def to_samples(h, by_sample):
    """Copy h ``(m, BLOCK)`` into the first columns of by_sample ``(BLOCK, padded)``, a row per sample."""
    for s in range(BLOCK):
        for k in range(h.shape[0]):
            by_sample[s, k] = h[k, s]


@part
def correlate_present(present, values, count, by_sample, out):
    """Add x hᵀ to out, padded ``(n, padded)``, for h by sample ``(BLOCK, padded)``."""
    padded = out.shape[1]
    source, target = by_sample.reshape(-1), out.reshape(-1)
    for j in range(count):
        i, s = np.int64(present[j] >> LANE_BITS), np.int64(present[j] & LAST_LANE)
        for q in range(0, padded, LANES):
            add_vector(target, i * padded + q, values[j], source, s * padded + q)


@part
def list_open(g, most, places, pulls):
    """List the entries of g ``(n, BLOCK)`` that are not 0; return their number, or -1 if it may exceed `most`.

    `places` uint32 and `pulls` hold `most` + 1 entries.
    """
    count = 0
    for i in range(g.shape[0]):
        if count + BLOCK > most:
            return -1
        row = g[i]
        for s in range(BLOCK):  # without a branch: an entry of 0 is overwritten by the next one
            places[count] = np.uint32(i * BLOCK + s)
            pulls[count] = row[s]
            count += row[s] != ZERO
    return count


@part
def pad_rows(W, padded):
    """Copy W ``(n, m)`` into the first columns of `padded`."""
    for i in range(W.shape[0]):  # assigning slices takes numba six seconds to compile
        for k in range(W.shape[1]):
            padded[i, k] = W[i, k]


@part
def unpad_rows(padded, out):
    """Add the first columns of `padded` to out ``(n, m)``."""
    for i in range(out.shape[0]):
        for k in range(out.shape[1]):
            out[i, k] += padded[i, k]
