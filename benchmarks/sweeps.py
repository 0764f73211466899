"""What a sweep costs, and whether the diagram that it trains is the one that theory has.

    python -m benchmarks.sweeps diagram [--cells 50] [--seeds 5]   the trained (2, 1) plane against the exact optimum
    python -m benchmarks.sweeps overhead [--scheduler]             units of a second, beside the time of their work
    python -m benchmarks.sweeps memory [--points 100000]           points of a millisecond, and the parent's memory

Times are of the wall clock and of the processors, of this process and of its workers together.
"""

import argparse
import os
import resource
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import geomsup as gs
from geomsup.phases.names import phase_in_words
from geomsup.sweeps.executors import opened
from geomsup.sweeps.journal import Journal
from geomsup.sweeps.plan import make_plan
from geomsup.sweeps.running import run_plan

MARGIN = 0.1  # decades from a border within which a cell is not counted, a twentieth of an axis: as E5 has it
# Of those that were tried, the fewest steps after which hardly any training is still on its way.
TRAINING = {"steps": 500, "batch": 256, "learning_rate": 2e-2, "schedule": "cosine"}


def spent() -> float:
    """Return the seconds of processor time of this process and of its workers that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def diagram(options: argparse.Namespace) -> None:
    """Train the plane, compare the phase of most seeds with that of the exact optimum, and draw both."""
    p, importance = np.geomspace(0.01, 1, options.cells), np.geomspace(0.1, 10, options.cells)
    p[-1] = 1.0
    axes = {"probability": p, "importance": importance, "seed": range(options.seeds)}
    with TemporaryDirectory() as folder:
        begin, cpu = time.perf_counter(), spent()
        found = gs.sweep(
            "train", axes, n_features=2, n_hidden=1, output=f"{folder}/run.sqlite", workers=options.workers, **TRAINING
        )
        seconds, cpu = time.perf_counter() - begin, spent() - cpu
    print(f"{found.done.size} models in {seconds:.0f} s, {cpu:.0f} s of processor time; {len(found.errors)} failed")
    trained = found.majority("phase")
    exact = gs.phase_diagram(2, 1, p, importance)
    optimal = np.array([phase_in_words(one) for one in gs.classify(exact.W.reshape(-1, 2, 1), orientation="rows")])
    optimal = optimal.reshape(trained.shape)
    words = np.array([name.replace("weakly ", "").replace("strongly ", "") for name in exact.names])[exact.phase]
    for label, truth in (("phases as classify reads the optimum", optimal), ("phases of phase_diagram", words)):
        far = away(truth, p, importance)
        agree = (trained == truth)[far].mean()
        print(f"{label}: {100 * agree:.2f} % of {far.sum()} cells away from borders agree; {truth.size} cells in all, "
              f"of which {100 * (trained == truth).mean():.2f} %")  # fmt: skip
    draw(found, exact, options.picture)


def away(phases: np.ndarray, p: np.ndarray, importance: np.ndarray) -> np.ndarray:
    """Return the cells all of whose surroundings within the margin have one phase."""
    x, y = np.log10(p), np.log10(importance)
    far = np.empty(phases.shape, bool)
    for i, j in np.ndindex(*far.shape):
        near = np.hypot.outer(x - x[i], y - y[j]) <= MARGIN + 1e-9
        far[i, j] = len(np.unique(phases[near])) == 1
    return far


def draw(found: gs.Sweep, exact: gs.PhaseDiagram, path: Path | None) -> None:
    if path is None:
        return
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(12.5, 6), layout="constrained")
    found.plot(ax=axes[0]).set_title("trained: phase of most seeds")
    exact.plot(axes[1])
    figure.savefig(path, dpi=110)


def busy(k: int, seconds: float) -> float:
    """Work for so long."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass
    return float(k)


def idle(k: int, seconds: float) -> float:
    """Wait for so long, as a processor of another machine would work."""
    time.sleep(seconds)
    return float(k)


@contextmanager
def processes(workers: int):
    """Yield the executor of processes that a sweep starts by itself."""
    with opened(None, workers) as crowd:
        yield crowd.executor


@contextmanager
def cluster(workers: int):
    """Yield the executor of a Dask cluster of processes on this machine."""
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as made, Client(made) as client:
        yield client.get_executor(pure=False)


def overhead(options: argparse.Namespace) -> None:
    """Compare the time of units with that of their work, once workers are there; they do not use the processor."""
    for started in (processes, cluster):
        ahead = options.workers if started is processes else None  # Dask's workers have the next unit there already
        with TemporaryDirectory() as folder, started(options.workers) as executor:
            begin = time.perf_counter()
            gs.sweep(idle, {"k": range(options.workers)}, seconds=0.2, executor=executor, workers=ahead)
            print(f"{started.__name__}: {time.perf_counter() - begin - 0.2:.2f} s until workers are there", flush=True)
            for name, seconds, count in (("one second", 1.0, 60), ("a millisecond", 0.001, 3000)):
                begin, cpu = time.perf_counter(), time.process_time()
                gs.sweep(
                    idle, {"k": range(count)}, seconds=seconds, executor=executor, workers=ahead,
                    output=f"{folder}/{seconds}.sqlite", unit_seconds=0,
                )  # fmt: skip
                took, cpu = time.perf_counter() - begin, time.process_time() - cpu
                work = count * seconds / options.workers
                print(
                    f"{started.__name__}: {count} units of {name}: {took:.2f} s, work {work:.2f} s; "
                    f"{100 * (took / work - 1):.1f} % more; {1e3 * cpu / count:.3f} ms of the parent a unit",
                    flush=True,
                )


def memory(options: argparse.Namespace) -> None:
    """Sweep points of a millisecond; print the memory of this process as they are finished."""
    said: list[float] = []

    def progress(stage: str, fraction: float) -> None:
        if fraction >= len(said) / 10:
            said.append(resident())
            print(f"{100 * fraction:5.1f} % done, {said[-1]:.1f} MB", flush=True)

    with TemporaryDirectory() as folder:
        for seconds, label in ((None, "units of a second"), (0.0, "units of one point")):
            said.clear()
            more = {} if seconds is None else {"unit_seconds": seconds}
            begin, cpu = time.perf_counter(), time.process_time()
            plan = make_plan(busy, {"k": range(options.points)}, {"seconds": 0.001})
            path = Path(folder) / f"{seconds}.sqlite"
            with Journal.begun(path, plan) as journal:
                run_plan(journal, workers=options.workers, progress=progress, **more)
            took, cpu = time.perf_counter() - begin, time.process_time() - cpu
            print(f"{options.points} points of 1 ms, {label}: {took:.0f} s, {1e3 * cpu / options.points:.3f} ms of the "
                  f"parent a point, file {path.stat().st_size / 1e6:.1f} MB")  # fmt: skip


def resident() -> float:
    """Return the memory of this process in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("diagram", "overhead", "memory"))
    parser.add_argument("--cells", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    {"diagram": diagram, "overhead": overhead, "memory": memory}[options.what](options)


if __name__ == "__main__":
    main()
