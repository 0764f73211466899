"""Optima under conditions: other outputs, decoders of their own, penalties, and a cap on cosines."""

__all__: list[str] = []
