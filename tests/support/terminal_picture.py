"""The pictures of a terminal in the documents: played for real, then drawn as SVG.

The set-up runs in a pseudo terminal, with the simulator as the meter on another one and a real
Mosquitto. What is made up is the keys, and where things lie: the adapter in place of a link in
/dev/serial/by-id, the options in place of /etc/smartmeter, in folders whose names are as long.
"""

import argparse
import asyncio
import tempfile
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from simulator.ciphering import KEY
from tests.support.configuring import Terminal, adapters, configuring, simulated
from tests.support.mosquitto import Mosquitto
from tests.support.program import options, running
from tests.support.screen import Cell, Screen
from tests.support.simulated import Adapter, SimulatedMeter

COLUMNS = 100
ADAPTER = "usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
MISTYPED = "0F" * 16
BY_ID = "/dev/serial/by-id"
SETTINGS = "/etc/smartmeter"
MQTT_PORT = 1883
LOG_TITLE = "The log of the app: the first telegram"

# As the log's page does, at blanks.
_WRAPPED: dict[str, Any] = {"subsequent_indent": "    ", "break_on_hyphens": False}

# A terminal of its own, so that it is readable on light and on dark pages.
_BACKGROUND, _TEXT, _BRIGHT = "#1d2021", "#d5c4a1", "#fbf1c7"
_SIZE, _WIDTH, _HEIGHT, _MARGIN = 14, 8.4, 19, 18


@contextmanager
def _folder(instead_of: str) -> Iterator[Path]:
    """Give a folder whose path is as long as another one, so that lines break alike."""
    prefix = "x" * (len(instead_of) - len("/tmp/") - 8)  # noqa: S108 - of that length
    with tempfile.TemporaryDirectory(prefix=prefix, dir="/tmp") as name:
        assert len(name) == len(instead_of)
        yield Path(name)


def played(port: int | None = MQTT_PORT) -> Screen:
    """Play the set-up; give what is on the screen at the end.

    Args:
        port: of the broker; None for any that is free.
    """
    with _folder(BY_ID) as serial, _folder(SETTINGS) as settings:
        with tempfile.TemporaryDirectory() as name:
            broker = Mosquitto(Path(name), port=port)
            with closing(_Started(broker)):
                written = _play(serial, settings, broker)
        screen = Screen(COLUMNS)
        screen.feed("$ sudo smartmeter configure\n")
        screen.feed(written.replace(str(serial), BY_ID).replace(str(settings), SETTINGS))
    return screen


class _Started:
    """A broker that runs until it is closed."""

    def __init__(self, broker: Mosquitto) -> None:
        self._broker = broker.start()

    def close(self) -> None:
        self._broker.kill()


def _play(serial: Path, settings: Path, broker: Mosquitto) -> str:
    service = (
        "from app.configure import flags\n"
        f"flags.SERVICE_FILE = Path({str(settings)!r}, 'options.json')\n"
    )
    world = adapters(serial, (ADAPTER, "FT232R USB UART")) + service
    meter = ("--list", "tinetz", "--interval", "5", "--start", "2026-06-21T11:00:00")
    environment = {
        "CONFIGURATION_DIRECTORY": str(settings),
        "SMARTMETER_PROGRAM": "smartmeter",
        "LANG": "en_US.UTF-8",
    }
    with (
        simulated(serial / ADAPTER, "kaifa", *meter),
        configuring(settings, environment=environment, before=world) as user,
    ):
        _answer(user, broker)
        assert user.ends() == 0
        return user.written


def _answer(user: Terminal, broker: Mosquitto) -> None:
    user.answers("The meter is at [1]:", "")
    user.answers("Encryption key", MISTYPED)
    user.sees("This is not the key of this meter.")
    user.answers("Encryption key", KEY.hex())
    user.answers("Name of the meter", "Cellar")
    user.answers("another meter", "")
    user.answers("IP address of the broker", "localhost")
    user.answers("Port", "" if broker.port == MQTT_PORT else str(broker.port))
    user.answers("User name", broker.username)
    user.answers("Password", broker.password)
    user.answers("Write the options", "")


async def _logged() -> list[str]:
    """Run the program until it has read a telegram; give what its log says."""
    with tempfile.TemporaryDirectory() as name, _folder(BY_ID) as serial:
        folder = Path(name)
        broker = Mosquitto(folder).start()
        try:
            with closing(Adapter(serial / ADAPTER)) as adapter:
                meter = SimulatedMeter(adapter, "kaifa", start=datetime.now(UTC))
                given = options(broker, adapter.path, auth_key="", serial_mode="2400 8E1")
                async with running(given, folder) as program:
                    await program.ready()
                    await meter.push()
                    await program.logs("the telegrams are deciphered")
                    await program.stop()
                port = f"{broker.host}:{broker.port}"
                return [
                    line.replace(str(serial), BY_ID).replace(port, "core-mosquitto:1883")
                    for line in program.lines
                ]
        finally:
            broker.kill()


def log() -> Screen:
    """Give a screen with the log of the first minute."""
    screen = Screen(COLUMNS)
    lines = asyncio.run(_logged())
    while "deciphered" not in lines[-1]:
        lines.pop()
    wrapped = (textwrap.wrap(line, COLUMNS, **_WRAPPED) for line in lines)
    screen.feed("".join(f"{part}\n" for parts in wrapped for part in parts))
    return screen


def svg(screen: Screen, title: str = "The set-up in a terminal: smartmeter configure") -> str:
    """Draw a screen."""
    lines = screen.cells
    while lines and not lines[-1]:
        lines = lines[:-1]
    width = COLUMNS * _WIDTH + 2 * _MARGIN
    height = len(lines) * _HEIGHT + 2 * _MARGIN
    rows = "\n".join(_rows(lines))
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" \
height="{height:g}" role="img">
<title>{title}</title>
<style>text {{ white-space: pre }}</style>
<rect width="100%" height="100%" rx="8" fill="{_BACKGROUND}"/>
<g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" \
font-size="{_SIZE}" fill="{_TEXT}">
{rows}
</g>
</svg>
"""


def _rows(lines: Iterable[list[Cell]]) -> Iterator[str]:
    for row, line in enumerate(lines):
        column = 0
        for bold, cells in groupby(line, key=lambda cell: cell.bold):
            text = "".join(cell.text for cell in cells)
            stripped = text.strip()
            if stripped:
                x = _MARGIN + (column + len(text) - len(text.lstrip())) * _WIDTH
                y = _MARGIN + (row + 0.75) * _HEIGHT
                style = f' font-weight="bold" fill="{_BRIGHT}"' if bold else ""
                yield (
                    f'<text x="{x:g}" y="{y:g}" textLength="{len(stripped) * _WIDTH:g}"{style}>'
                    f"{escape(stripped)}</text>"
                )
            column += len(text)


def main() -> None:
    """Make a picture."""
    parser = argparse.ArgumentParser(prog="script/terminal-picture")
    parser.add_argument("what", choices=("configure", "log"))
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    drawn = svg(played()) if given.what == "configure" else svg(log(), LOG_TITLE)
    given.file.write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
