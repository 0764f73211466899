"""How often the default search for an optimum misses: problems of many kinds, several seeds, against longer searches.

``python -m benchmarks.trials_optimum trials.jsonl --every 8`` runs every eighth problem. Every search adds a line to
the file, with its loss and its seconds of clock and processor; a second call goes on where the first one ended. What
``--known older.jsonl`` holds of references, found with other code, is not done again. The reference of each problem is
the best of all seeds, of a search with ten times the effort, of trained models, and of ``docs/optimum_battery.csv``,
which ``--table`` writes anew: it holds the best loss known of each problem. The last lines say in how many pairs of
problem and seed the reference was reached, to a relative 1e-6, and how `Optimum.chance_of_lower` agrees with what was
measured: with odds fitted to every other problem, the others are told their chances. The searches of all seeds are put
into many random orders, and those that come after an end are the "one more".
"""

import argparse
import csv
import json
import sys
import time
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar

import geomsup as gs
from geomsup.optima.multistart import finished
from geomsup.optima.reachable import reachable_loss
from geomsup.optima.searching.chains import agreed, chains, effort_for
from geomsup.optima.searching.chance import chance_of_lower, hits
from geomsup.optima.searching.improvers import make_improver
from geomsup.optima.searching.losses import rounding

TABLE = Path(__file__).parents[1] / "docs" / "optimum_battery.csv"
REACHED = 1e-6  # relative difference from the reference
SLOW = 20.0  # seconds that a default search may take
BINS = (0.0, 3e-3, 1e-2, 1.0)  # of stated chances: three that agree, two that agree, any that differ
ORDERS, LEAST_POOL = 200, 6  # random orders of the searches of a problem; with fewer searches it says nothing

IMPORTANCE = {
    "equal": lambda n, rng: np.ones(n),
    "0.9^i": lambda n, rng: 0.9 ** np.arange(n),
    "0.7^i": lambda n, rng: 0.7 ** np.arange(n),
    "0.5^i": lambda n, rng: 0.5 ** np.arange(n),
    "random": lambda n, rng: rng.uniform(0.2, 1.0, n),
}
VALUES = {
    "U[0,1]": gs.Uniform(), "binary": gs.Discrete([1.0]), "U[.5,1]": gs.Uniform(0.5, 1.0),
    "U[-1,1]": gs.Uniform(-1.0, 1.0), "{1,2,3}": gs.Discrete([1.0, 2.0, 3.0]),
}  # fmt: skip
PROBABILITY = (0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01)


def problems(count=160):
    """Yield names, features and numbers of dimensions, always the same."""
    rng, number = np.random.default_rng(2026), 0
    while number < count:
        n, m = int(rng.integers(3, 13)), int(rng.integers(1, 6))
        kind, values = rng.choice(list(IMPORTANCE)), "U[0,1]"
        if rng.random() < 0.4:
            values = str(rng.choice(list(VALUES)))
        p = float(rng.choice(PROBABILITY))
        probability, unlike = p, rng.random() < 0.25
        if unlike:
            probability = p * rng.uniform(0.3, 1.0, n)
        groups, name = {}, "independent"
        if rng.random() < 0.2 and n >= 4 and not unlike:
            name = str(rng.choice(["correlated", "anticorrelated"]))
            if name == "correlated" or p < 0.5:
                groups = {name: [(i, i + 1) for i in range(0, n - 1, 2)]}
        if m >= n:
            continue
        importance = IMPORTANCE[kind](n, rng)
        features = gs.Features(n, probability, importance, VALUES[values], **groups)
        number += 1
        yield f"{number}: ({n}, {m}) p {p:g}{' unlike' if unlike else ''}, {kind}, {values}, {name}", features, m


def usual(features, m, seed):
    """Return what the default search finds with one seed."""
    best = gs.optimum(features, m, rng=seed)
    ends = best.starts.tolist() if best.searched is None and "search" in best.status else []
    return {"loss": best.loss, "chance": best.chance_of_lower, "status": best.status, "ends": ends}


