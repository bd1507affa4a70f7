"""Wrong files of options, each with what the program says: `wrong_options.txt`, to be read."""

import re
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from app.config.lines import doubled
from app.config.options import OptionsError, load
from app.meters.profile import AUTO
from app.meters.profile_files import shipped_types
from app.meters.sensors import SENSORS

TABLE: Final = Path(__file__).with_name("wrong_options.txt")
TYPES: Final = (AUTO, *shipped_types())
SECRETS: Final = re.compile(
    r"36 ?C6|36,C6|0x36|geheim|123454321|NsZm|12345678901234", re.IGNORECASE
)


class Case(NamedTuple):
    """A file of options, and what is said of it."""

    title: str
    content: str
    sentences: list[str]


def cases() -> list[Case]:
    """Read the table: a title behind ##, the file, and sentences behind ->."""
    found = []
    for block in TABLE.read_text("utf-8").split("\n## ")[1:]:
        title, *lines = block.strip("\n").split("\n")
        content = "\n".join(line for line in lines if not line.startswith("-> "))
        sentences = [line.removeprefix("-> ") for line in lines if line.startswith("-> ")]
        found.append(Case(title, content.strip("\n"), sentences))
    return found


def said(path: Path) -> list[str]:
    """Give what the program says of a file, at its start."""
    try:
        options = load(path, TYPES, reading_keys=SENSORS.keys())
    except OptionsError as error:
        told = list(error.problems)
    else:
        told = [*chain(options.doubts(), map(str, doubled(options.meters).values()))]
    types = ", ".join(TYPES)
    return [sentence.replace(str(path), "FILE").replace(types, "TYPES") for sentence in told]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.title)
def test_a_wrong_file_has_its_sentences(tmp_path: Path, case: Case) -> None:
    path = tmp_path / "options.json"
    path.write_text(case.content, encoding="utf-8")
    sentences = said(path)
    assert sentences == case.sentences
    assert not any(map(SECRETS.search, sentences))


def test_the_table_is_long_and_no_two_are_called_the_same() -> None:
    titles = [case.title for case in cases()]
    assert len(titles) == len(set(titles)) >= 60
    assert all(case.sentences for case in cases())
