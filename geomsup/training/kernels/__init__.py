"""The compiled kernels: the arithmetic of a run on the CPU, and the buffers that it works on."""

__all__: list[str] = []
