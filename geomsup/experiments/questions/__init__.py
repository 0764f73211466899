"""Questions that readers of the paper asked while they replicated it, answered (Q1 to Q8, A46)."""

__all__ = []
