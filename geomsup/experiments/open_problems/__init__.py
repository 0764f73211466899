"""Open problems of toy models, from Neel Nanda's list: other values, outputs, tasks and costs (A1 to A9)."""

__all__ = []
