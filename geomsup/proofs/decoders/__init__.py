"""Three features in the plane: what they lose at least, with any decoder and with W."""

__all__: list[str] = []
