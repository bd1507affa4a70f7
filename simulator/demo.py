"""The demo: a simulated meter, the program as it is shipped, a broker, and what it is told.

Three processes beside this one, as in a house: the simulator writes to a pseudo-terminal, the
program reads that like a serial adapter and publishes to the broker; this one listens there.
What wants a package is imported late: wrong arguments are refused before anything is installed.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from simulator.clock import VIENNA
from simulator.demo_view import View
from simulator.families import FAMILIES, Variant

KEY: Final = "000102030405060708090A0B0C0D0E0F"
AUTH_KEY: Final = "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"
"""Made up; the simulator's own."""

_ROOT: Final = Path(__file__).resolve().parent.parent
_PATIENCE: Final = 15.0
_ANSWER: Final = 5.0
"""Seconds that a broker has to answer."""

_A_YEAR: Final = 366 * 86400.0
_NAME_WIDTH: Final = 7
_NARROW, _WIDE = 80, 200


class _BrokerError(Exception):
    """A broker that cannot be used; says why."""


def main() -> int:
    """Run the demo until Ctrl-C, or for as long as was asked; give the exit status."""
    given = parse(sys.argv[1:])
    if given.list_meters:
        sys.stdout.write("".join(f"{line}\n" for line in _meters()))
        return 0
    try:
        return asyncio.run(_demo(given))
    except _BrokerError as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        return 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the arguments; wrong ones end the program."""
    parser = argparse.ArgumentParser(
        prog="script/demo",
        description="Shows what the app does, with a simulated meter: the device as Home Assistant"
        " would show it, and a row for each telegram.",
    )
    parser.add_argument(
        "--meter",
        choices=FAMILIES,
        default="kaifa",
        metavar="NAME",
        help="a family of meters (default: kaifa); --list-meters shows them",
    )
    parser.add_argument(
        "--list", metavar="NAME", help="which of the lists its operators have it send"
    )
    parser.add_argument(
        "--list-meters", action="store_true", help="show all meters and their lists, and end"
    )
    parser.add_argument(
        "--seconds", type=_seconds, metavar="N", help="end by itself after N seconds"
    )
    parser.add_argument(
        "--broker",
        type=_broker,
        metavar="HOST:PORT",
        help="an MQTT broker that lets in without a password (default: one of the demo's own)",
    )
    parser.add_argument(
        "--json", action="store_true", help="show each MQTT message as it is, in place of rows"
    )
    given = parser.parse_args(arguments)
    lists = FAMILIES[given.meter]
    if given.list is not None and given.list not in lists:
        parser.error(f"{given.meter} has no list {given.list!r}, only {', '.join(lists)}")
    return given


def _meters() -> Iterator[str]:
    yield f"{'--meter':13} {'--list':18} where it is met"
    for family, variants in FAMILIES.items():
        for name, variant in variants.items():
            yield f"{family:13} {name:18} {variant.about}"


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < _A_YEAR:
        raise argparse.ArgumentTypeError("must be more than 0")
    return seconds


def _broker(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form HOST:PORT")
    return host, int(port)


async def _demo(given: argparse.Namespace) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smartmeter-demo-")))
        broker: tuple[str, int] = given.broker or await stack.enter_async_context(
            _own_broker(folder)
        )
        listening = await stack.enter_async_context(_listening(*broker, as_json=given.json))
        line = folder / "ttyMeter"
        name, variant = _list(given.meter, given.list)
        chosen = ("--meter", given.meter, "--list", name, "--await-reader", "--pty", str(line))
        simulating = await stack.enter_async_context(_running(None, "simulator", *chosen))
        await _until(line.exists)
        _say(
            f"a simulated meter ({given.meter}, {name}) sends every {variant.interval:.0f} s;"
            f" the program reads it like an adapter"
        )
        options = folder / "options.json"
        options.touch(mode=0o600)
        options.write_text(json.dumps(_options(line, broker)), encoding="utf-8")
        program = ("app", "run", "--options", str(options))
        reading = await stack.enter_async_context(_running("program", *program))
        ends = [
            asyncio.ensure_future(end)
            for end in (stop.wait(), listening, simulating.wait(), reading.wait())
        ]
        done, _ = await asyncio.wait(
            ends, timeout=given.seconds, return_when=asyncio.FIRST_COMPLETED
        )
        failed = bool(done) and not stop.is_set()
        if listening in done:
            failed = True
            _say("the broker ended the connection")
        elif failed:
            _say("something ended by itself, see above")
    _say("that was it")
    return 1 if failed else 0


def _list(meter: str, name: str | None) -> tuple[str, Variant]:
    """Give the list of that name, or the first one, with its name."""
    lists = FAMILIES[meter]
    name = name or next(iter(lists))
    return name, lists[name]


def _options(line: Path, broker: tuple[str, int]) -> dict[str, object]:
    return {
        "meter_type": "auto",
        "key": KEY,
        "auth_key": AUTH_KEY,
        "url": str(line),
        "name": "Demo meter",
        "log_level": "notice",
        "page": "on",
        "mqtt": {"host": broker[0], "port": broker[1]},
    }


async def _until(happened: Callable[[], bool]) -> None:
    """Wait for what another process does and nobody tells of."""
    async with asyncio.timeout(_PATIENCE):
        while not happened():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def _own_broker(folder: Path) -> AsyncIterator[tuple[str, int]]:
    """Start Mosquitto where it is installed, else a broker written in Python."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mosquitto = shutil.which("mosquitto")
    if mosquitto:
        settings = folder / "mosquitto.conf"
        settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n", encoding="utf-8")
        command = [mosquitto, "-c", str(settings)]
    else:
        settings = folder / "amqtt.yaml"
        settings.write_text(
            f"listeners:\n  default:\n    type: tcp\n    bind: 127.0.0.1:{port}\n"
            "plugins:\n  amqtt.plugins.authentication.AnonymousAuthPlugin:\n"
            "    allow_anonymous: true\n",
            encoding="utf-8",
        )
        command = [str(Path(sys.executable).parent / "amqtt"), "-c", str(settings)]
    name = "Mosquitto" if mosquitto else "amqtt, as Mosquitto is not installed"
    _say(f"an MQTT broker of its own listens on 127.0.0.1:{port} ({name})")
    async with _process(command, quiet=True):
        await _until(lambda: _answers(port))
        yield "127.0.0.1", port


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextlib.asynccontextmanager
async def _running(name: str | None, module: str, *arguments: str) -> AsyncIterator[Process]:
    """Run a module of this tree in a process of its own, and show what it prints under a name."""
    command = [sys.executable, "-m", module, *arguments]
    async with _process(command, quiet=name is None) as process:
        showing = asyncio.create_task(_show(name or "", process))
        try:
            yield process
        finally:
            await _terminate(process)
            await showing


