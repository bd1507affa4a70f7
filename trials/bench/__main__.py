"""The commands `peers`, `program`, `stages`, `many` and `floor`: `script/bench --help`."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.support import history
from tests.support.history import NotInCloneError
from trials.bench import arguments, floor, many, peers, program, stages


def main(given: Sequence[str] | None = None) -> int:
    """Measure and print; the exit status does not depend on the times."""
    options = arguments.parse(given)
    alone = {"many": many.run, "floor": floor.run}
    if options.command in alone:
        alone[options.command](options)
        return 0
    run = {"peers": peers.run, "program": program.run, "stages": stages.run}[options.command]
    with tempfile.TemporaryDirectory(prefix="smartmeter-bench-") as folder:
        tree = Path(options.earlier).resolve() / "smartmeter_addon"
        try:
            if not tree.is_dir():
                tree = history.unpack(options.earlier, Path(folder))
        except NotInCloneError as error:
            options.refuse(str(error))
        run(options, tree)
    return 0


if __name__ == "__main__":
    sys.exit(main())
