"""Non-uniform superposition: features that differ in density, or come together (E11 to E17)."""

__all__ = []
