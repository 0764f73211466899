"""Expected loss: time to a relative accuracy, against NumPy Monte Carlo extrapolated to the same accuracy.

Monte Carlo's standard error falls as 1/sqrt(samples); its time to a standard error of rtol * loss is the time per
sample times the samples that would take. Same machine, same run, one thread (set OMP_NUM_THREADS=1).
"""

import time

import numpy as np

from geomsup import Features, ToyModel, expected_loss

# n, m, probability, relative accuracy
SIZES = [(2, 1, 0.1, 1e-9), (5, 2, 0.1, 1e-9), (8, 3, 0.1, 1e-9), (20, 5, 0.05, 1e-9), (80, 20, 0.03, 1e-9),
         (400, 30, 0.02, 1e-6)]  # fmt: skip


def problem(n, m, p):
    rng = np.random.default_rng(0)
    W = rng.normal(size=(n, m))
    W /= np.linalg.norm(W, axis=1, keepdims=True)
    return ToyModel(W, np.full(n, -0.1)), Features(n, p)


def seconds(call, repeats):
    call()  # compile
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times)  # the fastest: what the machine can do when nobody else is on it


def monte_carlo(model, features, samples=100_000):
    """Return the seconds per sample and the relative standard deviation of one sample."""
    begin = time.perf_counter()
    result = expected_loss(model, features, method="sampled", samples=samples, rng=0)
    return (time.perf_counter() - begin) / samples, result.error * samples**0.5 / result.value


def main():
    print("expected loss: seconds to a relative accuracy, ratio to Monte Carlo of the same accuracy")
    print(f"{'n':>4} {'m':>3} {'rtol':>6} {'method':>9} {'value':>10} {'+gradient':>10} {'bound':>8} {'ratio':>8}")
    for n, m, p, rtol in SIZES:
        measure(n, m, p, rtol)


def measure(n, m, p, rtol):
    model, features = problem(n, m, p)
    result = expected_loss(model, features, rtol=rtol)
    repeats = 200 if n < 20 else 3
    value = seconds(lambda: expected_loss(model, features, rtol=rtol), repeats)
    gradient = seconds(lambda: expected_loss(model, features, rtol=rtol, gradient=True), repeats)
    per_sample, deviation = monte_carlo(model, features, 100_000 if n < 100 else 10_000)
    sampled = per_sample * (deviation / rtol) ** 2
    print(
        f"{n:4} {m:3} {rtol:6.0e} {result.method:>9} {value:10.2e} {gradient:10.2e} "
        f"{result.error / result.value:8.1e} {sampled / value:8.1e}"
    )


if __name__ == "__main__":
    main()
