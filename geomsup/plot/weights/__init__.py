"""Figures of a weight matrix: its Gram matrix, its interference, its angles, its graph."""

__all__: list[str] = []
