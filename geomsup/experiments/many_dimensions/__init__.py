"""Many features in many dimensions, which readers expect to be like random vectors, or sparse (A10, A11, A44)."""

__all__ = []
