"""Phase change: trained, exact and predicted (E5 to E7)."""

__all__ = []
