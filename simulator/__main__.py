"""A simulated smart meter on a line: `python3 -m simulator --help`."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import math
import random
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from simulator import meters, wires
from simulator.ciphering import AUTH_KEY, KEY, KEY_LENGTH
from simulator.clock import VIENNA
from simulator.household import Household

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = parse(arguments)
    meter = _meter(options)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        asyncio.run(_simulate(meter, options))
    except BrokenPipeError:
        return 0  # whoever read standard output has seen enough
    except OSError as error:
        _say(f"simulator: {error}")
        return 1
    return 0


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the arguments; wrong ones end the program."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        _meter(options)
    except ValueError as error:
        parser.error(str(error))
    return options


def _meter(options: argparse.Namespace) -> meters.Meter:
    """Make the meter.

    Raises:
        ValueError: there is no such list.
    """
    return meters.build(options.meter, options.list, key=options.key, auth_key=options.auth_key)


def _parser() -> argparse.ArgumentParser:
    lists = "\n".join(
        f"  {family:13} {name:18} {variant.about}"
        for family, variants in meters.FAMILIES.items()
        for name, variant in variants.items()
    )
    parser = argparse.ArgumentParser(
        prog="python3 -m simulator",
        description="Simulate a smart meter with a household behind it.",
        epilog=f"meters and their lists (the first is taken when none is given):\n{lists}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--meter", required=True, choices=meters.FAMILIES, help="family of meters")
    parser.add_argument("--list", metavar="NAME", help="which list it sends, see below")
    parser.add_argument(
        "--key",
        type=_key,
        default=KEY,
        metavar="HEX",
        help=f"encryption key (default: the made-up {KEY.hex().upper()})",
    )
    parser.add_argument(
        "--auth-key",
        type=_key,
        default=AUTH_KEY,
        metavar="HEX",
        help=f"authentication key (default: the made-up {AUTH_KEY.hex().upper()})",
    )
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--pty", type=Path, metavar="PATH", help="make a serial line at PATH")
    target.add_argument(
        "--tcp", type=int, metavar="PORT", help="serve PORT on 127.0.0.1 (0: any free one)"
    )
    target.add_argument("--output", metavar="FILE", help="write to FILE, - for standard output")
    parser.add_argument(
        "--interval",
        type=_positive,
        metavar="S",
        help="seconds between telegrams (default: the meter's)",
    )
    parser.add_argument(
        "--pace",
        type=_whole,
        metavar="BAUD",
        help="pace of the line (default: the meter's own; into a file: as fast as it goes); "
        "0 for whole segments at once",
    )
    parser.add_argument(
        "--count",
        type=_whole,
        metavar="N",
        help="how many telegrams (default: for ever; into a file: 1)",
    )
    parser.add_argument(
        "--await-reader",
        action="store_true",
        help="send nothing before somebody reads, so that the first telegram is heard whole",
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="which household")
    parser.add_argument(
        "--start", type=_moment, metavar="TIME", help="time of the first telegram (default: now)"
    )
    return parser


def _key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_LENGTH:
        raise argparse.ArgumentTypeError(f"a key is {2 * KEY_LENGTH} hexadecimal digits")
    return key


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def _whole(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must not be less than 0")
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=VIENNA)


def _stop(number: int, _frame: FrameType | None) -> None:
    """End the program from wherever it is, through every `finally`, and only once."""
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(0)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


async def _simulate(meter: meters.Meter, options: argparse.Namespace) -> None:
    """Run a meter until its telegrams are sent or the program is stopped."""
    wire, where = await _wire(options)
    try:
        into_file = options.output is not None
        live = not into_file or options.pace is not None
        count = 1 if into_file and options.count is None else options.count
        mode = meter.serial_mode
        seconds_a_byte = 0.0
        if options.pace != 0 and live:
            seconds_a_byte = wires.byte_time(mode, options.pace)
            if options.pace:
                mode = f"{options.pace} {mode.split()[1]}"
        _say(f"simulated {meter.family} ({meter.variant}), {mode}, on {where}")
        if options.await_reader:
            await wires.heard(wire)
        start = options.start or datetime.now(UTC).replace(microsecond=0)
        # Goes on where an earlier run stopped: a counter that starts anew would be a replay.
        meter.invocation_counter = (start - _EPOCH) // timedelta(seconds=1) % 2**32
        household = Household(options.seed, start, phases=meter.phases)
        chance = random.Random(options.seed)
        interval = options.interval or meter.interval
        clock = asyncio.get_running_loop().time
        begin = clock()
        turn = 0
        for _ in itertools.repeat(None) if count is None else range(count):
            if live:
                await asyncio.sleep(max(0, begin + turn * interval - clock()))
            moment = start + timedelta(seconds=turn * interval)
            telegram = meter.telegram(household.at(moment))
            timetable = wires.pace(telegram.segments, seconds_a_byte, meter.pause, chance)
            await wires.send(wire, timetable)
            turn += 1
            if live:  # a telegram longer than the interval takes the turns it covers
                turn = max(turn, math.ceil((clock() - begin) / interval))
        await wires.settle(wire)
    finally:
        wire.close()


async def _wire(
    options: argparse.Namespace,
) -> tuple[wires.Pty | wires.TcpServer | wires.File, str]:
    """Open what the options ask for; returns it and its name."""
    if options.pty is not None:
        pty = wires.Pty(options.pty)
        return pty, f"{pty.path} ({pty.name})"
    if options.tcp is not None:
        server = await wires.TcpServer.listen(options.tcp)
        return server, f"tcp://127.0.0.1:{server.port}"
    if options.output == "-":
        return wires.File(None), "standard output"
    return wires.File(Path(options.output)), options.output


if __name__ == "__main__":
    sys.exit(main())
