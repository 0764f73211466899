"""What is proved of optima: losses that no model can beat, and the models that are known to be the best."""

__all__: list[str] = []
