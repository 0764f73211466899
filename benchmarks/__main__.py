"""Run every benchmark: python -m benchmarks."""

from benchmarks import bench_embedding, bench_loss, bench_optimum, bench_training

for benchmark in (bench_loss, bench_optimum, bench_training):
    benchmark.main()
bench_embedding.main(quick=True)
