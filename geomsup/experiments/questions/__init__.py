"""Questions that readers of the paper asked while they replicated it, answered (Q1 to Q6)."""

__all__ = []
