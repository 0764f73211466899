"""Computing in superposition: absolute values, and more ReLUs than neurons (E26 to E28, A47)."""

__all__ = []
