"""Three features in the plane: a digon and a row of its own, against the triangle."""

__all__: list[str] = []
