"""How late Ctrl-C is heard: SIGINT at random moments of every long operation, sent to a process of its own.

    python -m benchmarks.interrupts [--times 5] [--seed 0] [name ...]

For each operation: the exceptions it ended in, the longest time until the exception and until the process had ended.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time

OPERATIONS = {
    "optimum, small": "gs.optimum(gs.Features(6, 0.1), 2, starts=200)",
    "optimum, by blocks": "gs.optimum(gs.Features(20, 0.07), 4)",
    "optimum, large": "gs.optimum(gs.Features(400, 0.05), 30)",
    "hessian": "gs.hessian(gs.ToyModel(rng.normal(size=(60, 4)) / 2), gs.Features(60, 0.05))",
    "expected_loss, exact": "gs.expected_loss(gs.ToyModel(rng.normal(size=(16, 3))), gs.Features(16, 0.3), "
    "method='exact', gradient=True)",
    "expected_loss, power 4": "gs.expected_loss(gs.ToyModel(rng.normal(size=(16, 3))), gs.Features(16, 0.3), "
    "power=4, gradient=True)",
    "expected_loss, 1000 features": "gs.expected_loss(gs.ToyModel(rng.normal(size=(1000, 30)) / 3), "
    "gs.Features(1000, 0.05), gradient=True)",
    "expected_loss, numeric": "gs.expected_loss(gs.ToyModel(rng.normal(size=(40, 4)), activation='gelu'), "
    "gs.Features(40, 0.1))",
    "expected_loss, sampled": "gs.expected_loss(gs.ToyModel(rng.normal(size=(400, 30)), hidden_activation='relu'), "
    "gs.Features(400, 0.1))",
    "compare": "gs.compare(gs.ToyModel(rng.normal(size=(7, 3))), gs.Features(7, 0.1), starts=200)",
    "phase_diagram": "gs.phase_diagram(4, 2, np.geomspace(0.01, 1, 40), np.geomspace(0.1, 10, 40))",
    "plateaus": "gs.plateaus(np.geomspace(0.01, 0.5, 12))",
    "thomson": "gs.thomson(150, starts=10**6)",
    "thomson, 1000 charges": "gs.thomson(1000, starts=10**6)",
    "minimize_energy, tammes": "gs.minimize_energy(40, 4, 'tammes', starts=10**6)",
    "classify, 3000 rows": "gs.classify(rng.normal(size=(3000, 20)))",
    "classify, 20000 rows": "gs.classify(rng.normal(size=(20000, 3)))",
    "report, 3000 rows": "gs.report(rng.normal(size=(3000, 20)))",
    "train": "gs.train(gs.Features(100, 0.1), 20, models=4, steps=10**7)",
    "train, exact": "gs.train(gs.Features(7, 0.1), 3, models=100, objective='exact')",
    "sweep": "gs.sweep('train', {'seed': range(10**5)}, n_features=20, n_hidden=5, probability=0.1)",
    "symmetry": "gs.symmetry(gs.polytope('600-cell').vertices)",
}
PROGRAM = """
import signal, sys, time, warnings
signal.signal(signal.SIGINT, signal.default_int_handler)
warnings.simplefilter("ignore")
import numpy as np, geomsup as gs
rng = np.random.default_rng(0)
try:
    print("started", flush=True)
    for _ in range(1_000_000):
        result = {operation}
        complete = getattr(result, "complete", True) and not getattr(result, "interrupted", False)
        if not complete:
            break
    print("part" if not complete else "result", flush=True)
except BaseException as error:
    print(type(error).__name__, flush=True)
"""


def interrupted(operation: str, wait: float) -> tuple[str, float, float]:
    """Return how the operation ended, and the seconds until it did and until its process had."""
    command = [sys.executable, "-c", PROGRAM.format(operation=operation)]
    fresh = os.environ | {"GEOMSUP_CACHE": ""}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=fresh) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "started\n"
        time.sleep(wait)
        begin = time.monotonic()
        child.send_signal(signal.SIGINT)
        ended = child.stdout.readline().strip() or "nothing said"
        heard = time.monotonic() - begin
        child.wait()
        return ended, heard, time.monotonic() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="operations; all by default")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--longest", type=float, default=4.0, help="seconds before the signal, at most")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    for name, operation in OPERATIONS.items():
        if options.names and not any(part in name for part in options.names):
            continue
        tries = [interrupted(operation, rng.uniform(0, options.longest)) for _ in range(options.times)]
        ends = ", ".join(sorted({end for end, _, _ in tries}))
        heard, over = max(heard for _, heard, _ in tries), max(over for _, _, over in tries)
        print(f"{name:<30} heard within {heard:5.2f} s, over within {over:5.2f} s: {ends}", flush=True)


if __name__ == "__main__":
    main()
