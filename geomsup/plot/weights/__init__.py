"""Figures of a weight matrix: its Gram matrix, its interference, its angles, its graph; and of two matrices, paired."""

__all__: list[str] = []
