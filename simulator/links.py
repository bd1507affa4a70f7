"""Link layers: an APDU to the frames that stand on the wire.

Each link is a description with a method `frames(apdu)`; what it returns is written one after
the other, with a pause between the frames where the meter makes one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

from simulator.axdr import ber_length

if TYPE_CHECKING:
    from collections.abc import Iterator


class Link(Protocol):
    """What puts an APDU on the wire."""

    def frames(self, apdu: bytes) -> list[bytes]:
        """Return the frames that carry an APDU, in order."""


# --- Checksums ------------------------------------------------------------------------------


def _crc_table(polynomial: int) -> tuple[int, ...]:
    """Make the table of a reflected 16-bit CRC."""
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (polynomial if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_X25 = _crc_table(0x8408)
_ARC = _crc_table(0xA001)


def crc_x25(data: bytes) -> bytes:
    """Return the checksum of HDLC (ISO/IEC 13239), two bytes as sent: low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _X25[(crc ^ byte) & 0xFF]
    return (crc ^ 0xFFFF).to_bytes(2, "little")


def crc_arc(data: bytes) -> int:
    """Return the checksum of P1 telegrams, CRC-16/ARC."""
    crc = 0
    for byte in data:
        crc = crc >> 8 ^ _ARC[(crc ^ byte) & 0xFF]
    return crc


def pieces(data: bytes, *sizes: int) -> Iterator[bytes]:
    """Cut data into pieces of the given sizes; the last size goes on to the end.

    Raises:
        ValueError: When a size is less than one.
    """
    if not sizes or min(sizes) < 1:
        raise ValueError("pieces need a size of at least one byte")
    position, number = 0, 0
    while position < len(data) or number == 0:
        size = sizes[min(number, len(sizes) - 1)]
        yield data[position : position + size]
        position += size
        number += 1


# --- M-Bus ----------------------------------------------------------------------------------

_LAST_SEGMENT = 0x10
_SEGMENTS = 16
_MBUS_HEADER = 5
KAIFA_LENGTH = 250
"""Longest frame of Kaifa's meters and of Sagemcom's later firmware."""
SAGEMCOM_LENGTH = 257
"""Longest frame of Sagemcom's first firmware, more than its length byte can say."""


@dataclass(frozen=True, slots=True)
class MBus:
    """M-Bus long frames (EN 13757-2), the APDU spread over segments (EN 13757-3 transport).

    Args:
        longest: Most bytes between the header of four bytes and the checksum. The length byte is
            sent modulo 256, so that 257 gives the frames `68 01 01 68` of early Sagemcom
            firmware.
        control: C field; 53 is SND_UD.
        address: A field; FF is everyone.
        source: Source transport service access point.
        destination: Destination transport service access point.
    """

    longest: int = KAIFA_LENGTH
    control: int = 0x53
    address: int = 0xFF
    source: int = 0x01
    destination: int = 0x67

    def frames(self, apdu: bytes) -> list[bytes]:
        """Return the frames that carry an APDU.

        Raises:
            ValueError: When it needs more than the sixteen segments that can be numbered.
        """
        parts = list(pieces(apdu, self.longest - _MBUS_HEADER))
        if len(parts) > _SEGMENTS:
            raise ValueError(f"{len(apdu)} bytes need more than {_SEGMENTS} segments")
        last = len(parts) - 1
        return [
            self.frame(part, number | (_LAST_SEGMENT if number == last else 0))
            for number, part in enumerate(parts)
        ]

    def frame(self, data: bytes, ci: int) -> bytes:
        """Return one frame.

        Args:
            data: What the frame carries.
            ci: CI field: the segment's number, plus 10 (hex) in the last one.
        """
        header = bytes((self.control, self.address, ci, self.source, self.destination))
        length = (len(header) + len(data)) & 0xFF
        checksum = sum(header + data) & 0xFF
        return b"".join(
            (
                bytes((0x68, length, length, 0x68)),
                header,
                data,
                bytes((checksum, 0x16)),
            )
        )


