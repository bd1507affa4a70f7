"""The arguments of the commands `peers`, `program`, `stages`, `many` and `floor`.

They stand apart from these, so that wrong ones are refused before anything is installed.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.support import history
from trials.bench import lists
from trials.bench.contenders import DSMR5, E450, KAIFA

PROGRAM_LISTS: Final = (KAIFA, E450, DSMR5)
MANY_LISTS: Final = (KAIFA, E450)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the arguments; wrong ones end the program.

    Returns:
        Them, with ``command``, and ``refuse`` to say that they are wrong after all.
    """
    parser = argparse.ArgumentParser(
        prog="script/bench", description="Measures what a telegram costs, beside others, in turns."
    )
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    for name, add_options, about in (
        ("peers", _of_peers, "bytes to readings, beside libraries and an earlier commit"),
        ("program", _of_program, "the whole running program, beside an earlier commit"),
        ("stages", _of_stages, "where the time of a telegram goes in the running program"),
        ("many", _of_many, "many meters in one process"),
        ("floor", _of_floor, "what Python and the packages take by themselves"),
    ):
        command = commands.add_parser(name, help=about, description=f"Measures {about}.")
        add_options(command)
    parser.set_defaults(refuse=parser.error)
    return parser.parse_args(arguments)


def _add_earlier(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from",
        dest="earlier",
        default=history.VERSION_0_1_0,
        metavar="COMMIT|FOLDER",
        help="an earlier commit, or another tree's folder (default: %(default)s, 0.1.0)",
    )


def _of_peers(parser: argparse.ArgumentParser) -> None:
    _add_earlier(parser)
    parser.add_argument(
        "--no-libraries",
        action="store_true",
        help="leave out what comes from PyPI",
    )
    parser.add_argument(
        "--environments",
        type=Path,
        metavar="FOLDER",
        help="keep what comes from PyPI there, for the next time (default: a temporary one)",
    )
    parser.add_argument(
        "--esphome",
        type=Path,
        metavar="FOLDER",
        help="sources of ESPHome's newer parser, dlms_parser (default: it is left out)",
    )
    parser.add_argument("--list", choices=lists.LISTS, action="append", help="only this one")
    parser.add_argument("--rounds", type=int, default=40, metavar="N")
    parser.add_argument(
        "--telegrams", type=int, default=100, metavar="N", help="of one round (default: 100)"
    )


def _of_stages(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--of",
        dest="earlier",
        default=".",
        metavar="COMMIT|FOLDER",
        help="the program of a commit, or of another tree's folder (default: of this one)",
    )
    parser.add_argument("--list", choices=PROGRAM_LISTS, action="append", help="only this one")
    parser.add_argument("--telegrams", type=int, default=200, metavar="N")
    parser.add_argument(
        "--warm-up", type=int, default=120, metavar="N", help="telegrams before that"
    )


def _of_many(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--meters",
        type=int,
        action="append",
        metavar="N",
        help="so many at once; can be given again (default: 1000)",
    )
    parser.add_argument("--list", choices=MANY_LISTS, default=KAIFA, help="that all of them send")
    parser.add_argument(
        "--minutes", type=float, default=1.0, metavar="N", help="that are measured (default: 1)"
    )


def _of_floor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=8, metavar="N", help="(default: 8)")


def _of_program(parser: argparse.ArgumentParser) -> None:
    _add_earlier(parser)
    parser.add_argument("--list", choices=PROGRAM_LISTS, action="append", help="only this one")
    parser.add_argument("--rounds", type=int, default=10, metavar="N")
    parser.add_argument(
        "--telegrams", type=int, default=100, metavar="N", help="of one round (default: 100)"
    )
    parser.add_argument(
        "--warm-up",
        type=int,
        default=100,
        metavar="N",
        help="telegrams before the first round: the meter is announced, and more (default: 100)",
    )
    parser.add_argument(
        "--minutes",
        type=float,
        default=1.0,
        metavar="N",
        help="at the meter's own pace, after which resident memory is read (default: 1)",
    )
    parser.add_argument(
        "--starts", type=int, default=10, metavar="N", help="that are measured (default: 10)"
    )