def longer(features, m):
    """Return the lowest loss of ten times the default effort; where blocks are searched, of forty descents."""
    improver = make_improver(features)
    if improver is None:
        return {"loss": gs.optimum(features, m, starts=40, rng=12345).loss}
    effort = effort_for(features.n, improver.quick)
    effort = replace(effort, chains=10 * effort.chains // effort.agree, agree=99, patience=2 * effort.patience)
    found = finished(features, chains(features, m, improver, effort, np.random.default_rng(12345)))
    return {"loss": float(reachable_loss(gs.ToyModel(found.W, found.b), features))}


def trained(features, m):
    """Return the lowest loss of trained models."""
    run = gs.train(features, m, models=8, steps=4000, learning_rate=1e-2, schedule="cosine", seed=99)
    return {"loss": min(float(reachable_loss(run.model(k), features)) for k in range(len(run)))}


def searches(features, m, seeds):
    """Yield what there is to do for a problem: a name, whether other code's result serves, and the call."""
    for seed in range(seeds):
        yield f"seed {seed}", False, lambda seed=seed: usual(features, m, seed)
    yield "trained", True, lambda: trained(features, m)
    yield "longer", True, lambda: longer(features, m)


def lines_of(path):
    """Return the lines of a file, by problem and search."""
    if not path.exists():
        return {}
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {(line["problem"], line["search"]): line for line in lines}


def recorded():
    """Return the best losses known, by problem, as the lines of searches."""
    rows = csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()) if TABLE.exists() else ()
    return {(row["problem"], "record"): {"loss": float(row["best_known"]), "by": row["found_by"]} for row in rows}


def compared(name, features, lines):
    """Return the reference of a problem, the searches with other seeds, and how far each is above the reference."""
    mine = {search: line for (problem, search), line in lines.items() if problem == name}
    least = max(min(line["loss"] for line in mine.values()), rounding(features))  # less is none
    seeds = {search: line for search, line in mine.items() if search.startswith("seed")}
    by = next(search for search in (*seeds, *mine) if mine[search]["loss"] <= least * (1 + REACHED))
    found_by = "default search" if by in seeds else mine[by].get("by", by)
    return least, found_by, seeds, {search: max(line["loss"] / least - 1, 0.0) for search, line in seeds.items()}


def write_table(chosen, lines):
    """Write the best loss known of each problem, which way found it, and how the default searches did."""
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["problem", "best_known", "found_by", "seeds", "reached", "largest_excess", "median_cpu_seconds",
                        "longest_cpu_seconds"])  # fmt: skip
        for name, features, _ in chosen:
            least, found_by, seeds, over = compared(name, features, lines)
            seconds = [line["processor"] for line in seeds.values()]
            reached = sum(one <= REACHED for one in over.values())
            table.writerow([name, repr(least), found_by, len(seeds), reached, f"{max(over.values()):.1e}",
                            f"{np.median(seconds):.1f}", f"{max(seconds):.1f}"])  # fmt: skip


def timed(call):
    clock, processor = time.perf_counter(), time.process_time()
    found = call()
    return found | {
        "clock": round(time.perf_counter() - clock, 2), "processor": round(time.process_time() - processor, 2)
    }  # fmt: skip


def summary(chosen, lines):
    """Print what was reached, what was missed, how long it took, and the calibration of the estimates."""
    missed, seconds, pairs = [], [], 0
    for name, features, _ in chosen:
        _, _, seeds, over = compared(name, features, lines)
        pairs += len(seeds)
        seconds += [(line["processor"], name) for line in seeds.values()]
        missed += [(one, name, search) for search, one in over.items() if one > REACHED]
    for over, name, search in sorted(missed, reverse=True):
        print(f"  {100 * over:.4f} % above: {name}, {search}")
    slow = sorted((one for one in seconds if one[0] > SLOW), reverse=True)
    for one, name in slow:
        print(f"  {one:.0f} CPU seconds: {name}")
    print(f"{pairs - len(missed)} of {pairs} pairs reached the reference; {len(slow)} took more than {SLOW:g} CPU s")
    calibration([name for name, *_ in chosen], lines)


