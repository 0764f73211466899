"""Training on CUDA devices: the arithmetic of the CPU's kernels, for thousands of threads."""

__all__: list[str] = []
