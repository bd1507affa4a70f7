"""The bytes that came over a line last, as a recording that does not say whose meter it is."""

import asyncio
import io
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.anonymous.unread import masked, masked_texts
from app.config.options import MeterOptions
from app.dlms.ciphering import Keys
from app.meters.profile import Profile
from app.meters.telegram import Telegram
from app.transport.recording import Chunk, Writer
from app.transport.serial_mode import SerialMode

_MASKED: Final = (
    "no telegram was understood: digits and letters are replaced where several stand together"
)
_ANONYMOUS: Final = "anonymous: numbers, names and texts are made up, values and times are not"

_GIVE_WAY: Final = 0.001
"""Seconds after which the thread that makes a recording lets others go on; Python's own are 0.005,
and a telegram takes several turns."""


class Contents(StrEnum):
    """What a line carries, and so what has to be done to its bytes."""

    UNREAD = "unread"
    """No whole telegram has come yet."""
    UNKNOWN = "unknown"
    """Telegrams are not ciphered, and no profile knows where a number stands in them."""
    CIPHERED = "ciphered"
    """Nobody can read the telegrams without their key."""
    PLAIN = "plain"
    """Some telegrams at least are not ciphered, and their codes tell what they hold."""

    def after(self, telegram: Telegram) -> "Contents":
        """Tell what the line carries once a telegram came, too."""
        security = telegram.push.security
        if security and security.is_ciphered:
            no_others = self in {Contents.UNREAD, Contents.CIPHERED}
            return Contents.CIPHERED if no_others else Contents.PLAIN
        no_others = self in {Contents.UNREAD, Contents.UNKNOWN}
        return Contents.UNKNOWN if no_others and not telegram.registers else Contents.PLAIN


async def made(
    chunks: list[Chunk],
    contents: Contents,
    options: MeterOptions,
    profiles: Mapping[str, Profile],
    *,
    hide: Callable[[str], str],
    now: datetime,
    mode: SerialMode | None,
) -> str:
    """Make a recording in a thread; telegrams that come meanwhile wait for it a millisecond.

    Args:
        chunks: what came.
        contents: of the line.
        options: of its meter.
        profiles: every meter family there is.
        hide: takes out of a text what identifies the meter.
        now: the date and time, aware.
        mode: the serial mode, if it is known.
    """

    def make() -> str:
        left, notes = without_owner(chunks, contents, options, profiles, hide)
        return written(left, now=now, mode=mode, notes=notes)

    before = sys.getswitchinterval()
    sys.setswitchinterval(_GIVE_WAY)
    try:
        return await asyncio.to_thread(make)
    finally:
        sys.setswitchinterval(before)


def without_owner(
    chunks: list[Chunk],
    contents: Contents,
    options: MeterOptions,
    profiles: Mapping[str, Profile],
    hide: Callable[[str], str],
) -> tuple[list[Chunk], tuple[str, ...]]:
    """Take out of bytes whose meter they are of.

    Plain telegrams get made-up numbers, and what is not understood beside them is left out.
    Ciphered ones stay as they are, with the system title that they show; texts beside them are
    masked. So are bytes of which nothing is understood.

    Args:
        chunks: see `made`, as for what follows.
        contents: as there.
        options: as there.
        profiles: as there.
        hide: as there.

    Returns:
        What is left, and lines for people on what was done.
    """
    if contents is Contents.CIPHERED:  # a text beside them is not theirs
        return list(_changed(chunks, masked_texts)), ()
    if contents is not Contents.PLAIN:
        return list(_changed(chunks, masked)), (_MASKED,)
    from app.anonymous import Anonymiser  # noqa: PLC0415 - most never need it

    result = Anonymiser(Keys(), profiles, options.meter_type).anonymise(chunks)
    left_out = [f"left out: {n} x {reason}" for reason, n in result.left_out.items()]
    if result.bytes_left_out:
        left_out.append(f"left out: {result.bytes_left_out} bytes in all")
    return list(result.recording), (_ANONYMOUS, *map(hide, left_out))


def _changed(chunks: list[Chunk], change: Callable[[bytes], bytes]) -> Iterator[Chunk]:
    """Change bytes of which a word may begin in one chunk and end in another."""
    data = change(b"".join(chunk.data for chunk in chunks))
    begin = 0
    for chunk in chunks:
        end = begin + len(chunk.data)
        yield Chunk(chunk.seconds, data[begin:end])
        begin = end


def written(
    chunks: list[Chunk], *, now: datetime, mode: SerialMode | None, notes: tuple[str, ...] = ()
) -> str:
    """Write a recording.

    Args:
        chunks: what is left of what came.
        now: see `made`, as for what follows.
        mode: as there.
        notes: lines for people.
    """
    out = io.StringIO()
    at = 0.0
    last = chunks[-1].seconds if chunks else 0.0
    begun = now - timedelta(seconds=last)
    writer = Writer(out, lambda: at, begun=begun, mode=mode)
    for note in notes:
        writer.note(note)
    for chunk in chunks:
        at = chunk.seconds
        writer.write(chunk.data)
    return out.getvalue()
