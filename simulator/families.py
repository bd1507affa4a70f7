"""The families of meters: how each names itself, ciphers, frames and times the lists it sends.

What is known about the real ones comes from operators' interface descriptions and from captures;
names and serial numbers here are made up in the form of the real ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simulator import clock, layouts, links
from simulator.axdr import Type
from simulator.lists import Identity, Layout, Shape

if TYPE_CHECKING:
    from collections.abc import Callable

# --- The names of the real ones -------------------------------------------------------------


def _title(maker: str, device_type: int, function: int, serial: int) -> bytes:
    """Make a system title: maker, device type, then four bits of function and 28 of serial."""
    return (
        maker.encode("ascii") + bytes((device_type,)) + (function << 28 | serial).to_bytes(4, "big")
    )


def _kaifa_netznoe(serial: int) -> Identity:
    """MA309; only the fourth byte tells it from the MA110."""
    return Identity(_title("KFM", 0x65, 5, serial), f"18122{serial:07d}")


def _kaifa_netznoe_single(serial: int) -> Identity:
    return Identity(_title("KFM", 0x67, 5, serial), f"18122{serial:07d}")


def _kaifa_tinetz(serial: int) -> Identity:
    return Identity(_title("KFM", 0x10, 2, serial), f"1KFM02{serial:08d}", f"KFM12002{serial:08d}")


def _kaifa_tinetz_single(serial: int) -> Identity:
    return Identity(_title("KFM", 0x10, 1, serial), f"1KFM01{serial:08d}", f"KFM11001{serial:08d}")


def _honeywell(serial: int) -> Identity:
    return Identity(
        b"ELSep" + serial.to_bytes(3, "big"), f"1ELS51{serial:08d}", f"ELS51{serial:011d}"
    )


def _sagemcom(serial: int) -> Identity:
    return Identity(b"SAGY" + serial.to_bytes(4, "big"), f"17821{serial:07d}")


def _sagemcom_text(serial: int) -> Identity:
    title = b"SAG5" + serial.to_bytes(4, "big")
    return Identity(title, f"8990099{serial:08d}", f"SAG10309{serial:08d}")


def _xt211(serial: int) -> Identity:
    return Identity(b"", f"599{serial:07d}")


def _e450(serial: int) -> Identity:
    return Identity(_title("LGZ", 0x67, 7, serial), f"{serial:08d}", f"LGZ10306{serial:08d}")


def _e570(serial: int) -> Identity:
    return Identity(_title("LGZ", 0x67, 7, serial), f"{serial:08d}", f"LGZ10307{serial:08d}")


def _e360(serial: int) -> Identity:
    return Identity(_title("LGZ", 0x67, 7, serial), f"{serial:08d}", f"LGZ10301{serial:08d}")


def _am550(serial: int) -> Identity:
    return Identity(_title("ISK", 0x69, 7, serial), f"{serial:08d}", f"ISK10307{serial:08d}")


def _am550_upper_austria(serial: int) -> Identity:
    return replace(_am550(serial), number=f"112199{serial:07d}")


def _im350(serial: int) -> Identity:
    return Identity(_title("SMS", 0x67, 7, serial), f"222199{serial:07d}", f"SMS10307{serial:08d}")


def _nordic(serial: int) -> Identity:
    """A GS1 number of sixteen digits; no system title, as nothing is ciphered."""
    return Identity(b"", f"735999{serial:010d}")


def _kamstrup(serial: int) -> Identity:
    """A number that is sent as an integer, so one without a zero in front."""
    return Identity(_title("KAM", 0x45, 0, serial), str(10_000_000 + serial))


def _zmf100(serial: int) -> Identity:
    return Identity(b"", f"{serial:09d}")


def _energomera(serial: int) -> Identity:
    return Identity(b"", f"01241599{serial:07d}", f"EMR02221{serial:08d}")


def _q3d(serial: int) -> Identity:
    return Identity(b"", f"027203{serial:07d}")


def _dutch(serial: int) -> Identity:
    return Identity(b"", f"E0099{serial:012d}")


def _nameless(_serial: int) -> Identity:
    return Identity(b"", "")


# --- The families ---------------------------------------------------------------------------

_E450_TIME = clock.Style(deviation=False, summer=False, hundredths=clock.NOT_SPECIFIED)
_E450_CLOCK = clock.Style(
    deviation=False, status=clock.INVALID, hundredths=clock.NOT_SPECIFIED
)  # "invalid" on meters whose clock is right
_UNSAID_TIME = clock.Style(
    deviation=False, status=0xFF, summer=False, hundredths=clock.NOT_SPECIFIED
)


@dataclass(frozen=True, slots=True)
class Variant:
    """One configuration of a family of meters; arguments as in `Meter`.

    Args:
        about: Where it is met.
        layout: What its list holds.
        identity: Makes its names from a serial number.
        link: How telegrams are framed.
        ciphered: Whether telegrams are ciphered.
        authenticated: Whether the tag is sent.
        suite: Security suite bits.
        invoke_flags: Highest byte of the invoke id.
        invoke_step: By how much the rest of it counts.
        header_time: Style of the date-time in the header.
        header_tagged: Whether that date-time is tagged.
        clock_time: Style of the clock in the list.
        serial_mode: Mode of the interface.
        interval: Seconds between telegrams.
        pause: Shortest and longest seconds between two segments.
        phases: Phases of a household that suits it.
    """

    about: str
    layout: Layout
    identity: Callable[[int], Identity]
    link: links.Link
    ciphered: bool = True
    authenticated: bool = False
    suite: int = 0
    invoke_flags: int = 0
    invoke_step: int = 1
    header_time: clock.Style | None = clock.COMPLETE
    header_tagged: bool = False
    clock_time: clock.Style = clock.COMPLETE
    serial_mode: str = "2400 8E1"
    interval: int = 5
    pause: tuple[float, float] = (0.02, 0.05)
    phases: int = 3


_MBUS_PAUSE = (0.05, 0.16)


def _netznoe(
    about: str,
    identity: Callable[[int], Identity],
    power_factor: Type,
    longest: int = links.KAIFA_LENGTH,
    phases: int = 3,
) -> Variant:
    return Variant(
        about,
        layouts.netznoe(power_factor),
        identity,
        links.MBus(longest),
        invoke_flags=0x80,
        pause=_MBUS_PAUSE,
        phases=phases,
    )


def _tinetz(
    about: str, identity: Callable[[int], Identity], *phases: int, suite: int = 1
) -> Variant:
    return Variant(
        about,
        layouts.tinetz(*phases),
        identity,
        links.MBus(),
        suite=suite,
        pause=_MBUS_PAUSE,
        phases=len(phases),
    )


def _e450_variant(
    about: str,
    layout: Layout,
    link: links.Link,
    clock_time: clock.Style = _E450_CLOCK,
    *,
    ciphered: bool = True,
    serial_mode: str = "2400 8E1",
    phases: int = 3,
) -> Variant:
    return Variant(
        about,
        layout,
        _e450,
        link,
        ciphered=ciphered,
        authenticated=ciphered,
        header_time=_E450_TIME,
        clock_time=clock_time,
        serial_mode=serial_mode,
        phases=phases,
    )


_E450_BLOCKS = links.Hdlc(blocks=(119, 122))
_E450_SWISS_BLOCKS = links.Hdlc(blocks=(112, 108, 121))
_AM550_LINK = links.Hdlc(b"\xcf", b"\x02\x23", longest=154)
_IM350_LINK = links.Hdlc(b"\xcf", b"\x00\x02\x00\x23")
_KAIFA_NORDIC_LINK = links.Hdlc(b"\x01", b"\x02\x01", control=0x10)
_KAIFA_CT_LINK = links.Hdlc(b"\x01", b"\x00\x01", control=0x10)
_KAMSTRUP_LINK = links.Hdlc(b"\x2b", b"\x21")
_AIDON_LINK = links.Hdlc(b"\x41", b"\x08\x83")


def _am550_variant(
    about: str,
    layout: Layout,
    identity: Callable[[int], Identity] = _am550,
    serial_mode: str = "115200 8N1",
    *,
    ciphered: bool = True,
) -> Variant:
    return Variant(about, layout, identity, _AM550_LINK, ciphered=ciphered, serial_mode=serial_mode)


def _slovenia(about: str, layout: Layout, interval: int, phases: int) -> Variant:
    variant = _am550_variant(about, layout, ciphered=False)
    return replace(variant, interval=interval, phases=phases)


def _kaifa_nordic(
    about: str, layout: Layout, link: links.Link = _KAIFA_NORDIC_LINK, phases: int = 3
) -> Variant:
    says_time = layout.shape is Shape.POSITIONAL
    return Variant(
        about,
        layout,
        _nordic,
        link,
        ciphered=False,
        invoke_flags=0x40,
        invoke_step=0,
        header_time=_E450_TIME if says_time else None,
        header_tagged=says_time,
        clock_time=_E450_TIME if says_time else clock.COMPLETE,
        interval=10,
        phases=phases,
    )


def _kamstrup_variant(about: str, layout: Layout, phases: int = 3) -> Variant:
    return Variant(
        about,
        layout,
        _nordic,
        _KAMSTRUP_LINK,
        ciphered=False,
        invoke_step=0,
        header_time=_E450_TIME,
        clock_time=_E450_TIME,
        serial_mode="2400 8N1",
        interval=10,
        phases=phases,
    )


def _aidon(
    about: str,
    layout: Layout,
    identity: Callable[[int], Identity] = _nordic,
    phases: int = 3,
) -> Variant:
    return Variant(
        about,
        layout,
        identity,
        _AIDON_LINK,
        ciphered=False,
        invoke_flags=0x40,
        invoke_step=0,
        header_time=None,
        clock_time=_UNSAID_TIME,
        interval=10,
        phases=phases,
    )


def _text(
    about: str,
    layout: Layout,
    identity: Callable[[int], Identity] = _dutch,
    serial_mode: str = "115200 8N1",
    *,
    ciphered: bool = False,
    interval: int = 10,
    phases: int = 3,
) -> Variant:
    return Variant(
        about,
        layout,
        identity,
        links.Plain(),
        ciphered=ciphered,
        authenticated=ciphered,
        serial_mode=serial_mode,
        interval=interval,
        phases=phases,
    )


FAMILIES: dict[str, dict[str, Variant]] = {
    "kaifa": {
        "netznoe": _netznoe("MA309 at Netz NÖ", _kaifa_netznoe, Type.UINT16),
        "netznoe-1ph": _netznoe(
            "MA110 at Netz NÖ: two phases at zero", _kaifa_netznoe_single, Type.UINT16, phases=1
        ),
        "tinetz": _tinetz(
            "MA309M at Tinetz, Vorarlberg Netz, Salzburg Netz", _kaifa_tinetz, 1, 2, 3
        ),
        "tinetz-1ph": _tinetz(
            "MA110M at Tinetz: one phase, four items less", _kaifa_tinetz_single, 1
        ),
    },
    "sagemcom": {
        "netznoe": _netznoe("T210-D at Netz NÖ", _sagemcom, Type.INT16),
        "netznoe-unsigned": _netznoe(
            "T210-D at Netz NÖ: power factor without sign", _sagemcom, Type.UINT16
        ),
        "netznoe-wrapped": _netznoe(
            "T210-D at Netz NÖ before firmware V0450: length byte modulo 256",
            _sagemcom,
            Type.INT16,
            links.SAGEMCOM_LENGTH,
        ),
    },
    "e450": {
        "burgenland": _e450_variant(
            "Netz Burgenland, infrared: 14 values by position",
            layouts.BURGENLAND_14,
            links.Hdlc(),
            serial_mode="9600 8N1",
        ),
        "burgenland-11": _e450_variant(
            "Netz Burgenland, infrared: 11 values by position, no angles",
            layouts.BURGENLAND_11,
            links.Hdlc(),
            serial_mode="9600 8N1",
        ),
        "steiermark": _e450_variant(
            "Energienetze Steiermark, Stromnetz Graz: 16 codes and values",
            layouts.steiermark(1, 2, 3, 4),
            _E450_BLOCKS,
            _E450_TIME,
        ),
        "steiermark-1ph": _e450_variant(
            "Energienetze Steiermark, one phase: 8 codes and values (inferred from the length)",
            layouts.steiermark(1, 2),
            _E450_BLOCKS,
            _E450_TIME,
            phases=1,
        ),
        "wien": Variant(
            "Wiener Netze: 9 values by position",
            layouts.WIEN_9,
            _e450,
            links.Hdlc(),
            header_time=_E450_TIME,
            clock_time=_E450_CLOCK,
            serial_mode="9600 8N1",
        ),
        "klagenfurt": _e450_variant(
            "Stadtwerke Klagenfurt: a list of 18 capture objects and their values",
            layouts.KLAGENFURT,
            _E450_BLOCKS,
        ),
        "wien-10": Variant(
            "Wiener Netze, later list: 10 values by position",
            layouts.WIEN_10,
            _e450,
            links.Hdlc(),
            header_time=_E450_TIME,
            clock_time=_E450_CLOCK,
            serial_mode="9600 8N1",
        ),
        "swiss": _e450_variant(
            "Swiss operators: 14 capture objects, counters on channel 1",
            layouts.E450_SWISS,
            _E450_SWISS_BLOCKS,
            ciphered=False,
        ),
        "swiss-power-factor": _e450_variant(
            "Swiss operators: 16 capture objects with a power factor",
            layouts.E450_SWISS_POWER_FACTOR,
            _E450_SWISS_BLOCKS,
            ciphered=False,
        ),
    },
    "e570": {
        "swiss": Variant(
            "Swiss operators: 18 capture objects, values of 64 bits, whole amperes",
            layouts.E570_SWISS,
            _e570,
            links.Hdlc(b"\xce\x9b", blocks=(116,)),
            header_time=_E450_TIME,
            clock_time=_E450_TIME,
        ),
    },
    "e360": {
        "swiss": Variant(
            "Swiss operators: 14 capture objects of the VSE's list of 2026",
            layouts.E360_SWISS,
            _e360,
            links.Hdlc(b"\xcf"),
            ciphered=False,
            serial_mode="9600 8N1",
        ),
        "swiss-ciphered": Variant(
            "Swiss operators: the same, ciphered",
            layouts.E360_SWISS,
            _e360,
            links.Hdlc(b"\xcf"),
            authenticated=True,
            serial_mode="9600 8N1",
        ),
        "text": _text("Swedish operators: P1", layouts.E360_TEXT, _nameless),
    },
    "zmf100": {
        "denmark": _aidon("Danish operators: 17 rows", layouts.ZMF100_DANISH, _zmf100),
    },
    "am550": {
        "wien": _am550_variant(
            "Wiener Netze: 9 values by position", layouts.WIEN_9, serial_mode="9600 8N1"
        ),
        "wien-10": _am550_variant(
            "Wiener Netze: 10 values by position", layouts.WIEN_10, serial_mode="9600 8N1"
        ),
        "kaernten": _am550_variant(
            "Kärnten Netz, Netz Oberösterreich: 12 values by position",
            layouts.KAERNTEN_12,
            _am550_upper_austria,
        ),
        "slovenia": _am550_variant(
            "Elektro Ljubljana: 18 values by position", layouts.SLOVENIA_18, ciphered=False
        ),
        **{
            name: _slovenia(about, layout, interval, phases)
            for name, about, layout, interval, phases in (
                (
                    "slovenia-12-energies",
                    "Elektro Ljubljana: energies, 12 values by position",
                    layouts.SLOVENIA_12_ENERGIES,
                    *(900, 3),
                ),
                (
                    "slovenia-12-instant",
                    "Elektro Celje: 12 values by position",
                    layouts.SLOVENIA_12_INSTANT,
                    *(1, 3),
                ),
                (
                    "slovenia-10-instant",
                    "Elektro Ljubljana, one phase: 10 values by position",
                    layouts.SLOVENIA_10_INSTANT,
                    *(5, 1),
                ),
                (
                    "slovenia-10-energies",
                    "Slovenia: energies of two tariffs, 10 values by position",
                    layouts.SLOVENIA_10_ENERGIES,
                    *(900, 3),
                ),
                (
                    "slovenia-9-instant",
                    "Elektro Ljubljana, one phase: 9 values by position",
                    layouts.SLOVENIA_9_INSTANT,
                    *(5, 1),
                ),
                (
                    "slovenia-9-energies",
                    "Elektro Ljubljana: powers and energies, 9 values by position",
                    layouts.SLOVENIA_9_ENERGIES,
                    *(1, 3),
                ),
                (
                    "slovenia-8",
                    "Slovenia, one phase: 8 values by position",
                    layouts.SLOVENIA_8,
                    *(5, 1),
                ),
                (
                    "slovenia-4",
                    "Elektro Ljubljana: both energies, 4 values by position",
                    layouts.SLOVENIA_4,
                    *(900, 3),
                ),
            )
        },
        "rows": _am550_variant("16 rows in three segments", layouts.AM550_ROWS, ciphered=False),
        "swiss": _am550_variant(
            "Swiss operators: 28 capture objects in five segments",
            layouts.AM550_SWISS,
            ciphered=False,
        ),
        "swiss-ciphered": _am550_variant(
            "Swiss operators: the same, ciphered", layouts.AM550_SWISS
        ),
        "text": _text("Slovenian operators: P1 without a checksum", layouts.AM550_TEXT, _am550),
        "text-zeros": _text(
            "Slovenian operators: P1 with 0000 as checksum", layouts.AM550_TEXT_ZEROS, _am550
        ),
    },
    "ie5": {
        "croatia": _am550_variant(
            "HEP: 33 values by position, in two segments", layouts.CROATIA_33, ciphered=False
        ),
        "croatia-28": _am550_variant(
            "HEP: 28 values by position", layouts.CROATIA_28, ciphered=False
        ),
    },
    "im350": {
        "wien": Variant(
            "Wiener Netze: 10 values by position",
            layouts.WIEN_10,
            _im350,
            _IM350_LINK,
            serial_mode="9600 8N1",
        ),
        "wien-9": Variant(
            "Wiener Netze: 9 values by position",
            layouts.WIEN_9,
            _im350,
            _IM350_LINK,
            serial_mode="9600 8N1",
        ),
        "kaernten": Variant(
            "Kärnten Netz, Netz Oberösterreich: 12 values by position",
            layouts.KAERNTEN_12,
            _im350,
            _IM350_LINK,
            serial_mode="115200 8N1",
        ),
        "wels": Variant(
            "Wels Strom: 10 values by position",
            layouts.WELS_10,
            _im350,
            _IM350_LINK,
            serial_mode="115200 8N1",
        ),
    },
    "honeywell": {
        "tinetz": _tinetz(
            "HS3300S at Tinetz, Vorarlberg Netz, Salzburg Netz: the list of the Kaifa meters",
            _honeywell,
            *(1, 2, 3),
            suite=0,
        ),
        "tinetz-1ph": _tinetz("the same with one phase", _honeywell, 1, suite=0),
    },
    "kamstrup": {
        "denmark": Variant(
            "Danish operators: 32 codes and values",
            layouts.KAMSTRUP_DANISH,
            _kamstrup,
            links.Hdlc(b"\x41"),
            authenticated=True,
            invoke_step=0,
            header_time=_E450_TIME,
            clock_time=_E450_TIME,
            serial_mode="2400 8N1",
            interval=10,
        ),
        "nordic": _kamstrup_variant(
            "Norwegian and Swedish operators: 12 codes and values", layouts.KAMSTRUP_NORDIC
        ),
        "nordic-hourly": _kamstrup_variant(
            "the same at the full hour, with clock and energies", layouts.KAMSTRUP_NORDIC_HOURLY
        ),
        "nordic-1ph": _kamstrup_variant(
            "the same with one phase: null in place of the others",
            layouts.KAMSTRUP_NORDIC_1,
            phases=1,
        ),
        "text": _text("Swedish operators: P1", layouts.KAMSTRUP_TEXT, _nameless),
    },
    "aidon": {
        "norway": _aidon("Norwegian operators: 13 rows", layouts.AIDON_NORWAY),
        "norway-1ph": _aidon(
            "Norwegian operators, one phase: 9 rows", layouts.AIDON_NORWAY_1, phases=1
        ),
        "norway-hourly": _aidon(
            "Norwegian operators at the full hour: 18 rows with clock and energies",
            layouts.AIDON_NORWAY_HOURLY,
        ),
        "sweden": _aidon("Swedish operators: 27 rows", layouts.AIDON_SWEDEN, _nameless),
        "text": _text("Swedish operators: P1", layouts.AIDON_TEXT, _nameless),
    },
    "kaifa-nordic": {
        "norway-18": _kaifa_nordic(
            "Norway, list 3: 18 values by position", layouts.KAIFA_NORDIC_18
        ),
        "norway-13": _kaifa_nordic("Norway, list 2: 13 values", layouts.KAIFA_NORDIC_13),
        "norway-1": _kaifa_nordic("Norway, list 1: the power", layouts.KAIFA_NORDIC_1),
        "norway-9": _kaifa_nordic(
            "Norway, list 2 with one phase: 9 values", layouts.KAIFA_NORDIC_9, phases=1
        ),
        "norway-14": _kaifa_nordic(
            "Norway, list 3 with one phase: 14 values", layouts.KAIFA_NORDIC_14, phases=1
        ),
        "sweden-18": _kaifa_nordic(
            "Sweden behind transformers: 18 values, energies of 64 bits",
            layouts.KAIFA_NORDIC_18_LONG,
            _KAIFA_CT_LINK,
        ),
        "sweden": _kaifa_nordic("Sweden: 18 codes and values", layouts.KAIFA_SWEDEN),
    },
    "xt211": {
        "egd": Variant(
            "EG.D: 22 attribute descriptors and values",
            layouts.XT211_EGD,
            _xt211,
            links.Hdlc(b"\x03", b"\x21"),
            ciphered=False,
            invoke_flags=0x80,
            header_time=None,
            serial_mode="9600 8N1",
            interval=60,
        ),
    },
    "energomera": {
        "event": Variant(
            "Russian operators: 7 capture objects of six fields, no registers",
            layouts.ENERGOMERA_EVENT,
            _energomera,
            links.Hdlc(b"\x41", b"\x03"),
            ciphered=False,
            invoke_flags=0x40,
            header_time=replace(_UNSAID_TIME, deviation=True),
            serial_mode="9600 8N1",
            interval=60,
        ),
        "registers": Variant(
            "made up: the same with registers, scaler and unit of each behind it",
            layouts.ENERGOMERA_SCALED,
            _energomera,
            links.Hdlc(b"\x41", b"\x03"),
            ciphered=False,
            invoke_flags=0x40,
            header_time=replace(_UNSAID_TIME, deviation=True),
            serial_mode="9600 8N1",
            interval=60,
        ),
    },
    "sagemcom-p1": {
        "styria": _text(
            "T210-D-r at Energienetze Steiermark: P1, ciphered",
            layouts.SAGEMCOM_STYRIA,
            _sagemcom_text,
            ciphered=True,
        ),
        "luxembourg": _text(
            "T210-D in Luxembourg: P1, ciphered",
            layouts.SAGEMCOM_LUXEMBOURG,
            _sagemcom_text,
            ciphered=True,
        ),
        "styria-plain": _text("T210-D-r in the clear", layouts.SAGEMCOM_STYRIA, _nameless),
        "hungary": _text("E.ON in Hungary: P1", layouts.SAGEMCOM_HUNGARY, _sagemcom_text),
    },
    "dsmr": {
        "dsmr5": _text("the Netherlands: DSMR 5 with a gas meter", layouts.DSMR5, interval=1),
        "dsmr5-1ph": _text(
            "the Netherlands: one phase, no gas meter",
            layouts.DSMR5_ONE_PHASE,
            interval=1,
            phases=1,
        ),
        "belgium": _text(
            "Belgium: DSMR 5 with gas and water meters", layouts.DSMR5_BELGIUM, interval=1
        ),
        "sweden": _text("Sweden: DSMR 5 without a number", layouts.DSMR5_SWEDEN, _nameless),
        "denmark-nes": _text(
            "Denmark: NES, another way to write the time", layouts.NES_TEXT, _nameless
        ),
        "hungary-holley": _text(
            "Hungary: Holley, another checksum, no number", layouts.HOLLEY, _nameless
        ),
        "hungary-aux": _text(
            "Hungary: Sanxing, a message of what is no text", layouts.AUX5, _sagemcom_text
        ),
    },
    "dsmr2": {
        "dsmr2": _text(
            "the Netherlands: DSMR 2.2 with a gas meter, no checksum",
            layouts.DSMR2,
            serial_mode="9600 7E1",
        ),
        "dsmr2-heat": _text(
            "the Netherlands: DSMR 2.2 with a heat meter",
            layouts.DSMR2_HEAT,
            serial_mode="9600 7E1",
        ),
    },
    "q3d": {
        "q3d": _text(
            "EasyMeter Q3D at its optical head",
            layouts.Q3D,
            _q3d,
            serial_mode="9600 7E1",
            interval=2,
        ),
    },
}
"""Variants by name by family; the first of a family is what it is without a name."""
