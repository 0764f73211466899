"""Adversarial examples: superposition makes models vulnerable (E20 to E22)."""

__all__ = []
