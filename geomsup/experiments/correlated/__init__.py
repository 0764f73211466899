"""Correlated worlds: features on a circle, or given by something hidden (C1 to C4)."""

__all__ = []
