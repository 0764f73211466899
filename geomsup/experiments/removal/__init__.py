"""Less superposition, bounds on it, features found in it, and what is not linear (E29 to E31, A12, A40, A45)."""

__all__ = []
