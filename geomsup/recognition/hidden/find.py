"""Find shapes hidden among very many rows, with p-values against a null model."""

from math import exp
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.arrays import as_rows
from geomsup.recognition.hidden.candidates import grown_sets, shaped
from geomsup.recognition.hidden.choosing import chosen
from geomsup.recognition.hidden.discoveries import Discoveries, Discovery
from geomsup.recognition.hidden.evidence import log_coupling, log_places
from geomsup.recognition.hidden.nulls import NULLS, effective_dimension
from geomsup.recognition.hidden.pairs import FEWEST_ROWS, ROOM, SAMPLE, neighbours, threshold
from geomsup.recognition.reading.rows import UnitRows, strong_rows
from geomsup.threads import Progress

__all__ = ["find_shapes"]

# Divisions in two of a set of k rows are tried one by one: 2^(k−1), for each set that fits a shape.
MOST_ROWS = 14

MEMORY = 2**30


def find_shapes(
    W: Any,
    *,
    false_discovery_rate: float = 0.01,
    null: str = "rotation",
    largest: int = 12,
    rng: Any = 0,
    memory: float = MEMORY,
    progress: Progress = None,
) -> Discoveries:
    """Find the few rows of very many that form digons, simplices or polygons, beyond chance.

    `classify` divides all rows into components. Here nearly all rows may be random, and nothing is said of them.
    All pairs are taken once, in single precision. Sets grow from pairs of large cosines, of any sign: each time
    the neighbour joins that is nearest to the span of the set. Each set on the way is compared with the digon, the
    simplex and the polygon of as many vertices, about the origin and about its mean, and with a single direction
    ("copy").

    The p-value of a set is a bound on the probability that rows of the null model depend on each other as much, times
    the number of all sets. For every division of the set in two parts, Wilks' ratio of determinants says how much they
    depend on each other; the most probable division counts, so that two shapes are not taken for one. Among rotated
    rows the bound holds, whatever shapes the parts have. Random rows of fewer dimensions
    stand for the other null models, as many as make large cosines as frequent: an estimate. q-values are those of
    Benjamini and Yekutieli.

    Parameters
    ----------
    W
        Rows ``(n, m)``, anything `geomsup.as_rows` takes; rows are features, also if they are fewer than columns.
    false_discovery_rate
        Part of the discoveries that may be false, in the mean.
    null
        "rotation": rows of the same norms in random directions. "covariance": normal rows with the mean and covariance
        of the unit rows. "shuffled": the entries of each column change places.
    largest
        Rows of a shape, at most; 14 or less.
    rng
        Seed or generator of the draws of the null model, and of a sample of rows.
    memory
        Bytes that may be used at a time, beside W and the result; about 8nm + 1700n are needed.
    progress
        Called as progress(stage, fraction): stages "null", "pairs", "sets", "shapes".

    Returns
    -------
    Discoveries
        What was found, least probable first.

    Raises
    ------
    TypeError
        If `W` does not hold real numbers, `largest` is not an integer, or `progress` cannot be called.
    ValueError
        If `W` has other than 2 axes or is not finite; or another argument is out of its range.

    References
    ----------
    :cite:t:`wilks1932`; :cite:t:`benjamini2001`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> W = rng.normal(size=(500, 60))
    >>> W[7] = -W[300]
    >>> W[[20, 30, 40]] += 3 * rng.normal(size=60)  # a common offset: nearly the same distances
    >>> for found in find_shapes(W):
    ...     print(found.name, found.center, found.rows)
    digon origin (7, 300)
    triangle mean (20, 30, 40)
    """
    rows = as_rows(W, orientation="rows")
    if rows.ndim != 2:
        raise ValueError(
            f"`W` must have the shape (n_rows, n_dimensions); got shape {rows.shape}. Pass one matrix at a time."
        )
    rate = checks.positive_number("false_discovery_rate", false_discovery_rate)
    if rate >= 1:
        raise ValueError(f"`false_discovery_rate` must be less than 1; got {rate:g}. Pass 0.01 for one in a hundred.")
    checks.one_of("null", null, NULLS)
    largest = checks.integer("largest", largest, minimum=2, maximum=MOST_ROWS)
    generator = checks.random_generator("rng", rng)
    memory = checks.positive_number("memory", memory)
    n, m = rows.shape
    held = 8 * n * m + 16 * n * ROOM + 12 * n * SAMPLE
    needed = held + 8 * n * FEWEST_ROWS
    if memory < needed:
        raise ValueError(
            f"`memory` must be at least {needed} bytes for W of shape {rows.shape}; got {memory:g}. "
            "Allow more, or pass fewer rows."
        )
    checks.callback("progress", progress)
    strong = strong_rows(rows, 0.0)
    if len(strong) < 2:
        return Discoveries((), n, m, null, rate, float(m), 1.0)
    if progress is not None:
        progress("null", 0.0)
    # Single precision is enough for what is drawn at random.
    scaled = strong.single if null == "rotation" else strong.single * strong.relative[:, None].astype(np.float32)
    d = effective_dimension(scaled, null, generator)
    del scaled
    least = threshold(strong.single, d, generator)
    found = _search(strong, d, least, min(largest, len(strong)), rate, memory - held, progress)
    found.sort(key=lambda one: (one.p_value, one.rows))
    return Discoveries(tuple(found), n, m, null, rate, d, least)


def _search(
    rows: UnitRows, d: float, least: float, largest: int, rate: float, memory: float, progress: Progress
) -> list[Discovery]:
    near = neighbours(rows.single, least, memory, progress)
    sets = grown_sets(rows.single, near, d, largest, progress)
    candidates = []
    for size, members in enumerate(sets, 1):
        candidates += shaped(rows, members)
        if progress is not None:
            progress("shapes", size / len(sets))

    def log_p(members: tuple[int, ...], enough: float) -> float:
        X = rows.take(np.array(members))
        places = log_places(len(rows), len(members), largest)
        return places + log_coupling(X @ X.T, d, enough - places)

    return [
        Discovery(
            name=one.name,
            rows=tuple(rows.strong[list(one.rows)].tolist()),
            center=one.center,
            residual=one.residual,
            p_value=exp(min(log_p, 0.0)),
            q_value=exp(log_q),
        )
        for one, log_p, log_q in chosen(candidates, log_p, len(rows), largest, rate)
    ]
