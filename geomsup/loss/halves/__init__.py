"""Values that are points: the loss by two halves of the features, each with all its states."""

__all__: list[str] = []
