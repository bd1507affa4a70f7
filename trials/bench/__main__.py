"""The commands `peers` and `program`: `script/bench --help`."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.support import history
from tests.support.history import NotInCloneError
from trials.bench import peers, program


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit status does not depend on the times."""
    parser = argparse.ArgumentParser(
        prog="script/bench", description="Measures what a telegram costs, beside others, in turns."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module, about in (
        (peers, "bytes to readings, beside libraries and an earlier commit"),
        (program, "the whole running program, beside an earlier commit"),
    ):
        command = commands.add_parser(
            module.__name__.rpartition(".")[2], help=about, description=f"Measures {about}."
        )
        command.set_defaults(run=module.run)
        command.add_argument(
            "--from",
            dest="earlier",
            default=history.VERSION_0_1_0,
            metavar="COMMIT|FOLDER",
            help="an earlier commit, or another tree's folder (default: %(default)s, 0.1.0)",
        )
        module.add_options(command)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="smartmeter-bench-") as folder:
        tree = Path(given.earlier).resolve() / "smartmeter_addon"
        try:
            if not tree.is_dir():
                tree = history.unpack(given.earlier, Path(folder))
        except NotInCloneError as error:
            parser.error(str(error))
        given.run(given, tree)
    return 0


if __name__ == "__main__":
    sys.exit(main())
