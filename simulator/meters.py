"""A meter that makes telegrams, by the description of its family.

A meter is a description made of data, so that a test can also build one that does not exist:
another order, other counts, another link (`dataclasses.replace`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from simulator import axdr, bodies, clock, links, text
from simulator.bodies import lay_out
from simulator.ciphering import AUTH_KEY, KEY, KEY_LENGTH, Ciphering
from simulator.families import FAMILIES, Variant
from simulator.lists import (
    TEXT_ONLY,
    Behind,
    Clock,
    Constant,
    Field,
    Gap,
    Identity,
    Item,
    Layout,
    Line,
    Moment,
    Part,
    Register,
    Said,
    Shape,
    Text,
    Unit,
    obis_bytes,
)
from simulator.text import Other

if TYPE_CHECKING:
    from simulator.household import Snapshot

__all__ = [
    "FAMILIES",
    "TEXT_ONLY",
    "Behind",
    "Clock",
    "Constant",
    "Field",
    "Gap",
    "Identity",
    "Item",
    "Layout",
    "Line",
    "Meter",
    "Other",
    "Part",
    "Register",
    "Shape",
    "Telegram",
    "Text",
    "Truth",
    "Unit",
    "Variant",
    "build",
    "lay_out",
    "obis_bytes",
]


@dataclass(frozen=True, slots=True)
class Truth:
    """What a telegram says.

    Args:
        timestamp: The meter's time to the second, with a fixed offset.
        meter_id: The meter's number, else its logical device name, where the telegram carries it.
        system_title: Eight bytes; none for a meter that has no such name.
        invocation_counter: Of the ciphering; None when not ciphered.
        registers: Value in its unit by OBIS code; texts and the clock as texts. Lists without
            codes are given the codes of what they mean, lists without scale and unit those that
            the meter means.
        says_time: Whether the telegram carries the time.
        others: What the meters behind the meter say.
    """

    timestamp: datetime
    meter_id: str | None
    system_title: bytes
    invocation_counter: int | None
    registers: dict[str, Said]
    says_time: bool = True
    others: tuple[Other, ...] = ()


@dataclass(frozen=True, slots=True)
class Telegram:
    """One message of a meter, at each layer, and what went into it.

    Args:
        segments: What is written, with a pause after each.
        apdu: What the link layer carries: ciphered, unless the meter does not cipher.
        plaintext: The data-notification, or the text.
        truth: What a reader has to find.
    """

    segments: tuple[bytes, ...]
    apdu: bytes
    plaintext: bytes
    truth: Truth

    @property
    def data(self) -> bytes:
        """All bytes on the wire."""
        return b"".join(self.segments)


@dataclass(slots=True)
class Meter:
    """A meter that makes telegrams.

    Args:
        family: Key in `FAMILIES`.
        variant: Key in the family.
        layout: What its list holds.
        identity: Its names.
        ciphering: How telegrams are protected; None for in the clear.
        link: How they are framed.
        serial_mode: The mode of its interface, such as "2400 8E1".
        interval: Seconds between telegrams.
        pause: Shortest and longest seconds between two segments.
        phases: Phases of a household that suits it.
        header_time: How the date-time of the data-notification is filled in; None for none.
        header_tagged: Whether that date-time is tagged.
        clock_time: How the clock in the list is filled in.
        zone: The zone its clock shows.
        clock_error: How far its clock is off.
        invoke_id: Long-invoke-id-and-priority of the next telegram; the lower three bytes count.
        invoke_step: By how much they count from telegram to telegram.
        invocation_counter: Counter of the next telegram.
    """

    family: str
    variant: str
    layout: Layout
    identity: Identity
    ciphering: Ciphering | None = field(default_factory=Ciphering)
    link: links.Link = field(default_factory=links.MBus)
    serial_mode: str = "2400 8E1"
    interval: int = 5
    pause: tuple[float, float] = (0.02, 0.05)
    phases: int = 3
    header_time: clock.Style | None = clock.COMPLETE
    header_tagged: bool = False
    clock_time: clock.Style = clock.COMPLETE
    zone: tzinfo = clock.VIENNA
    clock_error: timedelta = timedelta(0)
    invoke_id: int = 1
    invoke_step: int = 1
    invocation_counter: int = 1

    def telegram(self, snapshot: Snapshot) -> Telegram:
        """Make the next telegram.

        Args:
            snapshot: What the meter measures; every register of its list has to be there.

        Raises:
            KeyError: When a value is missing.
            OverflowError: When a value does not fit its data type.
        """
        local = (snapshot.time + self.clock_error).astimezone(self.zone)
        moment = Moment(self.identity, snapshot, local, self.clock_time)
        others: tuple[Other, ...] = ()
        if self.layout.shape is Shape.TEXT:
            plaintext, registers, others = text.write(self.layout, moment)
        else:
            plaintext, registers = self._notification(moment)
        apdu, counter = plaintext, None
        if self.ciphering is not None:
            counter = self.invocation_counter
            apdu = self.ciphering.protect(
                plaintext, system_title=self.identity.system_title, counter=counter
            )
            self.invocation_counter += 1
        truth = Truth(
            timestamp=clock.fixed(local),
            meter_id=self._number(),
            system_title=self.identity.system_title,
            invocation_counter=counter,
            registers=registers,
            says_time=self._says_time(),
            others=others,
        )
        return Telegram(tuple(self.link.frames(apdu)), apdu, plaintext, truth)

    def _notification(self, moment: Moment) -> tuple[bytes, dict[str, Said]]:
        """Return the next data-notification, and what it says."""
        elements = []
        registers = {}
        for item in self.layout.items:
            element, said = bodies.element(item, moment)
            elements.append(element)
            if item.obis and said:
                registers[item.obis] = said
        header = None
        if self.header_time is not None:
            header = clock.date_time(moment.local, self.header_time)
        notification = axdr.data_notification(
            lay_out(self.layout, elements),
            invoke_id=self.invoke_id,
            time=header,
            tagged=self.header_tagged,
        )
        count = self.invoke_id + self.invoke_step
        self.invoke_id = self.invoke_id & 0xFF000000 | count & 0xFFFFFF
        return notification, registers

    def _number(self) -> str | None:
        """Return the name by which the telegram tells the meter from others."""
        texts = [item for item in self.layout.items if isinstance(item, Text)]
        said = {item.content for item in texts}
        if "number" in said or any(item.numbered for item in texts):
            return self.identity.number
        return self.identity.name if "name" in said else None

    def _says_time(self) -> bool:
        parts = {item.part for item in self.layout.items if isinstance(item, Clock)}
        in_header = self.header_time is not None and self.layout.shape is not Shape.TEXT
        return in_header or Part.WHOLE in parts or parts >= {Part.DATE, Part.TIME}


def build(
    family: str,
    variant: str | None = None,
    *,
    key: bytes = KEY,
    auth_key: bytes = AUTH_KEY,
    encrypted: bool = True,
    serial: int = 1234567,
    identity: Identity | None = None,
    invoke_id: int = 1,
    invocation_counter: int = 1,
) -> Meter:
    """Build a meter.

    Args:
        family: Key in `FAMILIES`.
        variant: Key in the family; None for its first.
        key: Encryption key, 16 bytes; without effect on meters that do not cipher.
        auth_key: Authentication key, 16 bytes.
        encrypted: False for a meter that sends in the clear although its family ciphers.
        serial: The number from which its names are made, up to seven digits.
        identity: Its names, in place of made-up ones.
        invoke_id: Of the first telegram, lower three bytes.
        invocation_counter: Of the first telegram.

    Raises:
        ValueError: When there is no such meter or a key is not 16 bytes long.
    """
    if family not in FAMILIES:
        raise ValueError(f"there is no meter {family!r}, only {', '.join(FAMILIES)}")
    variants = FAMILIES[family]
    variant = variant or next(iter(variants))
    if variant not in variants:
        raise ValueError(f"{family} has no list {variant!r}, only {', '.join(variants)}")
    if len(key) != KEY_LENGTH or len(auth_key) != KEY_LENGTH:
        raise ValueError(f"a key has {KEY_LENGTH} bytes")
    one = variants[variant]
    ciphering = Ciphering(key, auth_key, authenticated=one.authenticated, suite=one.suite)
    return Meter(
        family=family,
        variant=variant,
        layout=one.layout,
        identity=identity or one.identity(serial),
        ciphering=ciphering if encrypted and one.ciphered else None,
        link=one.link,
        serial_mode=one.serial_mode,
        interval=one.interval,
        pause=one.pause,
        phases=one.phases,
        header_time=one.header_time,
        header_tagged=one.header_tagged,
        clock_time=one.clock_time,
        invoke_id=one.invoke_flags << 24 | invoke_id,
        invoke_step=one.invoke_step,
        invocation_counter=invocation_counter,
    )
