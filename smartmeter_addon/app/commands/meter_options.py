"""The options of one meter, for commands that read one line."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from app.config import options
from app.config.options import MeterOptions, Options, OptionsError
from app.dlms.ciphering import Keys
from app.meters.profile import AUTO, Profile
from app.meters.sensors import SENSORS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name them."""
    parser.add_argument(
        "--options",
        type=Path,
        metavar="FILE",
        help="the options that run takes, for the meter's type, keys and line",
    )
    parser.add_argument(
        "--meter",
        type=at_least_one,
        default=1,
        metavar="N",
        help="which meter of --options (default: 1, the one that is not under additional_meters)",
    )


def load(
    parser: argparse.ArgumentParser,
    given: argparse.Namespace,
    keys: Keys,
    profiles: Mapping[str, Profile],
) -> Options:
    """Give the options with the one meter that is meant; what stands in arguments wins."""
    loaded = Options((MeterOptions(),))
    if given.options:
        try:
            # `run` takes all from the environment where there is no file; here one is named.
            variables = os.environ if given.options.exists() else None
            loaded = options.load(
                given.options, (AUTO, *profiles), variables, reading_keys=SENSORS.keys()
            )
        except OptionsError as error:
            parser.error("; ".join(error.problems))
    if given.meter > len(loaded.meters):
        parser.error(f"--meter {given.meter}: the options name {len(loaded.meters)} only")
    meter = loaded.meters[given.meter - 1]
    meter = replace(
        meter,
        keys=Keys(
            keys.encryption or meter.keys.encryption,
            keys.authentication or meter.keys.authentication,
        ),
        meter_type=meter.meter_type if given.meter_type == AUTO else given.meter_type,
        serial_mode=getattr(given, "serial_mode", None) or meter.serial_mode,
    )
    return replace(loaded, meters=(meter,))


def at_least_one(text: str) -> int:
    """Read a whole number that is 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return int(text)
