"""The command line: ``python -m ibtools``."""

import sys

from ibtools.experiments._command_line import main

if __name__ == "__main__":
    sys.exit(main())
