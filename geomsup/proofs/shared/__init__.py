"""Three to five features on one axis: the least loss over all weights and biases, at some probabilities."""

__all__: list[str] = []
