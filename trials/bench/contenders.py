"""How each program is called that is measured: this one, earlier ones, and libraries from PyPI.

Each library is called as its own documentation shows, from the bytes of a telegram to its values.
Where it cannot do a part of that for a list, the part is done for it at next to no cost; which one
stands with it below.

What depends on the version of this program is in `PROGRAM` below and in `_decoder`; the rest uses
names that all versions have. Names are looked up only where they are used, as each library is in an
environment of its own.
"""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from tests.support.history import find

KEY: Final = bytes(range(16))
AUTH_KEY: Final = bytes(range(0xD0, 0xE0))
"""Those of `simulator.ciphering`, which the libraries' environments cannot import."""

KAIFA: Final = "Kaifa (Netz NÖ)"
TINETZ: Final = "Kaifa (Tinetz)"
E450: Final = "E450 with tag"
KAMSTRUP: Final = "Kamstrup"
AIDON: Final = "Aidon"
DSMR5: Final = "DSMR 5"
BELGIUM: Final = "Belgium"
"""Names of `lists.LISTS`, for the same reason."""

_Number = int | float | Decimal

_LLC: Final = b"\xe6\xe7\x00"
_GLO: Final = 0xDB
_CHECK: Final = 2
_MBUS_END: Final = 2  # checksum and stop byte


class NotReadError(Exception):
    """A list that a program is not made for."""


class Contender(NamedTuple):
    """A program that reads telegrams.

    Args:
        run: reads some telegrams, one after the other; gives what the last one says.
        numbers: takes the numbers out of that, to see that it was read.
    """

    run: Callable[[Sequence[bytes]], Any]
    numbers: Callable[[Any], Iterable[_Number]]


def each(read: Callable[[bytes], Any], numbers: Callable[[Any], Iterable[_Number]]) -> Contender:
    """Make a contender of a function that reads one telegram."""

    def run(telegrams: Sequence[bytes]) -> Any:  # noqa: ANN401 - each program's own
        said = None
        for data in telegrams:
            said = read(data)
        return said

    return Contender(run, numbers)


# --- This program, also as it was at an earlier commit ---

_PROFILES: Final = ("app.meters.profile_files.load", "app.meters.profile.load")


def _decoder() -> Any:  # noqa: ANN401 - of a version of which nothing is known
    keys = find("app.dlms.ciphering.Keys")(KEY, AUTH_KEY)
    return find("app.decoder.Decoder")(keys, find(*_PROFILES)(), ZoneInfo("Europe/Vienna"))


def readings(_name: str) -> Contender:
    """From bytes to readings, without the guard.

    Numbers are as the outputs take them: integers with their powers of ten, or decimals.
    """
    decoder = _decoder()

    def read(data: bytes) -> Mapping[str, Any]:
        (telegram,) = decoder.feed(data)
        values: Mapping[str, Any] = telegram.reading.values
        return values

    return each(read, lambda said: _flat(said.values()))


def command(_name: str) -> Contender:
    """The command ``decode``, from a capture in memory to its lines of JSON."""
    decoder = _decoder()
    decode = find("app.recordings.decode.decode", "app.decode.decode")
    try:
        chunk = find("app.transport.recording.Chunk")
    except LookupError:  # as up to 0.1.0: a capture was bytes
        chunk = None

    def run(telegrams: Sequence[bytes]) -> str:
        data = b"".join(telegrams)
        out, err = io.StringIO(), io.StringIO()
        decode((chunk(0.0, data),) if chunk else data, decoder, out, err)
        assert not err.getvalue(), err.getvalue()
        return out.getvalue()

    def numbers(said: str) -> Iterator[_Number]:
        *_, last = said.splitlines()
        return _flat(json.loads(last)["readings"].values())

    return Contender(run, numbers)


# --- Libraries from PyPI ---


def smartmeter_austria_energy(name: str) -> Contender:
    """As its ``Smartmeter.read`` does with the bytes that it has read. It checks nothing.

    Two zero bytes are put behind each telegram of Netz NÖ: version 1.5.0 gives that list up, as it
    expects two bytes behind the last value.
    """
    _only(name, KAIFA, TINETZ)
    kind, missing = {KAIFA: ("EVN", bytes(2)), TINETZ: ("TINETZ", b"")}[name]
    supplier = find(f"smartmeter_austria_energy.supplier.Supplier{kind}")
    decrypt = find("smartmeter_austria_energy.decrypt.Decrypt")
    obis_data = find("smartmeter_austria_energy.obisdata.ObisData")

    def read(data: bytes) -> Any:  # noqa: ANN401 - the library has types of its own
        first = data.find(supplier.frame1_start_bytes)
        second = data.find(supplier.frame2_start_bytes, first)
        frames = data[first:second], data[second:-_MBUS_END] + missing + data[-_MBUS_END:]
        decrypted = decrypt(supplier, *frames, KEY.hex())
        decrypted.parse_all()
        return obis_data(decrypted, supplier.supplied_values)

    return each(read, lambda said: (said.RealPowerIn.value,))


