"""What is installed, what is missing for which feature, and where things are kept."""

from geomsup.installation.facts import facts

__all__ = ["facts"]
