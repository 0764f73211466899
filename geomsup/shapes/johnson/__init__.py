"""The 92 Johnson solids: caps stacked, uniform solids carved, and nine that are solved for."""

__all__: list[str] = []
