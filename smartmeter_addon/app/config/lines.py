"""Which of the meters in the options share a line that only one of them can be read from."""

import os.path
from collections.abc import Mapping, Sequence

from app.config.options import MeterOptions
from app.language.catalogue import Sentence, Text
from app.transport.address import parse_url


def doubled(meters: Sequence[MeterOptions]) -> Mapping[int, Sentence]:
    """Find meters that are on the line of one before them.

    Two programs cannot share a serial line, and most gateways take one connection. This is no
    reason to refuse the options: the other meters can be read.

    Args:
        meters: as in the options; the first is the flat one.

    Returns:
        The positions of the meters that cannot be read, each with a sentence that names both.
    """
    first_on: dict[str, int] = {}
    found: dict[int, Sentence] = {}
    for position, meter in enumerate(meters):
        line = _line(meter)
        first = first_on.setdefault(line, position)
        if first == position:
            continue
        one, other = _called(first, meters[first]), _called(position, meter)
        both = {"one": one, "other": other}
        if line:
            given = {"option": _option(meter), "given": meter.url or meter.device}
            found[position] = Sentence("line_options.same", {**both, **given})
        else:
            found[position] = Sentence("line_options.none", both)
    return found


def _line(meter: MeterOptions) -> str:
    """Give the same text for the same line; a blank one for the only adapter."""
    place = parse_url(meter.url) if meter.url else meter.device or ""
    if not isinstance(place, str):
        return str(place).lower()
    return os.path.realpath(place) if place else ""


def _option(meter: MeterOptions) -> str:
    return "url" if meter.url else "device"


def _called(position: int, meter: MeterOptions) -> Text:
    option: Text = Sentence("line_options.first_meter")
    if position:
        option = f"additional_meters[{position - 1}]"
    if not meter.name:
        return option
    return Sentence("line_options.named", {"option": option, "name": meter.name})
