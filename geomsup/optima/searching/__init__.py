"""The search of a whole model: independent chains of trainings, moves and descents, until they agree."""

__all__: list[str] = []
