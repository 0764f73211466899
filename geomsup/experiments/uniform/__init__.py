"""Uniform superposition: many equal features (E8 to E10)."""

__all__ = []
