"""Run every benchmark: python -m benchmarks."""

from benchmarks import (
    bench_classify,
    bench_cuda,
    bench_embedding,
    bench_energy,
    bench_hidden,
    bench_loss,
    bench_optimum,
    bench_training,
)

for benchmark in (bench_classify, bench_hidden, bench_energy, bench_loss, bench_optimum, bench_training, bench_cuda):
    benchmark.main()
bench_embedding.main(quick=True)
