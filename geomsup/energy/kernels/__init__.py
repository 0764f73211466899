"""Kernels: energies, descents, hops and random numbers, compiled."""
