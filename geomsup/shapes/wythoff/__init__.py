"""Wythoff's construction: uniform polytopes from Coxeter diagrams, and their names."""
