"""Losses of models with piecewise linear hidden units: exact sums over the cells in which the model is linear."""

__all__: list[str] = []
