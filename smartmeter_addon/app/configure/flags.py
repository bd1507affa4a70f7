"""The arguments of ``configure``: an answer to each question, or where it is to be read."""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from app.config import environment

SERVICE_FILE: Final = Path("/etc/smartmeter/options.json")
"""The options of the service that ``script/install`` makes."""


class _OfMeter(argparse.Action):
    """Puts an answer to those about the meter that the arguments are at."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Take the argument; one without a value gives an empty answer."""
        del parser, option_string
        meters = _meters(namespace)
        meters[-1][self.dest] = self.const if self.nargs == 0 else values


class _AnotherMeter(argparse.Action):
    """Begins the answers about another meter."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Take the argument."""
        del parser, values, option_string
        _meters(namespace).append({})


def _meters(namespace: argparse.Namespace) -> list[dict[str, Any]]:
    if namespace.meters is None:
        namespace.meters = [{}]
    meters: list[dict[str, Any]] = namespace.meters
    return meters


def add_arguments(parser: argparse.ArgumentParser, languages: Sequence[str]) -> None:
    """Add the arguments to the command's parser."""
    parser.set_defaults(meters=None)
    parser.add_argument(
        "--options",
        type=Path,
        metavar="FILE",
        help=f"the options to write (default: {SERVICE_FILE}, where the service is"
        " installed; else it is asked for)",
    )
    parser.add_argument(
        "--language", choices=languages, help="of the questions, and of the sensors' names"
    )
    parser.add_argument(
        "--yes",
        action="store_true",
        help="ask only what has no usual answer, and write without asking",
    )
    parser.add_argument(
        "--seconds",
        type=seconds,
        metavar="N",
        help="give up after N seconds without a telegram (default: 70 without a byte)",
    )
    _add_meter(parser.add_argument_group("the meter"))
    _add_broker(parser.add_argument_group("the MQTT broker"))


def seconds(text: str) -> float:
    """Read how long to wait.

    Raises:
        argparse.ArgumentTypeError: it is no number, or none to wait for.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError("must be a number of seconds above 0")
    return number


def _add_meter(group: "argparse._ArgumentGroup") -> None:
    group.add_argument("--device", action=_OfMeter, metavar="PATH", help="its serial adapter")
    group.add_argument(
        "--url", action=_OfMeter, metavar="URL", help="its gateway, like tcp://host:2000"
    )
    group.add_argument(
        "--serial-mode", action=_OfMeter, metavar="MODE", help="like '2400 8E1' (default: found)"
    )
    for option, what in (("key", "encryption key"), ("auth-key", "authentication key")):
        name = option.replace("-", "_")
        variable = environment.variable(name)
        group.add_argument(
            f"--{option}-file",
            dest=f"{name}_file",
            action=_OfMeter,
            metavar="FILE",
            help=f"a file with the {what}; the first meter's may stand in {variable}, too",
        )
        group.add_argument(
            f"--no-{option}",
            dest=name,
            action=_OfMeter,
            nargs=0,
            const="",
            help=f"go on without the {what}",
        )
    group.add_argument("--name", action=_OfMeter, help="its name in Home Assistant")
    group.add_argument(
        "--accept-silence",
        dest="after_silence",
        action=_OfMeter,
        nargs=0,
        const="skip",
        help="go on when no telegram comes",
    )
    group.add_argument(
        "--another-meter",
        action=_AnotherMeter,
        nargs=0,
        dest=argparse.SUPPRESS,
        help="what follows is about another meter",
    )


def _add_broker(group: "argparse._ArgumentGroup") -> None:
    group.add_argument("--mqtt-host", metavar="HOST", help="its name or IP address")
    group.add_argument("--mqtt-port", metavar="PORT", help="its port (default: 1883)")
    group.add_argument("--mqtt-username", metavar="NAME", help="the user; '' for none")
    group.add_argument(
        "--mqtt-password-file",
        metavar="FILE",
        help=f"a file with the password, which may stand in {environment.variable('mqtt.password')}"
        ", too",
    )
    group.add_argument(
        "--mqtt-tls", action=argparse.BooleanOptionalAction, help="encrypt the connection"
    )
    group.add_argument(
        "--mqtt-ca",
        metavar="FILE",
        help="the certificate of the broker's authority; goes with --mqtt-tls",
    )
    group.add_argument(
        "--no-mqtt",
        action="store_true",
        help="go on without a broker, where the options have influxdb or console",
    )