@contextlib.asynccontextmanager
async def _process(command: Sequence[str], *, quiet: bool = False) -> AsyncIterator[Process]:
    # Ctrl-C reaches every process of the terminal's group; these are ended in order instead.
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=DEVNULL,
        stdout=DEVNULL if quiet else PIPE,
        stderr=DEVNULL if quiet else STDOUT,
        start_new_session=True,
        cwd=_ROOT,
        # The simulated meters stand in Austria, and not all of them say their offset from UTC.
        env={**os.environ, "PYTHONUNBUFFERED": "1", "TZ": "Europe/Vienna"},
    )
    try:
        yield process
    finally:
        await _terminate(process)


async def _terminate(process: Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _show(name: str, process: Process) -> None:
    if process.stdout:
        async for line in process.stdout:
            _print(name, _cut(line.decode(errors="replace").rstrip()))


def _cut(line: str) -> str:
    """Shorten a line of the log: the values in it come below, readable."""
    width = _width()
    return line if len(line) <= width else f"{line[: width - 1]}…"


def _width() -> int:
    """Give the room behind the name of who says something."""
    columns = shutil.get_terminal_size((110, 24)).columns
    return min(max(columns, _NARROW), _WIDE) - _NAME_WIDTH - len(" | ")


@contextlib.asynccontextmanager
async def _listening(host: str, port: int, *, as_json: bool) -> AsyncIterator[asyncio.Task[None]]:
    """Show the MQTT messages of the program from now on.

    Raises:
        _BrokerError: the broker does not let in.
    """
    import aiomqtt  # noqa: PLC0415 - see the module's beginning

    client = aiomqtt.Client(host, port, timeout=_ANSWER)
    try:
        await client.__aenter__()
        await client.subscribe("smartmeter/#")
        await client.subscribe("homeassistant/device/#")
    except aiomqtt.MqttError as error:
        raise _BrokerError(_why(host, port, error)) from error
    view = View(_width())

    async def show() -> None:
        async for message in client.messages:
            text, topic = message.payload.decode(errors="replace"), str(message.topic)
            if as_json:
                _print("mqtt", f"{topic} {text}")
                continue
            for line in view.lines(topic, text, f"{datetime.now(VIENNA):%H:%M:%S}"):
                _print("home", line)

    task = asyncio.create_task(show())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])
        with contextlib.suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)


def _why(host: str, port: int, error: Exception) -> str:
    """Say why a broker does not let in."""
    where, reason = f"the MQTT broker {host}:{port}", str(error)
    if "uthor" in reason or "user name" in reason:
        return f"{where} wants a user name and a password, and the demo has none"
    return (
        f"{where} does not answer ({reason.partition('] ')[2] or reason}); see whether it runs and"
        " whether host and port are right, or leave --broker out for one of the demo's own"
    )


def _say(text: str) -> None:
    _print("demo", text)


def _print(name: str, text: str) -> None:
    sys.stdout.write(f"{name:>{_NAME_WIDTH}} | {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
