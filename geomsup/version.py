"""The version of the package, for whoever keeps results and says what made them."""

__all__ = ["__version__"]

__version__ = "0.1.0"
