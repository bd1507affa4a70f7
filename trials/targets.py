"""The targets of the fuzzer: each decoder by itself, and the whole way from bytes to messages.

A target takes the bytes of one input. Any exception that it raises is a finding. It suppresses the
exceptions that the code under test documents, and checks what must hold for any input.
"""

import asyncio
import json
import logging
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final

from app.config import options, pem
from app.config.options import MeterOptions
from app.cosem import clock, items, p1
from app.cosem.obis import Obis
from app.decoder import Decoder
from app.dlms import apdu, axdr, ber, ciphering, gbt
from app.dlms.ciphering import Keys
from app.dlms.receiver import Push, Receiver
from app.fault import DecodeError, Fault
from app.link import Frame, Scanner
from app.link import p1 as p1_link
from app.link.layouts import Layouts
from app.link.segments import Joiner
from app.meters import identity, pattern, profile_files
from app.meters.interpreter import Interpreter
from app.meters.profile import AUTO
from app.meters.templates import Templates
from app.mqtt.layouts import LAYOUTS
from app.page.connection import Connection, Limits
from app.run import line_reader
from app.state import Sections, State
from app.transport import recording
from app.transport.address import parse_url
from app.transport.recording import RecordingError
from app.transport.serial_mode import SerialMode
from simulator import axdr as written
from simulator import clock as written_clock
from simulator.ciphering import AUTH_KEY, KEY
from simulator.clock import VIENNA as ZONE
from tests.support.asking import Deaf, receive
from tests.support.general import said
from tests.support.paged import Paged, opened
from tests.support.simulated import SimulatedMeter
from trials.chain import (
    JOINED_AT_MOST,
    PROFILES,
    SENDERS_AT_MOST,
    Chain,
    check,
    decoder_is_bounded,
    messages_hold,
    publisher,
    scanner_is_bounded,
    telegram_holds,
)
from trials.draw import Draw
from trials.made import LISTS, NOON, PLAINTEXTS, changed, framed, lines, node, payloads, telegram

Target = Callable[[bytes], None]

KEYS: Final = (Keys(), Keys(KEY), Keys(KEY, AUTH_KEY), Keys(bytes(16), AUTH_KEY))
TYPES: Final = (AUTO, *PROFILES)

ENDLESS = 131_072
"""Bytes of a stream without end; the tests use fewer."""

_MADE_OF: Final = 3
"""Telegrams after which a template is made."""

_LOOP: Final = asyncio.new_event_loop()

_SECRET: Final = "Hush-Hush"  # noqa: S105 - a mark that must not show up anywhere


# --- One decoder alone ---


def fuzz_ber(data: bytes) -> None:
    """A length."""
    with suppress(DecodeError):
        size, end = ber.length(data, 0, "ber")
        check(0 <= size < 2**32 and 1 <= end <= len(data), f"{size} and {end}")


def fuzz_gbt(data: bytes) -> None:
    """A block, and blocks joined in any order."""
    with suppress(DecodeError):
        block = gbt.parse(data)
        check(len(block.data) <= len(data), "a block grew")
    draw = Draw(data)
    joiner = Joiner("gbt", "block", gbt.FIRST_BLOCK)
    while draw:
        part = Frame("hdlc", 0, draw.take(draw.below(4)) * draw.below(20_000))
        joiner.feed(draw.below(5), part, last=draw.below(4) == 0)
        check(len(joiner._data) <= JOINED_AT_MOST, "a message without an end")
    joiner.finish()


def fuzz_axdr(data: bytes) -> None:
    """A value in A-XDR, also read as a list."""
    draw = Draw(data)
    flags = draw.below(4)
    rest = draw.rest()
    with suppress(DecodeError):
        value, end = axdr.parse(
            rest, bare_descriptors=bool(flags & 1), swapped_names=bool(flags & 2)
        )
        check(0 < end <= len(rest), "read beyond the end")
        _list(value)


def fuzz_apdu(data: bytes) -> None:
    """A data-notification."""
    with suppress(DecodeError):
        notification = apdu.parse(data)
        _list(notification.body)
        if notification.date_time:
            clock.parse(notification.date_time, ZONE)


