"""Superposition shown: linear models against ReLU models (E1 to E4)."""

__all__ = []