# --- HDLC -----------------------------------------------------------------------------------

FLAG = b"\x7e"
LLC = b"\xe6\xe7\x00"
"""LLC header of a message from the meter."""
LLC_TO_METER = b"\xe6\xe6\x00"

_SEGMENTED = 0x08
_FINAL = 0x10
_LONGEST_HDLC = 0x7FF


class Flags(Enum):
    """How frames are set apart from each other."""

    BOTH = "a flag before and after each frame"
    SHARED = "one flag between two frames"
    OPEN_END = "no flag after the last frame"


def hdlc_address(upper: int, lower: int | None = None, *, wide: bool = False) -> bytes:
    """Encode an HDLC address: seven bits a byte, the lowest bit set in the last one.

    Args:
        upper: Logical address.
        lower: Physical address; None for an address of one byte.
        wide: Two bytes for each part, four in all.

    Raises:
        OverflowError: When a part does not fit.
    """
    parts = [upper] if lower is None else [upper, lower]
    septets: list[int] = []
    for part in parts:
        if part >> (14 if wide else 7):
            raise OverflowError(f"address part {part} is too large")
        septets += [part >> 7, part & 0x7F] if wide else [part]
    return bytes(septet << 1 for septet in septets[:-1]) + bytes((septets[-1] << 1 | 1,))


def hdlc_frame(
    information: bytes,
    *,
    destination: bytes,
    source: bytes,
    control: int = 0x13,
    segmented: bool = False,
) -> bytes:
    """Return one HDLC frame (format type 3) without flags.

    Args:
        information: What the frame carries; without any, the header checksum is left out too.
        destination: Address as sent.
        source: Address as sent.
        control: Control field; 13 is an unnumbered information frame with the final bit.
        segmented: Whether further frames follow that belong to the same message.

    Raises:
        OverflowError: When the frame is longer than eleven bits can say.
    """
    rest = destination + source + bytes((control,))
    length = 2 + len(rest) + 2 + (len(information) + 2 if information else 0)
    if length > _LONGEST_HDLC:
        raise OverflowError(f"an HDLC frame cannot be {length} bytes long")
    form = 0xA0 | (_SEGMENTED if segmented else 0) | length >> 8
    header = bytes((form, length & 0xFF)) + rest
    header += crc_x25(header)
    return header + information + crc_x25(header + information) if information else header


@dataclass(frozen=True, slots=True)
class Hdlc:
    """HDLC frames (IEC 62056-46), with segmentation or general block transfer for long APDUs.

    Args:
        destination: Destination address as sent.
        source: Source address as sent.
        control: Control field; the final bit is cleared in frames that are not the last segment.
        llc: LLC header, in the first frame of a message only.
        longest: Most bytes of information in a frame, LLC included; what is longer is segmented.
        blocks: Sizes of the blocks when general block transfer splits the APDU instead, each
            block in a frame of its own; the last size goes on to the end.
        flags: How frames are set apart.
    """

    destination: bytes = b"\xce\xff"
    source: bytes = b"\x03"
    control: int = 0x13
    llc: bytes = LLC
    longest: int = _LONGEST_HDLC
    blocks: tuple[int, ...] = ()
    flags: Flags = Flags.BOTH

    def frames(self, apdu: bytes) -> list[bytes]:
        """Return the frames that carry an APDU."""
        if self.blocks:
            parts = general_block_transfer(apdu, *self.blocks)
            parts[0] = self.llc + parts[0]
        else:
            parts = list(pieces(self.llc + apdu, self.longest))
        last = len(parts) - 1
        bare = []
        for number, part in enumerate(parts):
            segmented = not self.blocks and number < last
            bare.append(
                hdlc_frame(
                    part,
                    destination=self.destination,
                    source=self.source,
                    control=self.control & ~_FINAL if segmented else self.control,
                    segmented=segmented,
                )
            )
        return self._flagged(bare)

    def _flagged(self, bare: list[bytes]) -> list[bytes]:
        framed = [FLAG + frame + FLAG for frame in bare]
        if self.flags is Flags.SHARED:
            framed[1:] = [frame[1:] for frame in framed[1:]]
        elif self.flags is Flags.OPEN_END:
            framed[-1] = framed[-1][:-1]
        return framed


