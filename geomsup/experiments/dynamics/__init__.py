"""Learning dynamics: jumps between levels, and one geometry turning into another (E18, E19)."""

__all__ = []
