"""The command ``listen``: what is on the line, live and in words, and a block for a bug report.

The block at the end holds no key, no full meter number and no values; it is what a new profile or
a bug report needs.
"""

import platform
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, TextIO

from app import __version__
from app.cosem import items, p1
from app.cosem.items import Shape
from app.cosem.obis import Obis
from app.decoder import Decoder
from app.dlms import axdr
from app.dlms.ciphering import describe_title
from app.dlms.receiver import Push
from app.fault import Fault, Kind
from app.language.counting import counted
from app.meters import identity
from app.meters.catalogue import name_of
from app.meters.telegram import Register, Telegram
from app.transport.parity import Share, errors_in
from app.transport.sentences import Sentences
from app.transport.serial_mode import SerialMode
from app.transport.source import Event, GaveUp, Lost, Opened, Source
from app.transport.until import until_stopped

_SHOWN_OF_A_NUMBER: Final = 4
_TITLE_SHOWN: Final = 4  # bytes: maker and kind of meter, not its number
_LONGEST_TEXT: Final = 60

_SHAPES: Final = {
    Shape.CAPTURE_OBJECTS: "named by capture objects",
    Shape.ROWS: "named by OBIS codes",
    Shape.VALUES: "without names",
}


class Report:
    """Turns what was decoded into lines of text, and counts for the block at the end."""

    def __init__(self) -> None:
        self.telegrams = 0
        """How many could be read so far."""
        self._links: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._shapes: dict[str, list[str]] = {}
        self._senseless = 0
        self._unknown: set[Obis] = set()
        self._bytes = self._frames = self._junk = 0
        self._line = "none"
        self._given_up: list[SerialMode] = []
        self._share = Share()  # of bytes with parity errors, on this line in this mode

    def opened(self, line: str) -> None:
        """Take which line is read now, and how."""
        if line != self._line:
            self._share = Share()
        self._line = line

    def gave_up(self, mode: SerialMode) -> None:
        """Take that a mode gave no frame."""
        if mode not in self._given_up:
            self._given_up.append(mode)

    def ended(self, frames: int, junk: int) -> None:
        """Take what a decoder counted from an opening of the line to its end."""
        self._frames += frames
        self._junk += junk

    def received(self, size: int, parity_errors: int = 0) -> None:
        """Count bytes, and those with parity errors."""
        self._bytes += size
        self._share.add(size, parity_errors)

    def event(self, event: Telegram | Fault) -> Iterator[str]:
        """Describe a telegram or what was damaged."""
        fault = event if isinstance(event, Fault) else event.fault
        if isinstance(event, Telegram):
            self.telegrams += fault is None
            yield from self._telegram(event)
        if fault:
            self._faults[f"{fault.layer}: {fault.kind}"] += 1
            yield f"  ! {fault}"

    def _telegram(self, telegram: Telegram) -> Iterator[str]:
        push = telegram.push
        self._links[push.frame.link] += 1
        yield f"{push.frame.link} telegram of {len(push.frame.payload)} bytes, {_ciphering(push)}"
        if telegram.profile:
            moment = telegram.timestamp.isoformat(" ") if telegram.timestamp else "no time"
            yield (
                f"  {telegram.manufacturer} {telegram.model} (meter_type {telegram.profile.type}),"
                f" number {telegram.number or 'not sent'}, {moment}"
            )
        if telegram.note:
            yield f"  {telegram.note}"
        if listed := _list(push):
            yield f"  {listed}"
        for obis, register in (telegram.registers or {}).items():
            yield f"  {_register(obis, register)}"
        self._unknown.update(
            obis
            for obis, register in (telegram.registers or {}).items()
            if not name_of(obis, register.unit)
        )
        for text in _passed_over(push):
            self._senseless += 1
            yield f"  {'passed over':<16} {text[:_LONGEST_TEXT]!a}"
        for item in telegram.unknown:
            code = str(item.obis) if item.obis else "-"
            yield f"  {code:<16} {axdr.NAMES[item.tag]:<22} {item.text[:_LONGEST_TEXT]}"
        self._shapes.setdefault(_heading(telegram), list(_shape(telegram)))

    def block(self) -> Iterator[str]:
        """Give the block to paste into a bug report."""
        yield "----- paste from here: no key, no values, no full meter number is in it -----"
        yield f"smart meter reader {__version__}, Python {platform.python_version()}"
        yield f"line: {self._line}"
        if self._given_up:
            yield f"tried in vain: {', '.join(map(str, self._given_up))}"
        yield (
            f"{self._bytes} bytes, {counted(self._frames, 'good frame')},"
            f" {self._junk} bytes that belong to no frame"
        )
        if self._share.errors:
            yield _parity_errors(self._share, frames=self._frames > 0)
        for kind, count in sorted(self._faults.items()):
            yield f"{count} x {kind}"
        if self._senseless:
            yield f"{self._senseless} x p1: line without sense"
        if self._unknown:
            yield f"{len(self._unknown)} x meter: register without meaning"
        if not self._shapes:
            yield "no telegram"
        for heading, lines in self._shapes.items():
            yield heading
            yield from (f"  {line}" for line in lines)
        yield "----- to here -----"