def dlms_cosem(name: str) -> Contender:
    """As its example ``parse_norwegian_han.py`` does; deciphered and its tag verified.

    Of E450 it is given the APDU: version 25.1.0 refuses the header of a frame with its addresses.
    """
    _only(name, E450, KAMSTRUP, AIDON)
    frame = find("dlms_cosem.hdlc.frames.UnnumberedInformationFrame")
    ciphered = find("dlms_cosem.protocol.xdlms.GeneralGlobalCipher")
    notification = find("dlms_cosem.protocol.xdlms.DataNotification")
    parse = find("dlms_cosem.utils.parse_as_dlms_data")

    def read(data: bytes) -> Any:  # noqa: ANN401 - the library has types of its own
        if name == E450:
            apdu = data[data.index(_LLC) + len(_LLC) : -1 - _CHECK]
            apdu = ciphered.from_bytes(apdu).to_plain_apdu(KEY, AUTH_KEY)
        else:
            apdu = frame.from_bytes(data).payload[len(_LLC) :]
        return parse(notification.from_bytes(apdu).body)

    return each(read, _flat)


def gurux_dlms(name: str) -> Contender:
    """As ``readDLMSPacket`` of its documentation does with a notification: through XML."""
    _only(name, E450, KAMSTRUP, AIDON)
    enums = "gurux_dlms.enums"
    none, simple = find(f"{enums}.Authentication").NONE, find(f"{enums}.TranslatorOutputType")
    security = find(f"{enums}.Security").AUTHENTICATION_ENCRYPTION
    hdlc = find(f"{enums}.InterfaceType").HDLC
    by_logical_name = True
    client = find("gurux_dlms.secure.GXDLMSSecureClient")(by_logical_name, 1, 1, none, None, hdlc)
    client.ciphering.blockCipherKey = KEY
    client.ciphering.authenticationKey = AUTH_KEY
    client.ciphering.security = security
    buffer, reply = find("gurux_dlms.GXByteBuffer"), find("gurux_dlms.GXReplyData")
    translator = find("gurux_dlms.GXDLMSTranslator")

    def read(data: bytes) -> str:
        notify = reply()
        client.getData(buffer(data), reply(), notify)
        return str(translator(simple.SIMPLE_XML).dataToXml(notify.data))

    def numbers(said: str) -> Iterator[_Number]:
        return (int(digits, 16) for digits in re.findall(r'U?Int\d+ Value="([0-9A-F]+)"', said))

    return each(read, numbers)


def amshan(name: str) -> Contender:
    """As its documentation shows: a reader of frames or readouts, and ``AutoDecoder``."""
    _only(name, KAMSTRUP, AIDON, DSMR5, BELGIUM)
    if name in {DSMR5, BELGIUM}:
        reader = find("han.dlde.ModeDReader")()
    else:
        reader = find("han.hdlc.HdlcFrameReader")()
    decode = find("han.autodecoder.AutoDecoder")().decode_message

    def read(data: bytes) -> Any:  # noqa: ANN401 - the library has types of its own
        (message,) = reader.read(data)
        return decode(message)

    return each(read, lambda said: _flat(said.values()))


def dsmr_parser(name: str) -> Contender:
    """As its documentation shows: ``TelegramParser(...).parse``."""
    _only(name, DSMR5, BELGIUM)
    kind = {DSMR5: "V5", BELGIUM: "BELGIUM_FLUVIUS"}[name]
    specification = find(f"dsmr_parser.telegram_specifications.{kind}")
    parser = find("dsmr_parser.parsers.TelegramParser")(specification)

    def read(data: bytes) -> Any:  # noqa: ANN401 - the library has types of its own
        return parser.parse(data.decode("ascii"))

    return each(read, lambda said: (said.CURRENT_ELECTRICITY_USAGE.value,))


CONTENDERS: Final[dict[str, Callable[[str], Contender]]] = {
    "readings": readings,
    "decode": command,
    "smartmeter-austria-energy": smartmeter_austria_energy,
    "dlms-cosem": dlms_cosem,
    "gurux-dlms": gurux_dlms,
    "amshan": amshan,
    "dsmr-parser": dsmr_parser,
}
"""By name; each is called with a list's name, and raises NotReadError where it does not read it."""


def _only(name: str, *names: str) -> None:
    """Say that a library does not read a list.

    Raises:
        NotReadError: it does not.
    """
    if name not in names:
        raise NotReadError(f"it reads only {', '.join(names)}")


def _flat(values: Any) -> Iterator[_Number]:  # noqa: ANN401 - lists in lists
    for value in values:
        if isinstance(value, (int, float, Decimal)):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _flat(value)
