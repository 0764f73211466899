"""Counterexamples to features as independent directions: several sets of them, curved codes, no parts, small ones."""

__all__ = []
