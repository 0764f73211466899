"""Two features on one axis, with a penalty on their product: from which penalty on only one is stored."""

__all__: list[str] = []
