"""Figures of polytopes: one, or a sheet of many; and how anything in space is drawn."""

__all__: list[str] = []
