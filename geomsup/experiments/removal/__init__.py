"""Less superposition, bounds on it, features found in it, and a representation that is not linear (E29 to E31, A12)."""

__all__ = []
