"""The command line: ``python3 -m app [run | decode | listen]``; see ``--help``."""

import sys

from app.cli import main

sys.exit(main())
