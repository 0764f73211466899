"""Around the paper: other values, other outputs, other tasks, many features in many dimensions."""

__all__ = []
