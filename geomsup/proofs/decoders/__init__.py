"""Three features in the plane: what they lose at least over all weights, biases and decoders, at some probabilities."""

__all__: list[str] = []