def _list(body: axdr.Data) -> None:
    items.shape(body)
    items.has_descriptors(body)
    for item in items.read(body):
        str(item.obis)
        check(isinstance(item.text, str), "a text that is none")
        check(item.number is None or Decimal(item.number).is_finite(), "a number that is none")


def fuzz_clock(data: bytes) -> None:
    """A clock in both forms, each after another."""
    draw = Draw(data)
    before = None
    while draw:
        if draw.flag():
            found = clock.parse(draw.take(12), ZONE, before, even_invalid=draw.flag())
        else:
            found = clock.parse_text(draw.take(17).decode("latin-1"), ZONE, before)
        if found:
            check(found.utcoffset() is not None, "a time without offset")
            datetime.fromisoformat(found.isoformat())
        before = found or before


def fuzz_p1(data: bytes) -> None:
    """A P1 telegram."""
    with suppress(DecodeError):
        check(p1_link.whole(data).content.startswith(b"/"), "no telegram")
    text = p1.decode(data)
    p1.identification(text)
    parsed = p1.parse(text)
    check(len(parsed.items) + len(parsed.passed_over) <= 1 + len(data), "lines are made up")
    for item in parsed.items:
        str(item.obis)
        check(isinstance(item.text, str), "a text that is none")


def fuzz_texts(data: bytes) -> None:
    """Keys, certificates, codes, modes and addresses as users type them."""
    text = data.decode("utf-8", "replace")
    for parse in (Obis.parse, SerialMode.parse, parse_url, pem.certificates, pem.private_key):
        with suppress(ValueError):
            parse(text)
    try:
        check(len(ciphering.parse_key(text)) == ciphering.KEY_SIZE, "a key of another size")
    except ValueError as error:
        shown = text.strip()
        check(len(shown) < ciphering.KEY_SIZE or shown not in str(error), "the key is shown")


def fuzz_recording(data: bytes) -> None:
    """A recording as somebody posts it."""
    recording.is_recording(data)
    with suppress(RecordingError):
        chunks = recording.read(data)
        again = recording.read("\n".join(map(str, chunks)).encode())
        check([one.data for one in again] == [one.data for one in chunks], "another text")


def fuzz_options(data: bytes) -> None:
    """A file of options: any JSON, or known options with values of every kind."""
    draw = Draw(data)
    if draw.flag():
        with _file("options.json", draw.rest()) as path, suppress(options.OptionsError):
            options.load(path, TYPES)
        return
    raw = _options(draw, 0)
    try:
        options.parse(raw, TYPES).secrets()
    except options.OptionsError as error:
        check(error.problems, "no problem is told")
        for problem in error.problems:
            check(_SECRET not in problem, "a secret is shown")
            problem.encode()


_NAMES: Final = (
    *("meter_type", "key", "auth_key", "device", "url", "serial_mode", "name", "update_interval"),
    *("language", "log_level", "mqtt", "additional_meters", "host", "port", "username", "password"),
    *("tls", "ca", "client_cert", "client_key", "tls_insecure", "base_topic", "discovery_prefix"),
    *("layout", "kye", ""),
)
_SECRET_NAMES: Final = ("key", "auth_key", "password")
_LIKELY: Final = (
    *("auto", "kaifa", "2400 8E1", "tcp://192.168.1.20:2000", "/dev/ttyUSB0", "de", "debug", ""),
    *("00112233445566778899AABBCCDDEEFF", "burgenland", "a/b", "\ud800", "-----BEGIN CERTIFICATE"),
)


def _options(draw: Draw, depth: int) -> dict[str, object]:
    found: dict[str, object] = {}
    for _ in range(draw.below(8)):
        name = draw.pick(_NAMES) or draw.text()
        found[name] = _value(draw, depth, secret=name in _SECRET_NAMES)
        if name == "client_key" and draw.flag():  # shown as a path, unless it is PEM text
            found[name] = f"-----BEGIN {_SECRET}{draw.text()}"
    return found


