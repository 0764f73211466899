"""Less superposition, bounds on it, and a representation that is not linear (E29 to E31)."""

__all__ = []
