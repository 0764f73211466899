"""The table of best blocks: k features in r dimensions at 25 densities, found once and kept in the package.

    python -m benchmarks.block_table search [FILE]      # about an hour; goes on from FILE if it is there
    python -m benchmarks.block_table cross [FILE]       # where geometries change between two densities
    python -m benchmarks.block_table write [FILE]       # the table of the package, from FILE
    python -m benchmarks.block_table sample [N] [FILE]  # searches N entries ten times as long, and trains models;
                                                        # without FILE, entries of the table of the package

Seven densities get the default search of `gs.optimum`, the others four random starts. Then models are handed on until
nothing gets lower: from density to density, from k - 1 features to k, and from two smaller blocks side by side.
"""

import json
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from time import process_time

import numpy as np

import geomsup as gs
from geomsup.optima.descent import FINE, End, Start, descend
from geomsup.optima.proved.bounds import lower_bound
from geomsup.optima.starts import grown
from geomsup.optima.tabulated.entries import DENSITIES, FILE, LARGEST, RANKS, Entry, entries, write_entries

SEARCHED = (0.01, 0.03, 0.08, 0.2, 0.4, 0.6, 0.9)  # densities with a search of their own
STARTS = 4  # random starts at the others
LOWER = 1e-8  # relative difference of losses that counts
JOINED = 4  # ways in which a feature joins a smaller block
FAR = 0.2  # a start this much above the best known, relatively, is not descended from
SAMPLE, TIMES = 50, 10
MODELS = 16  # that are trained for each of these entries
BEATEN = 1e-6  # relative: losses are exact, but models are written to ten digits
PLACES = 10  # decimals of weights and biases

Key = tuple[int, int, float]


def main() -> None:
    """Do what the command line says."""
    what, *rest = sys.argv[1:] or ["search"]
    number = int(rest.pop(0)) if rest and rest[0].isdigit() else SAMPLE
    file = Path(rest[0]) if rest else Path("blocks.jsonl")
    if what == "search":
        search(file)
    elif what == "cross":
        cross(known(file), file.with_suffix(".crossings"))
    elif what == "write":
        write(known(file), file.with_suffix(".crossings"))
    else:
        sample(known(file) if rest else {key: End(one.loss, one.W, one.b) for key, one in entries().items()}, number)


def known(file: Path) -> dict[Key, End]:
    """Return the lowest model of every line of the file."""
    ends: dict[Key, End] = {}
    for line in file.read_text().splitlines() if file.exists() else []:
        one = json.loads(line)
        end = End(one["loss"], np.array(one["W"]), np.array(one["b"]))
        key = (one["k"], one["r"], one["p"])
        ends[key] = min(ends.get(key, end), end, key=lambda end: end.loss)
    return ends


def keys() -> list[Key]:
    """Return what the table has: k features in r < k dimensions; no more features than dimensions lose nothing."""
    return [(k, r, p) for r in RANKS for k in range(r + 1, LARGEST + 1) for p in DENSITIES]


def search(file: Path) -> None:
    """Search every entry, then hand models on until nothing gets lower; each find is kept at once."""
    ends = known(file)

    def keep(key: Key, end: End) -> bool:
        if key in ends and not end.loss < ends[key].loss * (1 - LOWER):
            return False
        ends[key] = end
        line = {"k": key[0], "r": key[1], "p": key[2], "loss": end.loss, "W": end.W.tolist(), "b": end.b.tolist()}
        with file.open("a") as out:
            out.write(json.dumps(line) + "\n")
        return True

    for key in keys():
        if key not in ends:
            keep(key, searched(key))
    hand_on(keys(), ends, keep)


def hand_on(pending: list[Key], ends: dict[Key, End], keep: Callable[[Key, End], bool]) -> None:
    """Descend from the neighbours of these entries, and then of those whose neighbours got lower, until none does."""
    while pending:
        kept = [[keep(key, end) for end in handed_on(key, ends)] for key in pending]
        lower = [key for key, ways in zip(pending, kept, strict=True) if any(ways)]
        print(f"{len(lower)} of {len(pending)} entries got lower", flush=True)
        pending = [key for key in keys() if any(is_made_of(key, other) for other in lower)]


def is_made_of(key: Key, other: Key) -> bool:
    """Whether the other entry is a neighbour that hands its model to this one."""
    (k, r, p), (j, s, q) = key, other
    if (k, r) == (j, s):
        return abs(DENSITIES.index(p) - DENSITIES.index(q)) == 1
    return p == q and ((j, s) == (k - 1, r) or (j < k and s < r))


def searched(key: Key) -> End:
    """Return the end of the search that this density has."""
    k, r, p = key
    best = gs.optimum(gs.Features(k, p), r, starts=None if p in SEARCHED else STARTS)
    return End(best.loss, best.model.W, best.model.b)


def handed_on(key: Key, ends: dict[Key, End]) -> list[End]:
    """Return where descents from the models of neighbours end."""
    k, r, p = key
    features = gs.Features(k, p)
    starts = [start for start in neighbours(key, ends) if start[0].shape == (k, r)]
    near = [start for start in starts if loss(start, features) < ends[key].loss * (1 + FAR)]
    return descend(features, near, slope=FINE)


