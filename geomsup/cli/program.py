"""The program ``geomsup``: its commands, and how it ends."""

import sys

from cyclopts import App, CycloptsError

import geomsup as gs
from geomsup.cli.energy import energy, thomson
from geomsup.cli.experiments import reproduce
from geomsup.cli.theory import optimum, phase_diagram, plateaus
from geomsup.cli.training import demo, train
from geomsup.cli.weights import classify, compare, loss

__all__ = ["app", "main"]

app = App(
    name="geomsup",
    help="Exact losses, named geometry and theoretical optima for superposition in toy models.",
    version=gs.__version__,
    help_format="plaintext",
    suppress_keyboard_interrupt=False,  # main has its own words for it
)
for command in (demo, train, classify, loss, compare, optimum, phase_diagram, plateaus, thomson, energy, reproduce):
    app.command(command)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code: 2 with one line on standard error for bad input."""
    try:
        app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except (CycloptsError, ValueError, TypeError, FloatingPointError, OSError) as error:
        print(f"geomsup: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("geomsup: interrupted", file=sys.stderr)
        return 130
    return 0
