"""Computing in superposition: absolute values (E26 to E28)."""

__all__ = []
