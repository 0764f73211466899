"""Write docs/energy_records.csv, the table of records reached: python -m benchmarks.energy_records (some minutes).

One call with default settings for each number of points, on one thread, CPU seconds of the whole call.
"""

import csv
import time
from pathlib import Path

import geomsup as gs

TABLE = Path(__file__).parents[1] / "docs" / "energy_records.csv"
PROBLEMS = [("coulomb", range(2, 205)), ("tammes", range(2, 51))]
HEAD = ["energy", "n", "found", "best_known", "verdict", "gradient_rms", "starts", "cpu_seconds"]


def main():
    for energy, _ in PROBLEMS:  # compile
        gs.minimize_energy(110, 3, energy, starts=1, threads=1)
    with TABLE.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(HEAD)
        for energy, numbers in PROBLEMS:
            for n in numbers:
                begin = time.process_time()
                found = gs.minimize_energy(n, 3, energy, threads=1)
                spent = time.process_time() - begin
                table.writerow(
                    [energy, n, f"{found.energy:.13g}", found.best_known.value, found.verdict,
                     f"{found.gradient_rms:.1e}", found.n_starts, f"{spent:.3f}"]
                )  # fmt: skip
                file.flush()


if __name__ == "__main__":
    main()
