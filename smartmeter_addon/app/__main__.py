"""The command line: ``python3 -m app [COMMAND]``; see ``--help``."""

import gc
import signal
import sys

from app.loading.late_modules import SELDOM_USED, load_late

# Ctrl-C ends the program without a word, also while it is being loaded, unless a command takes it.
signal.signal(signal.SIGINT, signal.SIG_DFL)

gc.disable()  # until all that the command needs is loaded, see `loading.collector`

load_late(SELDOM_USED)

from app.cli import main  # noqa: E402 - see above

sys.exit(main())
