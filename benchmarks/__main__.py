"""Run every benchmark: python -m benchmarks."""

from benchmarks import bench_classify, bench_embedding, bench_energy, bench_loss, bench_optimum, bench_training

for benchmark in (bench_classify, bench_energy, bench_loss, bench_optimum, bench_training):
    benchmark.main()
bench_embedding.main(quick=True)