# --- General block transfer -----------------------------------------------------------------

_GBT = 0xE0
_STREAMING = 0x40
_LAST_BLOCK = 0x80


def general_block(
    data: bytes, number: int, *, last: bool, streaming: bool = True, acknowledged: int = 0
) -> bytes:
    """Return one APDU of general block transfer (Green Book, 9.4.6.13)."""
    control = (_LAST_BLOCK if last else 0) | (_STREAMING if streaming else 0)
    return b"".join(
        (
            bytes((_GBT, control)),
            number.to_bytes(2, "big"),
            acknowledged.to_bytes(2, "big"),
            ber_length(len(data)),
            data,
        )
    )


def general_block_transfer(apdu: bytes, *sizes: int) -> list[bytes]:
    """Split an APDU into blocks of the given sizes; the last size goes on to the end."""
    parts = list(pieces(apdu, *sizes))
    return [
        general_block(part, number, last=number == len(parts))
        for number, part in enumerate(parts, start=1)
    ]


# --- Others ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wrapper:
    """The DLMS wrapper for TCP and UDP: version, source, destination and length, 2 bytes each."""

    source: int = 1
    destination: int = 1

    def frames(self, apdu: bytes) -> list[bytes]:
        """Return the one frame that carries an APDU."""
        fields = (1, self.source, self.destination, len(apdu))
        return [b"".join(field.to_bytes(2, "big") for field in fields) + apdu]


@dataclass(frozen=True, slots=True)
class Plain:
    """No link layer: the APDU stands on the line as it is."""

    def frames(self, apdu: bytes) -> list[bytes]:
        """Return the APDU."""
        return [apdu]


class P1Checksum(Enum):
    """What stands after the exclamation mark of a P1 telegram."""

    ARC = auto()
    """The standard's since DSMR 4."""
    UNPADDED = auto()
    """The same without leading zeros."""
    X25 = auto()
    """Holley in Hungary, in one order of its bytes or the other."""
    X25_SWAPPED = auto()
    ZEROS = auto()
    """Iskraemeco AM550 in Slovenia."""
    NONE = auto()
    """DSMR 2 and 3."""


def p1_digits(text: bytes, checksum: P1Checksum) -> bytes:
    """Return what stands after the exclamation mark, for the text up to and with it."""
    x25 = crc_x25(text)
    return {
        P1Checksum.ARC: f"{crc_arc(text):04X}",
        P1Checksum.UNPADDED: f"{crc_arc(text):X}",
        P1Checksum.X25: x25[::-1].hex().upper(),
        P1Checksum.X25_SWAPPED: x25.hex().upper(),
        P1Checksum.ZEROS: "0000",
        P1Checksum.NONE: "",
    }[checksum].encode("ascii")


def p1(identification: str, lines: list[str], *, checksum: bool = True) -> bytes:
    """Return a P1 telegram (DSMR 5.0.2, 5.2).

    Args:
        identification: What follows the slash in the first line.
        lines: The data lines, such as `1-0:1.8.0(00001234*Wh)`.
        checksum: Whether the CRC stands after the exclamation mark; DSMR 2 and 3 have none.
    """
    return p1_with(identification, lines, P1Checksum.ARC if checksum else P1Checksum.NONE)


def p1_with(identification: str, lines: list[str], checksum: P1Checksum) -> bytes:
    """Return a P1 telegram with a checksum of some sort; what is no ASCII is written as Latin-1."""
    text = "\r\n".join((f"/{identification}", "", *lines, "!")).encode("latin-1")
    return text + p1_digits(text, checksum) + b"\r\n"