def calibration(chosen, lines):
    """Print the odds fitted to each half of the problems, and how far what they say of the other half is true."""
    pools = {name: [] for name in chosen}
    for (name, search), line in lines.items():
        if name in pools and search.startswith("seed") and "other code" not in search:
            pools[name] += line.get("ends") or []
    pools = {name: np.array(ends) for name, ends in pools.items() if len(ends) >= LEAST_POOL}
    kinds = {name: features for name, features, _ in problems() if name in pools}
    names = [name for name, features in kinds.items() if pools[name].min() > rounding(features)]
    told = []
    for first in (0, 1) if len(names) > 1 else ():
        odds = fitted([pools[name] for name in names[first::2]])
        print(f"odds of {odds:.3f} from every other problem, told to the others")
        for name in names[1 - first :: 2]:
            told += [(names.index(name), *one) for one in reshuffled(pools[name], kinds[name], odds)]
    problem, stated, lower, missed = np.array(told).reshape(-1, 4).T
    for least, most in [*pairwise(BINS), (BINS[0], BINS[-1])]:
        some = (least <= stated) & (stated < most)
        if some.any():
            low, high = interval(problem[some], lower[some])
            print(
                f"  {least:g} to {most:g}: {100 * some.mean():.1f} % of results, "
                f"{len(np.unique(problem[some]))} problems: {stated[some].mean():.5f} stated, "
                f"one more is lower in {lower[some].mean():.5f} [{low:.5f}, {high:.5f}]; "
                f"{100 * missed[some].mean():.2f} % are above the best"
            )


def fitted(pools):
    """Return the odds that searches of a problem can end at different losses, of highest likelihood.

    If they can, h of N end at the best with the probability 1/(N + 1), whatever h is, up to a factor that is the same
    for all odds: so often a uniform share gives h of N.
    """
    agree = np.array([hits(ends) == len(ends) for ends in pools])
    sizes = np.array([len(ends) for ends in pools])

    def surprise(log):
        can = 1 / (1 + np.exp(-log))
        return -np.log(np.where(agree, 1 - can + can / (sizes + 1), can)).sum()

    return float(np.exp(minimize_scalar(surprise, bounds=(-10.0, 10.0)).x))


def reshuffled(pool, features, odds):
    """Yield stated chance, the share of the other searches that are lower, and whether the best of all was missed.

    The searches of all seeds are put into random orders; each order ends where the default search would.
    """
    effort = effort_for(features.n, make_improver(features).quick)
    rng = np.random.default_rng(0)
    for _ in range(ORDERS):
        ends = rng.permutation(pool)
        most = min(effort.chains, len(pool) - 1)
        count = next(k for k in range(1, len(pool)) if k == most or agreed(ends[:k], effort))
        if count > 1:
            best = ends[:count].min()
            lower = ends[count:] < best * (1 - REACHED)
            yield chance_of_lower(ends[:count], odds), lower.mean(), best > pool.min() * (1 + REACHED)


def interval(problem, lower, draws=2000):
    """Return the 95 % interval of the mean: problems are drawn again, because searches of one are alike.

    Where nothing was lower, that says nothing: the upper end is then that of Clopper and Pearson for so many problems.
    """
    rng, names = np.random.default_rng(0), np.unique(problem)
    sums = np.array([(lower[problem == name].sum(), (problem == name).sum()) for name in names])
    if not lower.any():
        return 0.0, 1 - 0.025 ** (1 / len(names))
    drawn = sums[rng.integers(len(names), size=(draws, len(names)))].sum(axis=1)
    return np.percentile(drawn[:, 0] / drawn[:, 1], [2.5, 97.5])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="lines of JSON; what is there is not done again")
    parser.add_argument("--known", type=Path, nargs="*", default=[], help="other such files, for references")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--no-longer", action="store_true", help="without searches of ten times the effort")
    parser.add_argument("--table", action="store_true", help="write docs/optimum_battery.csv anew")
    parser.add_argument("--summary", action="store_true", help="only say what the files hold")
    options = parser.parse_args()
    known = {key: line for path in options.known for key, line in lines_of(path).items()}
    known = {(name, f"{search}, other code"): line for (name, search), line in known.items()} | recorded()
    lines = lines_of(options.file)
    chosen = list(islice(problems(), options.first, None, options.every))
    for name, features, m in [] if options.summary else chosen:
        for search, serves, call in searches(features, m, options.seeds):
            done = (name, search) in lines or (serves and (name, f"{search}, other code") in known)
            if done or (search == "longer" and options.no_longer):
                continue
            lines[name, search] = {"problem": name, "search": search, **timed(call)}
            with options.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(lines[name, search]) + "\n")
    chosen = [one for one in chosen if any(name == one[0] for name, _ in lines)]
    summary(chosen, known | lines)
    if options.table:
        write_table(chosen, known | lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
