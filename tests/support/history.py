"""The program as it was at an earlier commit, taken out of git."""

import argparse
import io
import subprocess
import tarfile
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

VERSION_0_1_0 = "c502c88"
"""The commit of version 0.1.0."""


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--from``, which names an earlier commit."""
    parser.add_argument(
        "--from",
        dest="commit",
        default=VERSION_0_1_0,
        metavar="COMMIT",
        help="the earlier version's (default: %(default)s, which is 0.1.0)",
    )


class NotInCloneError(LookupError):
    """A commit is not to be had from this copy of the repository."""

    def __init__(self, commit: str) -> None:
        super().__init__(
            f"the commit {commit} is not in this copy of the repository; where that is a shallow"
            " clone, git fetch --unshallow brings it"
        )


def require(commit: str) -> None:
    """See that a commit is there.

    Raises:
        NotInCloneError: it is not.
    """
    try:
        _git("cat-file", "-e", f"{commit}^{{commit}}")
    except (OSError, subprocess.CalledProcessError):
        raise NotInCloneError(commit) from None


def unpack(commit: str, directory: Path) -> Path:
    """Write the add-on of a commit into a directory; give the add-on's folder there.

    Raises:
        NotInCloneError: the commit is not there.
    """
    require(commit)
    archive = _git("archive", "--format=tar", commit, "smartmeter_addon")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(directory, filter="data")
    return directory / "smartmeter_addon"


def find(*places: str) -> Any:  # noqa: ANN401 - of a version of which nothing is known
    """Give what is found under the first of some dotted names that exists.

    Raises:
        LookupError: none does.
    """
    for place in places:
        module, _, name = place.rpartition(".")
        try:
            return getattr(import_module(module), name)
        except (ModuleNotFoundError, AttributeError):
            continue
    raise LookupError(f"there is none of {', '.join(places)}")


def _git(*arguments: str) -> bytes:
    command = ("git", "-C", str(ROOT), *arguments)
    return subprocess.run(command, check=True, capture_output=True).stdout
