"""``python -m geomsup``: the command line."""

import sys

from geomsup.cli import main

if __name__ == "__main__":
    sys.exit(main())
