"""Where features as independent directions do not do: several sets of them, curved codes, networks without parts."""

__all__ = []
