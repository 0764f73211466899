"""Many features in many dimensions, which readers expect to be like random vectors (A10, A11)."""

__all__ = []
