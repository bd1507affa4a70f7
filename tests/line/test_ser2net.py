"""The documentation's entry for ser2net, appended to the file that Debian ships, with the real one.

Without ser2net (on Debian: apt-get install ser2net) these are skipped.
"""

import asyncio
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from app.config.options import MeterOptions
from app.line import reader
from tests.support.lines import KEYS, ReadLine, WatchedLog, running_line
from tests.support.mosquitto import TIMEOUT, free_port
from tests.support.program import ADDON
from tests.support.simulated import Adapter, SimulatedMeter, published

_SHIPPED: Final = Path("/etc/ser2net.yaml")
_DEVICE: Final = re.compile(r"/dev/serial/by-id/[\w-]+")

pytestmark = pytest.mark.skipif(
    not (shutil.which("ser2net") and _SHIPPED.exists()), reason="ser2net is not installed"
)


def documented() -> tuple[str, str]:
    """Give the entry of the documentation, and the lines for two programs."""
    text = (ADDON / "DOCS.md").read_text("utf-8")
    section = text.partition("\n## An adapter at another computer: ser2net\n")[2]
    entry, _, several = re.findall(
        r"^( *)```(?:text|yaml)\n(.*?)\n *```", section, re.DOTALL | re.MULTILINE
    )[:3]
    # As it is shown in an item of a list.
    return entry[1], "\n".join(line.removeprefix("  ") for line in several[1].splitlines())


@contextmanager
def ser2net(folder: Path, entry: str) -> Iterator[None]:
    config = folder / "ser2net.yaml"
    config.write_text(f"{_SHIPPED.read_text('utf-8')}\n{entry}\n", "utf-8")
    with (folder / "ser2net.log").open("wb") as log:
        process = subprocess.Popen(
            ("ser2net", "-n", "-d", "-c", str(config), "-P", str(folder / "pid")), stderr=log
        )
        try:
            yield
        finally:
            process.kill()  # on SIGTERM it may wait until its devices are drained
            process.wait(TIMEOUT)


class Gateway:
    """The entry of the documentation for some adapter, at a free port."""

    def __init__(self, adapter: Adapter) -> None:
        self.port = free_port()
        self.url = f"tcp://127.0.0.1:{self.port}"
        entry, self.several = documented()
        entry, ports = re.subn(r"tcp,2010\b", f"tcp,{self.port}", entry)
        self.entry, devices = _DEVICE.subn(str(adapter.path.resolve()), entry)
        assert (ports, devices) == (1, 1)

    def line(self) -> ReadLine:
        return ReadLine(MeterOptions(keys=KEYS, url=self.url))


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "WATCH_INTERVAL", 0.05)


async def reads(line: ReadLine, meter: SimulatedMeter) -> None:
    """Push until a telegram was read, as the first ones can come before the line is open."""
    async with asyncio.timeout(TIMEOUT):
        while True:
            truth = (await meter.push()).truth
            try:
                async with asyncio.timeout(1.0):
                    assert (await line.recorder.reading()).values == published(truth)
            except TimeoutError:
                continue
            return


@pytest.mark.parametrize("telnet", ["", "telnet,", "telnet(rfc2217=true),"])
async def test_the_documented_entry_works_below_the_file_of_debian(
    adapter: Adapter, log: WatchedLog, tmp_path: Path, telnet: str
) -> None:
    gateway = Gateway(adapter)
    meter = SimulatedMeter(adapter, "kaifa")
    with ser2net(tmp_path, gateway.entry.replace("tcp,", f"{telnet}tcp,")):
        async with running_line(gateway.line()) as line:
            await log.wait(f"reading {gateway.url}")
            for _ in range(3):
                await reads(line, meter)
            if telnet:
                await log.wait(f"{gateway.url} begins with a telnet negotiation")


async def test_a_second_program_is_told_that_the_port_is_in_use(
    adapter: Adapter, log: WatchedLog, tmp_path: Path
) -> None:
    gateway = Gateway(adapter)
    meter = SimulatedMeter(adapter, "kaifa")
    with ser2net(tmp_path, gateway.entry):
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(running_line(gateway.line()))
            await log.wait(f"reading {gateway.url}")
            await reads(first, meter)
            async with running_line(gateway.line()):
                await log.wait('serves another program already (it says "Port already in use")')
                await reads(first, meter)


async def test_with_the_documented_lines_two_programs_get_everything(
    adapter: Adapter, log: WatchedLog, tmp_path: Path
) -> None:
    gateway = Gateway(adapter)
    meter = SimulatedMeter(adapter, "kaifa")
    with ser2net(tmp_path, f"{gateway.entry}\n{gateway.several}"):
        async with running_line(gateway.line()) as first, running_line(gateway.line()) as second:
            await log.wait(f"reading {gateway.url}")
            await log.wait(f"reading {gateway.url}")
            await reads(first, meter)
            await second.recorder.reading()
            for _ in range(2):
                expected = published((await meter.push()).truth)
                assert (await first.recorder.reading()).values == expected
                assert (await second.recorder.reading()).values == expected


async def test_two_programs_throw_each_other_out_with_kickolduser(
    adapter: Adapter, log: WatchedLog, tmp_path: Path
) -> None:
    gateway = Gateway(adapter)
    entry = f"{gateway.entry}\n  options:\n    kickolduser: true"
    with ser2net(tmp_path, entry):
        async with running_line(gateway.line()), running_line(gateway.line()):
            for _ in range(2):  # each of them is told so once, and called in vain again and again
                await log.wait("ended the connection; if this repeats")
            for _ in range(6):
                await log.wait(f"reading {gateway.url}")


async def test_a_missing_device_is_told_in_the_gateways_words(
    adapter: Adapter, log: WatchedLog, tmp_path: Path
) -> None:
    gateway = Gateway(adapter)
    entry = gateway.entry.replace(str(adapter.path.resolve()), "/dev/serial/by-id/nothing")
    with ser2net(tmp_path, entry):
        async with running_line(gateway.line()):
            await log.wait('cannot open its serial device (it says "Device open failure: ')


async def test_the_banner_of_debian_is_quoted(
    adapter: Adapter, log: WatchedLog, tmp_path: Path
) -> None:
    gateway = Gateway(adapter)
    meter = SimulatedMeter(adapter, "kaifa")
    entry = f"{gateway.entry}\n  options:\n    banner: *banner"
    with ser2net(tmp_path, entry):
        async with running_line(gateway.line()) as line:
            said = await log.wait(f'{gateway.url} says "ser2net port tcp,{gateway.port} device')
            assert "2400e81" in said
            await reads(line, meter)
