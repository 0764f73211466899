"""What is compiled: the arithmetic of a run on the CPU, and what it works on."""

__all__: list[str] = []
