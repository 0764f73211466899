"""Experiments about tokens: attention heads that share skip trigrams, and one of many tokens in few dimensions."""

__all__ = []
