"""The source of a meter's line, as the options say."""

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from app.config.options import MeterOptions
from app.meters.profile import Profile
from app.state import State
from app.transport.push_interval import PushInterval
from app.transport.source import DELAYS, Source, source_for


class LineSource(NamedTuple):
    """A line's source.

    Args:
        source: where the bytes come from.
        push_interval: of the meter; the source goes by what is learned of it.
    """

    source: Source
    push_interval: PushInterval


NO_SOURCES: Final[Mapping[int, LineSource]] = MappingProxyType({})


def source_of(
    options: MeterOptions,
    profiles: Mapping[str, Profile],
    state: State,
    *,
    clock: Callable[[], float] = time.monotonic,
    delays: Sequence[float] = DELAYS,
) -> LineSource:
    """Make the source of a meter's line; nothing is opened yet.

    Args:
        options: of the meter.
        profiles: every meter family there is.
        state: see `source_for`.
        clock: a steady one, in seconds.
        delays: seconds before the line is opened again, see `source_for`.
    """
    family = profiles.get(options.meter_type)
    push_interval = PushInterval(family.push_interval) if family else PushInterval()
    source = source_for(
        options.url or options.device,
        mode=options.serial_mode,
        usual=family.serial_modes if family else (),
        state=state,
        push_interval=push_interval,
        clock=clock,
        delays=delays,
    )
    return LineSource(source, push_interval)
