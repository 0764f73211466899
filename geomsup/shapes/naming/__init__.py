"""From what people type to shapes."""

__all__: list[str] = []
