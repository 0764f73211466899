"""The command line: parse, call the public functions, print."""

from geomsup.cli.program import app, main

__all__ = ["app", "main"]
