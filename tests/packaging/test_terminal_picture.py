"""The pictures of a terminal: what the program shows today, and no key."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from simulator.ciphering import KEY
from tests.support.screen import Screen
from tests.support.terminal_picture import LOG_TITLE, MISTYPED, log, played, svg

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "configure.svg"
LOG = ROOT / "docs" / "log.svg"
SVG = "{http://www.w3.org/2000/svg}"


def lines(picture: str) -> list[str]:
    """Give the text in a picture, without what differs from one time to the next."""
    root = ET.fromstring(picture)  # noqa: S314 - our own
    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    alike = [re.sub(r"(2400 8E1:) .*", r"\1", text) for text in texts]
    alike = [re.sub(r"(Port \[1883\]:) \d+", r"\1", text) for text in alike]
    return [re.sub(r"-?\d+", "#", text) for text in alike]


def test_the_picture_is_what_the_program_shows() -> None:
    """Make it again by script/terminal-picture where it is not."""
    assert lines(svg(played(port=None))) == lines(PICTURE.read_text("utf-8"))


def test_the_picture_of_the_log_is_what_the_program_writes() -> None:
    """Make it again by script/terminal-picture log where it is not."""
    # Numbers of other lengths let lines break elsewhere, and two things happen at once.
    today, shown = (
        sorted(" ".join(lines(picture)).split())
        for picture in (svg(log(), LOG_TITLE), LOG.read_text("utf-8"))
    )
    assert today == shown


@pytest.mark.parametrize("picture", [PICTURE, LOG], ids=["configure", "log"])
def test_no_key_is_in_the_picture(picture: Path) -> None:
    text = picture.read_text("utf-8").lower()
    assert KEY.hex() not in text
    assert MISTYPED.lower() not in text


def test_text_is_escaped_and_fits() -> None:
    screen = Screen()
    screen.feed("a <b> & c\x1b[1m bold\x1b[0m" + "x" * 200)
    root = ET.fromstring(svg(screen))  # noqa: S314 - our own
    width = float(root.attrib["width"])
    texts = list(root.iter(f"{SVG}text"))
    assert [text.text for text in texts][:2] == ["a <b> & c", "bold"]
    for text in texts:
        assert float(text.attrib["x"]) + float(text.attrib["textLength"]) < width
