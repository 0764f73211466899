"""Does this set of rows match a known shape?"""

__all__: list[str] = []