def loss(start: Start, features: gs.Features) -> float:
    """Return the loss of a start."""
    return float(gs.expected_loss(gs.ToyModel(*start), features))


def neighbours(key: Key, ends: dict[Key, End]) -> Iterator[Start]:
    """Return the models of the next densities, and those made of smaller blocks."""
    k, r, p = key
    at = DENSITIES.index(p)
    for q in DENSITIES[max(at - 1, 0) : at + 2]:
        if q != p:
            yield ends[k, r, q].W, ends[k, r, q].b
    features = gs.Features(k, p)
    for first in range(1, k):
        for rank in range(1, r):
            yield together(block(first, rank, p, ends), block(k - first, r - rank, p, ends))
    smaller = block(k - 1, r, p, ends)
    yield from grown(features, *smaller)[:JOINED]
    yield np.vstack([smaller[0], np.zeros(r)]), np.append(smaller[1], features.mean[0])


def block(k: int, r: int, p: float, ends: dict[Key, End]) -> Start:
    """Return the best block; features that have a dimension each are stored without loss."""
    return (np.eye(k, r), np.zeros(k)) if k <= r else (ends[k, r, p].W, ends[k, r, p].b)


def together(one: Start, other: Start) -> Start:
    """Return two blocks in dimensions of their own."""
    from scipy.linalg import block_diag

    return block_diag(one[0], other[0]), np.append(one[1], other[1])


def cross(ends: dict[Key, End], file: Path) -> None:
    """Locate every transition between two densities; each is kept at once in `file`."""
    done = crossings(file)
    for row, after in changes([entry(key, ends) for key in keys()]):
        if (row.n, row.m, row.p) in done:
            continue
        line = {"k": row.n, "r": row.m, "p": row.p, "names": [row.geometry, after.geometry], "at": crossing(row, after)}
        print(line, flush=True)
        with file.open("a") as out:
            out.write(json.dumps(line) + "\n")


def crossings(file: Path) -> dict[Key, tuple[list[str], float | None]]:
    """Return the names on both sides and the place of what was located."""
    lines = map(json.loads, file.read_text().splitlines() if file.exists() else [])
    return {(one["k"], one["r"], one["p"]): (one["names"], one["at"]) for one in lines}


def changes(rows: list[Entry]) -> list[tuple[Entry, Entry]]:
    """Return neighbours in density whose geometries differ."""
    return [
        (row, after)
        for row, after in pairwise(rows)
        if (row.n, row.m) == (after.n, after.m) and row.geometry != after.geometry
    ]


def write(ends: dict[Key, End], file: Path) -> None:
    """Write the table: each model classified and bounded, with what was located."""
    rows, found = [entry(key, ends) for key in keys()], crossings(file)
    ended = {}
    for row, after in changes(rows):
        names, place = found.get((row.n, row.m, row.p), ([], None))
        place = place if names == [row.geometry, after.geometry] else None
        ended[row.n, row.m, row.p] = ("not located" if place is None else "first order", place)
    rows = [row._replace(next=order, crossing=at) for row in rows for order, at in [ended.get(row[:3], ("", None))]]
    write_entries(rows, Path(str(FILE)))


def entry(key: Key, ends: dict[Key, End]) -> Entry:
    """Return a row, with weights rounded as they are written."""
    n, m, p = key
    W, b = ends[key].W.round(PLACES), ends[key].b.round(PLACES)
    features = gs.Features(n, p)
    loss, bound = float(gs.expected_loss(gs.ToyModel(W, b), features)), lower_bound(features, m)
    return Entry(n, m, p, loss, bound, gs.classify(W, orientation="rows").name, "", None, W, b)


def crossing(one: Entry, other: Entry) -> float | None:
    """Return where the losses of two geometries cross, each followed as a minimum; None if one ends before."""
    models = gs.ToyModel(one.W, one.b), gs.ToyModel(other.W, other.b)
    try:
        return gs.crossing(*models, lambda p: gs.Features(one.n, p), (one.p, other.p)).parameter
    except ValueError:
        return None


def sample(ends: dict[Key, End], number: int) -> None:
    """Search some entries for ten times as long, train models for them, and say which were beaten."""
    rng = np.random.default_rng(0)
    beaten = 0
    for k, r, p in (keys()[i] for i in rng.permutation(len(keys()))[:number]):
        began, features = process_time(), gs.Features(k, p)
        searched = min(gs.optimum(features, r, starts=2 * STARTS, rng=seed).loss for seed in range(1, TIMES + 1))
        run = gs.train(features, r, models=MODELS, seed=0)
        trained = min(float(gs.expected_loss(run.model(i), features)) for i in range(MODELS))
        gains = [1 - loss / ends[k, r, p].loss for loss in (searched, trained)]
        beaten += max(gains) > BEATEN
        words = f"lower by {gains[0]:.1e} searched, {gains[1]:.1e} trained; {process_time() - began:.0f} s"
        print(f"{k} in {r}, p = {p}: {ends[k, r, p].loss:.12g}; {words}", flush=True)
    print(f"{beaten} of {number} entries were beaten by a relative {BEATEN:g} or more")


if __name__ == "__main__":
    main()