def _parity_errors(share: Share, *, frames: bool) -> str:
    counted = f"{share.percent} of bytes with parity errors ({share.errors} of {share.bytes})"
    if share.mode_is_wrong:
        if frames:
            return f"{counted}, though frames are good: the meter likely sends without parity"
        return f"{counted}: the serial mode is wrong"
    if share.is_disturbed:
        return f"{counted}: the head sits badly, or the cable is bad"
    return counted


def _ciphering(push: Push) -> str:
    security = push.security
    if security is None:
        return "not ciphered"
    checked = {None: "tag not checked", True: "tag fits", False: "tag does not fit"}
    tag = checked[security.authenticated] if security.has_tag else "no tag"
    how = "ciphered" if security.is_ciphered else "not ciphered"
    return (
        f"{how} by {describe_title(security.system_title)}, security control"
        f" {security.security_control:02X}, invocation counter {security.invocation_counter}, {tag}"
    )


def _list(push: Push) -> str | None:
    """Tell the size and the shape of a list; None of a text, and of what could not be read."""
    if push.content is None or isinstance(push.content, bytes):
        return None
    body = push.content.body
    return f"list of {len(items.read(body))} items {_SHAPES[items.shape(body)]}"


def _passed_over(push: Push) -> list[str]:
    """Give the lines of a text that make no sense."""
    content = push.content
    return p1.parse(p1.decode(content)).passed_over if isinstance(content, bytes) else []


def _register(obis: Obis, register: Register) -> str:
    name = name_of(obis, register.unit) or "? unknown register"
    value = str(register.value)[:_LONGEST_TEXT]
    since = f" (since {register.at.isoformat(' ')})" if register.at else ""
    return f"{obis!s:<16} {name:<32} {value} {register.unit}".rstrip() + since


def _heading(telegram: Telegram) -> str:
    push = telegram.push
    family = telegram.profile.type if telegram.profile else "unknown"
    parts = [f"{push.frame.link} {push.frame.address}".strip(), f"meter_type {family}"]
    if push.security:
        title = push.security.system_title[:_TITLE_SHOWN].hex()
        parts.append(f"security control {push.security.security_control:02X}, title {title}...")
    if listed := _list(push):  # one meter may push several lists, and a report needs each
        parts.append(listed)
    if telegram.fault:
        parts.append(str(telegram.fault.kind))
    return ", ".join(parts)


def _shape(telegram: Telegram) -> Iterator[str]:
    for obis, register in (telegram.registers or {}).items():
        if isinstance(register.value, str):
            kind = masked(register.value) if obis.cde in identity.NUMBERS else "text"
        else:
            kind = "number"
        known = "" if name_of(obis, register.unit) else "  (unknown)"
        yield f"{obis} {kind} {register.unit}".rstrip() + known
    for item in telegram.unknown:
        code = f"{item.obis} " if item.obis else ""
        size = f"({len(item.value)})" if isinstance(item.value, (bytes, str)) else ""
        yield f"{code}{axdr.NAMES[item.tag]}{size}"


def masked(number: str) -> str:
    """Give a meter's number with all but its first characters hidden."""
    return number[:_SHOWN_OF_A_NUMBER] + "x" * max(len(number) - _SHOWN_OF_A_NUMBER, 0)


async def listen(
    source: Source,
    decoder: Decoder,
    out: TextIO,
    *,
    line: str = "none",
    seconds: float | None = None,
) -> int:
    """Show what is on a line until Ctrl-C, for some seconds, or to the end of a recording.

    Args:
        source: of the line's bytes.
        decoder: of this line.
        out: where to write.
        line: what to call the line in the block as long as the source has not said.
        seconds: when to end; None for never.

    Returns:
        The exit status: 0 when a telegram was read, else 1.
    """
    report = Report()
    report.opened(line)
    await until_stopped(_read(source, decoder, report, out), seconds)
    report.ended(decoder.frames, decoder.junk)
    for text in report.block():
        print(text, file=out)
    return 0 if report.telegrams else 1


async def _read(source: Source, decoder: Decoder, report: Report, out: TextIO) -> None:
    """Show what comes, for as long as something does."""
    sentences = Sentences()

    def take(event: Event) -> None:
        if sentence := sentences.about(event):
            print(sentence, file=out, flush=True)
        match event:
            case bytes():
                frames = decoder.frames
                report.received(len(event), len(errors_in(event)))
                decoded = decoder.feed(event)
                _show(decoded, report, out)
                if decoder.frames > frames or any(map(_is_whole_text, decoded)):
                    source.framed()
            case Opened(line):
                report.ended(decoder.frames, decoder.junk)
                decoder.restart()
                report.opened(line)
            case GaveUp(mode):
                report.gave_up(mode)
            case Lost(line):
                report.opened(line)  # or will be

    await source.run(take)
    _show(decoder.finish(), report, out)


def _is_whole_text(item: Telegram | Fault) -> bool:
    """Recognise a telegram that is whole text: the serial mode is right, only its checksum not."""
    fault = item if isinstance(item, Fault) else item.fault
    return fault is not None and fault.kind is Kind.CHECKSUM_WRONG


def _show(decoded: Iterable[Telegram | Fault], report: Report, out: TextIO) -> None:
    for item in decoded:
        moment = time.strftime("%H:%M:%S")
        for index, line in enumerate(report.event(item)):
            print(f"{'' if index else moment:8} {line}", file=out, flush=True)
