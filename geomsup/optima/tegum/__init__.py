"""The tegum program: the best way to divide dimensions among blocks, and what its prices say."""

__all__: list[str] = []
