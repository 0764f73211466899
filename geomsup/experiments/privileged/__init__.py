"""A privileged basis: hidden ReLUs and others, monosemantic neurons, wider layers (E23 to E25, A41 to A43)."""

__all__ = []