def _value(draw: Draw, depth: int, *, secret: bool = False) -> object:
    match draw.below(8):
        case 0 if depth < 3:  # noqa: PLR2004 - deep enough for any option
            return _options(draw, depth + 1)
        case 1 if depth < 3:  # noqa: PLR2004 - the same
            return [_value(draw, depth + 1, secret=secret) for _ in range(draw.below(4))]
        case 2:
            return draw.pick((None, True, False, 1.5, float("inf"), float("nan"), -1, 10**400))
        case 3:
            return draw.below(2**16)
        case 4:
            return draw.pick(_LIKELY)
        case 5 if secret:
            return draw.text() + _SECRET + draw.text()
        case _:
            return draw.text() if not secret else _SECRET


def fuzz_profile(data: bytes) -> None:
    """A profile of a user."""
    with _file("mine.toml", data) as path, suppress(profile_files.ProfileError):
        profiles = profile_files.load(path.parent)
        check("mine" in profiles, "the profile is missing")
        reader = Interpreter(profiles, "mine", ZONE)
        for plaintext in PLAINTEXTS:
            reader.read(_pushed(plaintext))


def fuzz_state(data: bytes) -> None:
    """A state file with any content, read by all that keep something in it."""
    draw = Draw(data)
    content = draw.rest() if draw.flag() else _changed_state(draw)
    with _file("state.json", content) as path, _quiet():
        state = State(path)
        told = publisher(state, "standard")
        line_reader(MeterOptions(), told, profiles=PROFILES, zone=ZONE, state=state)
        told.forget_unheard()
        messages_hold(told, ours=False)


def _changed_state(draw: Draw) -> bytes:
    sections = {
        draw.text() if draw.below(8) == 1 else section: {
            draw.text() if draw.below(8) == 1 else key: _changed_value(draw, value)
            for key, value in kept.items()
        }
        for section, kept in _SECTIONS.items()
    }
    return json.dumps({"version": 2 - draw.below(2), "sections": sections}).encode()


def _changed_value(draw: Draw, value: object) -> object:
    """Change the JSON text of a kept value, which may be of another type afterwards."""
    text = changed(draw, json.dumps(value).encode()).decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


