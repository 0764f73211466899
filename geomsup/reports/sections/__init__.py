"""What a report shows: each file makes the data of one section; the template of its name draws it."""

__all__: list[str] = []
