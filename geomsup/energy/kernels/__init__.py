"""Kernels: energies, descents, hops and random numbers, compiled."""

__all__: list[str] = []
