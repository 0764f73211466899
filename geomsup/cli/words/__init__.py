"""Words of the program: errors as a shell says them, and signs in ASCII."""

__all__: list[str] = []
