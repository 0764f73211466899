"""Figures of what changes along one number: sparsity, probability or importance."""

__all__: list[str] = []
