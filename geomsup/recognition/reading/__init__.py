"""Which cut of W into components explains it best?"""

__all__: list[str] = []
