"""The demo: a simulated meter, the program as it is shipped, a broker, and what it is told.

Three processes beside this one, as in a house: the simulator writes to a pseudo-terminal, the
program reads that like a serial adapter and publishes to the broker; this one listens there.
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
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Final

import aiomqtt

from simulator.families import FAMILIES

KEY: Final = "000102030405060708090A0B0C0D0E0F"
AUTH_KEY: Final = "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"
"""Made up; the simulator's own."""

_ROOT: Final = Path(__file__).resolve().parent.parent
_PATIENCE: Final = 15.0
_LONGEST_PAYLOAD: Final = 400


def main() -> int:
    """Run the demo until Ctrl-C, or for as long as was asked."""
    arguments = _arguments()
    broker = arguments.broker
    try:
        return asyncio.run(_demo(arguments.meter, arguments.list, arguments.seconds, broker))
    except KeyboardInterrupt:
        return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/demo", description="Shows what the add-on does, with a simulated meter."
    )
    parser.add_argument(
        "--meter",
        choices=FAMILIES,
        default="kaifa",
        metavar="NAME",
        help=f"a family of meters: {', '.join(FAMILIES)} (default: kaifa)",
    )
    parser.add_argument("--list", metavar="NAME", help="which of its lists (default: the first)")
    parser.add_argument("--seconds", type=float, metavar="N", help="end by itself after N seconds")
    parser.add_argument(
        "--broker",
        type=_broker,
        metavar="HOST:PORT",
        help="an MQTT broker that lets in without a password (default: one of the demo's own)",
    )
    given = parser.parse_args()
    lists = FAMILIES[given.meter]
    if given.list is not None and given.list not in lists:
        parser.error(f"{given.meter} has no list {given.list!r}, only {', '.join(lists)}")
    return given


def _broker(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form HOST:PORT")
    return host, int(port)


async def _demo(
    meter: str, name: str | None, seconds: float | None, broker: tuple[str, int] | None
) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smartmeter-demo-")))
        if broker is None:
            broker = await stack.enter_async_context(_own_broker(folder))
        line = folder / "ttyMeter"
        _say(f"a simulated {meter} meter is connected to {line}")
        chosen = () if name is None else ("--list", name)
        simulator = ("simulator", "--meter", meter, *chosen, "--pty", str(line))
        simulating = await stack.enter_async_context(_running("meter", *simulator))
        await _until(line.exists)
        options = folder / "options.json"
        options.write_text(json.dumps(_options(line, broker)), encoding="utf-8")
        _say(f"the program starts with these options: {options.read_text(encoding='utf-8')}")
        listening = await stack.enter_async_context(_listening(*broker))
        program = ("app", "run", "--options", str(options))
        reading = await stack.enter_async_context(_running("add-on", *program))
        ends = [
            asyncio.ensure_future(end)
            for end in (stop.wait(), listening, simulating.wait(), reading.wait())
        ]
        done, _ = await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        failed = bool(done) and not stop.is_set()
        _say("something ended by itself, see above" if failed else "stopping")
    _say("that was it")
    return 1 if failed else 0


def _options(line: Path, broker: tuple[str, int]) -> dict[str, object]:
    return {
        "meter_type": "auto",
        "key": KEY,
        "auth_key": AUTH_KEY,
        "url": str(line),
        "name": "Demo meter",
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
    _say(f"an MQTT broker listens on 127.0.0.1:{port} ({name})")
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
async def _running(name: str, module: str, *arguments: str) -> AsyncIterator[Process]:
    """Run a module of this tree in a process of its own, and show what it prints."""
    async with _process([sys.executable, "-m", module, *arguments]) as process:
        showing = asyncio.create_task(_show(name, process))
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
            _print(name, line.decode(errors="replace").rstrip())


@contextlib.asynccontextmanager
async def _listening(host: str, port: int) -> AsyncIterator[asyncio.Task[None]]:
    """Show every MQTT message of the program from now on."""
    async with aiomqtt.Client(host, port) as client:
        await client.subscribe("smartmeter/#")
        await client.subscribe("homeassistant/device/#")

        async def show() -> None:
            async for message in client.messages:
                text = message.payload.decode()
                if len(text) > _LONGEST_PAYLOAD:
                    text = f"{text[:_LONGEST_PAYLOAD]}… ({len(text)} characters)"
                _print("mqtt", f"{message.topic} {text}")

        task = asyncio.create_task(show())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait([task])


def _say(text: str) -> None:
    _print("demo", text)


def _print(name: str, text: str) -> None:
    sys.stdout.write(f"{name:>6} | {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
