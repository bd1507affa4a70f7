"""The command ``configure``: the guided set-up."""

import argparse
from typing import Final

from app.configure import command, flags
from app.language.languages import languages

DESCRIPTION: Final = (
    "Asks for the options in a terminal, tries each of them, and writes them at the end. What is"
    " given here is not asked for; with all given, nothing is. Keys and passwords come from files"
    " or the environment, as other users see arguments. Exit status: 0 when the options were"
    " written, 1 when something was tried in vain, 2 for wrong usage or a missing answer, 130 after"
    " Ctrl-C."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.allow_abbrev = False  # --key is no beginning of --key-file: a key would follow it
    flags.add_arguments(parser, languages())


def main(parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
    """Run the command; give the exit status."""
    return command.configure(given, parser.prog)
