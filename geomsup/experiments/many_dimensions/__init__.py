"""Many features in many dimensions, which readers expect to be as random ones (A10, A11)."""

__all__ = []
