"""A privileged basis: hidden ReLUs, monosemantic neurons and others (E23 to E25)."""

__all__ = []
