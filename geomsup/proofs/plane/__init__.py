"""Two features of unequal importance on one axis: from which importance on the second one is stored."""

__all__: list[str] = []