@contextmanager
def _file(name: str, content: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        yield path


@contextmanager
def _quiet() -> Iterator[None]:
    logging.disable()
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


# --- The line ---


def fuzz_scanner(data: bytes) -> None:
    """Frames in any bytes that come in chunks of any size, twice; those of a search each time."""
    draw = Draw(data)
    cuts = Draw(draw.take(1))
    stream = draw.rest()
    scanner, searching = Scanner(), Scanner()
    searching._layouts = Layouts(())
    fed = 0
    frames: list[Frame | Fault] = []
    for chunk in list(cuts.cut(stream)) * 2:
        found = scanner.feed(chunk)
        check(found == searching.feed(chunk), "a search gives something else")
        check(scanner.junk == searching.junk, "a search counts other junk")
        check(scanner.frames == searching.frames, "a search counts other frames")
        frames += found
        fed += len(chunk)
        scanner_is_bounded(scanner, fed)
    frames += scanner.finish()
    check(not scanner._buffer, "bytes are left behind the end")
    for event in frames:
        check(0 <= event.offset <= fed, f"offset {event.offset} of {fed} bytes")
        if isinstance(event, Fault):
            str(event)
    content = sum(len(event.payload) for event in frames if isinstance(event, Frame))
    check(content <= fed + 2, "more than was there")  # a line end may be added


def fuzz_endless(data: bytes) -> None:
    """A pattern that repeats without end: memory and time must not grow with it."""
    draw = Draw(data)
    keys = draw.pick(KEYS)
    size = 1 + draw.below(256) * 16  # a read of a line gives at most 4096 bytes
    pattern = draw.rest() or b"\0"
    stream = (pattern * (ENDLESS // len(pattern) + 1))[:ENDLESS]
    decoder = Decoder(keys, PROFILES, ZONE)
    # Single bytes cost more each: only as many as a gateway sends in a second.
    stream = stream if size >= 16 else stream[: ENDLESS // 8]  # noqa: PLR2004 - see above
    for at in range(0, len(stream), size):
        decoder.feed(stream[at : at + size])
        scanner_is_bounded(decoder._scanner, at + size)
        decoder_is_bounded(decoder)
    decoder.finish()


def fuzz_receiver(data: bytes) -> None:
    """Payloads of frames: plain, ciphered, in blocks, or text."""
    draw = Draw(data)
    receiver = Receiver(draw.pick(KEYS))
    while draw:
        link = draw.pick(("hdlc", "mbus", "raw", "p1"))
        for payload in payloads(draw):
            for event in receiver.feed(Frame(link, 7, payload, "cf")):
                if isinstance(event, Fault):
                    str(event)
                else:
                    check((event.content is None) == (event.fault is not None), "neither nor")
        check(len(receiver._blocks._data) <= JOINED_AT_MOST, "blocks pile up")
        check(len(receiver.tagged) <= SENDERS_AT_MOST, "system titles pile up")
    receiver.finish()


def fuzz_decoder(data: bytes) -> None:
    """Telegrams in any bytes."""
    draw = Draw(data)
    decoder = Decoder(draw.pick(KEYS), PROFILES, ZONE, draw.pick(TYPES), numbers={})
    cuts = Draw(draw.take(1))
    for chunk in cuts.cut(draw.rest()):
        for event in decoder.feed(chunk):
            telegram_holds(event)
    for event in decoder.finish():
        telegram_holds(event)
    check(decoder.frames >= 0, "frames are counted")
    decoder_is_bounded(decoder)


def fuzz_interpreter(data: bytes) -> None:
    """Telegrams with values of every type, codes and units, to one interpreter."""
    draw = Draw(data)
    numbers: dict[str, str] | None = {} if draw.flag() else None
    label = identity.slug(draw.text())
    reader = Interpreter(PROFILES, draw.pick(TYPES), ZONE, label=label, numbers=numbers)
    while draw:
        if draw.below(4) == 0:
            text = b"/" + draw.string() + b"\r\n" + lines(draw) + b"!"
            push = Push(Frame("p1", 0, text), None, text, is_text=True)
        else:
            try:
                body = written.encode(node(draw, 0, (written.Type.STRUCTURE,)))
                notification = written.data_notification(written.Raw(body), invoke_id=1)
                push = _pushed(notification, draw.below(256))
            except (
                OverflowError,
                TypeError,
                DecodeError,
            ):  # such a value is not written or read
                continue
        telegram_holds(reader.read(push))
    check(len(numbers or ()) <= SENDERS_AT_MOST, "senders pile up")


def _pushed(plaintext: bytes, sender: int = 0, *, check_it: bool = True) -> Push:
    if plaintext.startswith(b"/"):
        return Push(Frame("p1", 0, plaintext), None, plaintext, is_text=True)
    if check_it:
        apdu.parse(plaintext)
    return Push(Frame("hdlc", 0, plaintext, f"{sender:02x}"), None, plaintext)


def fuzz_template(data: bytes) -> None:
    """Telegrams like one before, changed at any place: by templates as in the general way.

    They are of several senders, each on a line of its own or all on one, and a sender may begin to
    push another list.
    """
    draw = Draw(data)
    pattern.patterns_like.cache_clear()
    count = 1 + draw.below(3)
    lines = [_Both() for _ in range(1 if draw.flag() else count)]
    listed = draw.pick(LISTS)
    plaintexts = [telegram(*listed, serial).plaintext for serial in range(count)]
    for n in range(count * _MADE_OF + 32):
        sender = n % count
        if n >= count * _MADE_OF:
            if not draw:
                break
            sender = draw.below(count)
            if draw.below(16) == 0:
                plaintexts[sender] = telegram(*draw.pick(LISTS), sender).plaintext
            begin, new = draw.below(len(plaintexts[sender])), draw.take(draw.below(9))
            old = plaintexts[sender]
            plaintexts[sender] = old[:begin] + new + old[begin + len(new) :]
        lines[sender % len(lines)].read(plaintexts[sender], sender)


class _Both:
    """A line that is read by templates, and in the general way."""

    def __init__(self) -> None:
        self._reader, self._general = (
            Interpreter(PROFILES, AUTO, ZONE, label="a") for _ in range(2)
        )
        self._templates = Templates(self._reader)

    def read(self, plaintext: bytes, sender: int) -> None:
        pushes = [_pushed(plaintext, sender, check_it=False) for _ in range(2)]
        one = self._templates.read(pushes[0]) or self._reader.interpret(pushes[0])
        other = self._general.interpret(pushes[1])
        check(said(one) == said(other), "another reading")
        if other.fault is None:
            # As `Decoder` does.
            if one.template:
                one.template.remember(one)
            else:
                self._reader.remember(one)
                self._templates.learn(one)
            self._general.remember(other)


# --- What comes from browsers ---


def fuzz_page(data: bytes) -> None:
    """Any bytes and requests to the page, cut anywhere; each ends in an answer or is hung up on."""
    draw = Draw(data)
    cuts = Draw(draw.take(1))
    if draw.flag():
        stream = b"".join(_request(draw) for _ in range(1 + draw.below(4)))
    else:
        stream = draw.rest()
    _LOOP.run_until_complete(_ask(cuts.cut(stream)))


_METHODS: Final = (b"GET", b"HEAD", b"POST", b"OPTIONS", b"get", b"")
_PATHS: Final = (
    *(b"", b"page.js", b"facts", b"live", b"recording", b"events", b"health", b"report"),
    *(b"telegram", b"series", b"quarters"),
)
_PARAMETERS: Final = (b"line", b"meter", b"key", b"seconds", b"minutes")
_ARGUMENTS: Final = (b"0", b"1", b"-1", b"1e9", b"power", b"%30", b"+", b"999999", b"\xd9\xa1")
_HEADERS: Final = (
    *(b"Host: localhost", b"Host: [::1]:80", b"Connection: close", b"Connection: keep-alive"),
    *(b"Content-Length: 0", b"Content-Length: 5", b"Transfer-Encoding: chunked", b"Cookie: a=b"),
    *(b"Expect: 100-continue", b"Upgrade: websocket", b" folded", b"X-Ingress-Path: /a"),
)


def _request(draw: Draw) -> bytes:
    """Make a request that is more or less one."""
    method = draw.pick(_METHODS) or draw.string()
    path = draw.pick(_PATHS) if draw.flag() else draw.string()
    parameters = [
        (draw.pick(_PARAMETERS) if draw.flag() else draw.string())
        + b"="
        + (draw.pick(_ARGUMENTS) if draw.flag() else draw.string())
        for _ in range(draw.below(12))
    ]
    headers = [
        (draw.pick(_HEADERS) if draw.flag() else draw.string()) * (1 + draw.below(2) * 40)
        for _ in range(draw.below(8))
    ]
    lines = [b"Host: localhost", *headers] * (1 + draw.below(2) * draw.below(64))
    end = draw.pick((b"\r\n", b"\n"))
    target = b"/%s?%s" % (path, b"&".join(parameters))
    return end.join([b" ".join((method, target, b"HTTP/1.1")), *lines, b"", b""])


@cache
def _paged() -> Paged:
    """Give a page of a meter that was read for a while."""
    paged = opened()
    paged.push(SimulatedMeter(None, "kaifa"), 20)
    return paged


async def _ask(chunks: Iterable[bytes]) -> None:
    transport, server = Deaf(), _paged().page.server
    turns: deque[Callable[[], None]] = deque()
    connection = Connection(
        server._access,
        server._respond,
        connected=lambda *_: True,
        closed=lambda _: None,
        in_turn=turns.append,
        limits=Limits(),
    )
    connection.connection_made(transport)
    for chunk in chunks:
        if not transport.is_closing():
            receive(connection, chunk)
        while turns:
            turns.popleft()()
    connection.connection_lost(None)
    await asyncio.sleep(0)
    assert not transport.written or transport.written.startswith(b"HTTP/1.1 ")
    assert KEY.hex().encode() not in transport.written.lower()


# --- From bytes to messages ---


def fuzz_chain(data: bytes) -> None:
    """Messages from telegrams of simulated meters, changed before ciphering and checksums."""
    draw = Draw(data)
    chain = Chain(draw.pick(KEYS), draw.pick(TYPES), draw.pick(tuple(LAYOUTS)))
    with chain.listening():
        cuts = Draw(draw.take(1))
        while draw:
            stream = b"".join(framed(draw))
            for chunk in cuts.cut(stream):
                chain.take(chunk)
            chain.pass_time(float(draw.pick((5, 1, 61, 3600))))
            cuts = Draw(draw.take(1))
    chain.holds()


TARGETS: Final[Mapping[str, Target]] = {
    "ber": fuzz_ber,
    "gbt": fuzz_gbt,
    "axdr": fuzz_axdr,
    "apdu": fuzz_apdu,
    "clock": fuzz_clock,
    "p1": fuzz_p1,
    "texts": fuzz_texts,
    "recording": fuzz_recording,
    "options": fuzz_options,
    "profile": fuzz_profile,
    "state": fuzz_state,
    "scanner": fuzz_scanner,
    "endless": fuzz_endless,
    "receiver": fuzz_receiver,
    "decoder": fuzz_decoder,
    "interpreter": fuzz_interpreter,
    "template": fuzz_template,
    "page": fuzz_page,
    "chain": fuzz_chain,
}
"""By the name that the command takes."""


def seeds(name: str) -> Iterator[bytes]:
    """Return inputs to begin with: telegrams of simulated meters, as a target takes them."""
    yield b"\0"
    sent = [telegram(*one) for one in LISTS]
    if name in _HEADS:
        yield from (_HEADS[name] + one.data for one in sent)
    elif name in ("axdr", "apdu"):
        skipped = 18 if name == "axdr" else 0
        yield from (bytes(skipped > 0) + one.plaintext[skipped:] for one in sent)
    elif name == "p1":
        yield from (one.plaintext for one in sent if one.plaintext.startswith(b"/"))
    elif name == "chain":
        yield from (bytes((2, 0, 0, 0, 2, n, 0)) * 2 for n in range(len(LISTS)))
        yield from (bytes((2, 0, 0, 0, 3, n, 1, m, 0, 1, 0)) for n in range(7) for m in range(9))
    elif name == "profile":
        yield from (path.read_bytes() for path in profile_files.DIRECTORY.glob("*.toml"))
    yield from _SEEDS.get(name, ())


_HEADS: Final = {"scanner": b"\x07", "endless": b"\2\xff", "decoder": b"\2\0\x80"}
"""By target, the bytes of an input before those of the line."""

_BEGINNINGS: Final = (
    *(
        bytes.fromhex("68 04 04 68 53"),
        b"/AAA5\r\n",
        b"/AAA",
        b"\xdb\x08AAA00000\x82\x30\x00\x20",
        b"\xa0",
    ),
    *(b"\x00\x01\0\1\0\1\x0f\xff\xdb\x08", b"\x7e\xa7\xff\x03\x03\x13", b"1-0:1.8.0(1)\r\n", b"h"),
)


def _sections() -> Sections:
    chain = Chain(KEYS[2])
    for name in LISTS[:3]:
        chain.take(telegram(*name).data)
    return chain.sections


_SECTIONS: Final = _sections()
_SEEDS: Final = {
    "clock": (
        b"\1" + written_clock.date_time(NOON.astimezone(ZONE), written_clock.COMPLETE),
        b"\0" + b"260701120005S",
    ),
    "endless": tuple(b"\0\x01" + begin for begin in _BEGINNINGS),
    "options": (b'\1{"key": "00112233445566778899AABBCCDDEEFF", "mqtt": {"host": "a"}}',),
    "page": tuple(
        b"\0\0GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path
        for path in (b"", b"facts", b"series?key=power&seconds=60", b"report", b"telegram?line=0")
    ),
    "profile": (b'based_on = "kaifa"\n',),
    "recording": (b"# smart meter recording, format 1\r\n0.000 68 fa\n\n12.345 16\n",),
    "state": (b"\1" + json.dumps({"version": 2, "sections": _SECTIONS}).encode(),),
    "texts": (b"1-0:1.8.0*255", b"2400 8E1", b"tcp://[::1]:2000/", KEY.hex().encode()),
}
