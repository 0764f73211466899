"""Wythoff's construction: uniform polytopes from Coxeter diagrams, and their names."""

__all__: list[str] = []
