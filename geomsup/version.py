"""The version of the package, which is kept with results."""

__all__ = ["__version__"]

__version__ = "0.1.0"
