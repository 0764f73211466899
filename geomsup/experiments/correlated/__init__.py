"""Correlated worlds: features on a circle, or given by something hidden (C1, C2)."""

__all__ = []
