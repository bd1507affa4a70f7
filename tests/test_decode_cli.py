"""The command `decode`: output, exit status, arguments, keys."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

from app import cli
from app.commands import reading
from app.transport.recording import Chunk, Writer
from simulator import axdr, links, meters
from simulator.ciphering import AUTH_KEY, KEY
from simulator.household import Household
from tests.support.telegrams import NOON, ZONE, notification, telegram

ADDON = Path(__file__).parent.parent / "smartmeter_addon"
OTHER = bytes.fromhex("4142434445464748494A4B4C4D4E4F50")
KAIFA = telegram("kaifa", "netznoe")
E450 = telegram("e450", "burgenland")
KEYS = (
    "link",
    "meter_type",
    "manufacturer",
    "model",
    "meter_id",
    "system_title",
    "invocation_counter",
    "encrypted",
    "authenticated",
    "timestamp",
    "registers",
    "readings",
)


@dataclass(frozen=True)
class Result:
    """What the command gave."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The telegrams, one a line."""
        return [json.loads(line, parse_float=Decimal) for line in self.out.splitlines()]


Decode = Callable[..., Result]


@pytest.fixture(autouse=True)
def _no_keys_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (reading.KEY_VARIABLE, reading.AUTH_KEY_VARIABLE):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def decode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Decode:
    """Run the command on a capture: as a file, or on standard input when the arguments say so."""

    def run(
        capture: bytes, *arguments: str, key: bytes | None = KEY, stdin: bool = False
    ) -> Result:
        if key:
            monkeypatch.setenv(reading.KEY_VARIABLE, key.hex())
        if stdin:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(capture)))
            given = ["decode", *arguments]
        else:
            file = tmp_path / "capture"
            file.write_bytes(capture)
            given = ["decode", str(file), *arguments]
        status: int | str | None
        try:
            status = cli.main(given)
        except SystemExit as end:
            status = end.code
        captured = capsys.readouterr()
        assert isinstance(status, int)
        return Result(status, captured.out, captured.err)

    return run


SIZE = 40


def recorded(*telegrams: bytes) -> str:
    """Give a recording of telegrams that came a second apart, in chunks."""
    sink = io.StringIO()
    now = 0.0
    writer = Writer(sink, lambda: now, begun=NOON)
    for number, data in enumerate(telegrams):
        now = float(number)
        for at in range(0, len(data), SIZE):
            writer.write(data[at : at + SIZE])
    return sink.getvalue()


def damaged(data: bytes) -> bytes:
    changed = bytearray(data)
    changed[60] ^= 0x01
    return bytes(changed)


# --- What is printed ---


def test_a_telegram_is_one_line_with_all_that_it_says(decode: Decode) -> None:
    result = decode(KAIFA.data)
    assert (result.status, result.err) == (0, "")
    (line,) = result.lines
    assert tuple(line) == KEYS
    assert line["link"] == "mbus"
    assert (line["meter_type"], line["manufacturer"]) == ("kaifa", "Kaifa")
    assert line["model"].startswith("MA")
    assert line["meter_id"] == KAIFA.truth.meter_id
    assert line["system_title"] == KAIFA.truth.system_title.hex()
    assert line["invocation_counter"] == 1
    assert line["encrypted"] is True
    assert line["authenticated"] is None
    assert line["timestamp"] == "2026-07-01T12:00:05+02:00"
    assert line["registers"] == {
        code: {"value": value, "unit": unit}
        for code, (value, unit) in KAIFA.truth.registers.items()
    }
    assert list(line["registers"]) == list(KAIFA.truth.registers)
    energy, _ = KAIFA.truth.registers["1-0:1.8.0"]
    assert isinstance(energy, Decimal)
    assert line["readings"]["energy_import"] == energy / 1000


def test_numbers_are_printed_with_exactly_their_digits(decode: Decode) -> None:
    meter = meters.build("kaifa", "netznoe")
    snapshot = Household(1, NOON).at(NOON)
    values = {**snapshot.values, "1.8.0": Decimal(4408736), "32.7.0": Decimal("230.0")}
    sent = meter.telegram(type(snapshot)(NOON, values))
    out = decode(sent.data).out
    assert '"1-0:1.8.0": {"value": 4408736, "unit": "Wh"}' in out
    assert '"energy_import": 4408.736,' in out
    assert '"1-0:32.7.0": {"value": 230, "unit": "V"}' in out


def test_each_telegram_has_a_line_of_its_own(decode: Decode) -> None:
    meter = meters.build("e450", "steiermark")
    house = Household(1, NOON)
    sent = [meter.telegram(house.at(NOON + timedelta(seconds=5 * at))) for at in range(3)]
    result = decode(b"".join(one.data for one in sent))
    assert result.status == 0
    assert [line["invocation_counter"] for line in result.lines] == [1, 2, 3]


@pytest.mark.parametrize(
    ("auth_key", "authenticated", "status"), [(None, None, 0), (AUTH_KEY, True, 0), (KEY, False, 1)]
)
def test_the_output_says_whether_the_tag_was_verified(
    *, decode: Decode, auth_key: bytes | None, authenticated: bool | None, status: int
) -> None:
    arguments = ["--auth-key", auth_key.hex()] if auth_key else []
    result = decode(E450.data, *arguments)
    (line,) = result.lines
    assert line["authenticated"] is authenticated
    assert bool(line["registers"]) is (status == 0)
    assert bool(line["readings"]) is (status == 0)
    assert result.status == status


def test_texts_are_printed_as_texts(decode: Decode) -> None:
    (line,) = decode(telegram("kaifa", "tinetz").data).lines
    assert line["registers"]["0-0:96.1.0"] == {"value": "1KFM0201234567", "unit": ""}
    assert line["registers"]["0-0:1.0.0"] == {"value": "2026-07-01T12:00:05+02:00", "unit": ""}


def test_a_billing_period_is_printed_when_it_says_something(decode: Decode) -> None:
    elements = [
        axdr.structure(
            axdr.octet_string(meters.obis_bytes(code)),
            axdr.uint16(5),
            axdr.structure(axdr.int8(0), axdr.enum(30)),
        )
        for code in ("1-0:1.8.0*255", "1-0:1.8.0*1")
    ]
    (line,) = decode(b"".join(links.Hdlc().frames(notification(*elements)))).lines
    assert list(line["registers"]) == ["1-0:1.8.0", "1-0:1.8.0*1"]
    assert (line["encrypted"], line["system_title"], line["invocation_counter"]) == (
        *(False, None),
        None,
    )


def test_a_list_of_unknown_shape_gives_its_items_in_order(decode: Decode) -> None:
    body = notification(
        axdr.uint16(236),
        axdr.octet_string(b"30100007"),
        axdr.octet_string(b"\x01\xff"),
        axdr.null(),
        axdr.Node(axdr.Type.FLOAT32, 230.5),
        axdr.Node(axdr.Type.BOOLEAN, value=True),
        axdr.visible_string("text"),
    )
    result = decode(b"".join(links.Hdlc().frames(body)))
    (line,) = result.lines
    assert result.status == 0
    assert result.err == "list: byte 1: no profile knows what the values of this list mean\n"
    assert (line["meter_type"], line["registers"], line["readings"]) == (None, {}, {})
    assert line["unknown"] == [
        {"type": "long-unsigned", "value": 236},
        {"type": "octet-string", "value": "30100007"},
        {"type": "octet-string", "value": "01FF"},
        {"type": "null-data", "value": None},
        {"type": "float32", "value": Decimal("230.5")},
        {"type": "boolean", "value": True},
        {"type": "visible-string", "value": "text"},
    ]


def test_a_descriptor_of_no_register_is_printed(decode: Decode) -> None:
    result = decode(bytes.fromhex("0F0000000000 0202 0001 2A00600100FF 02 1105"))
    (line,) = result.lines
    assert result.status == 0
    assert [item["type"] for item in line["unknown"]] == ["attribute-descriptor", "unsigned"]
    assert line["unknown"][1]["value"] == 5


def test_values_of_unknown_units_are_registers_but_no_readings(decode: Decode) -> None:
    body = notification(axdr.octet_string(meters.obis_bytes("1-0:1.8.0")), axdr.uint16(5))
    result = decode(b"".join(links.Hdlc(source=b"\x21").frames(body)))
    (line,) = result.lines
    assert (result.status, result.err) == (0, "")
    assert (line["meter_type"], line["manufacturer"]) == ("generic", "unknown maker")
    assert line["registers"] == {"1-0:1.8.0": {"value": 5, "unit": ""}}
    assert line["readings"] == {}


P1_LINES = [
    "0-0:1.0.0(260701120005S)",
    "1-0:1.8.0(001234.567*kWh)",
    "0-1:24.1.0(003)",
    "0-1:96.1.0(4730303533303033333738323839323137)",
    "0-1:24.2.1(260701115500S)(00107.123*m3)",
]


def test_meters_behind_the_meter_are_shown_with_their_own_time(
    decode: Decode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.commands.decode.local_zone", lambda: ZONE)
    (line,) = decode(links.p1("XMX5LGBBFG1009394887", P1_LINES)).lines
    assert tuple(line) == (*KEYS, "other_meters")
    assert (line["link"], line["meter_type"]) == ("p1", "dsmr")
    assert line["readings"] == {"energy_import": Decimal("1234.567")}
    assert line["registers"]["0-1:24.2.1"] == {
        "value": Decimal("107.123"),
        "unit": "m3",
        "at": "2026-07-01T11:55:00+02:00",
    }
    assert line["other_meters"] == [
        {
            "meter_id": "G0053003378289217",
            "model": "Gas meter",
            "timestamp": "2026-07-01T11:55:00+02:00",
            "readings": {"gas": Decimal("107.123")},
        }
    ]


def test_what_stands_beside_a_reading_and_a_valve_are_shown(
    decode: Decode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.commands.decode.local_zone", lambda: ZONE)
    peak = "1-0:1.6.0(260701093000S)(02.485*kW)"
    (line,) = decode(links.p1("FLU5", [*P1_LINES, peak, "0-1:24.4.0(1)"])).lines
    assert tuple(line) == (*KEYS, "details", "other_meters")
    assert line["readings"]["power_import_peak"] == 2485
    assert line["details"] == {"power_import_peak": {"time": "2026-07-01T09:30:00+02:00"}}
    (gas,) = line["other_meters"]
    assert gas["readings"] == {"gas": Decimal("107.123")}
    assert gas["states"] == {"valve": "ON"}


# --- The capture ---


@pytest.mark.parametrize("stdin", [False, True])
@pytest.mark.parametrize(
    "written",
    [
        KAIFA.data,
        KAIFA.data.hex().encode(),
        KAIFA.data.hex(" ").upper().encode(),
        b"\r\n\t" + KAIFA.data.hex("\n", 16).encode() + b"\n\n",
        "\n".join(segment.hex(" ") for segment in KAIFA.segments).encode(),
        KAIFA.data.hex(" ", 3).replace(" ", " \x0b\x0c").encode(),
    ],
    ids=["binary", "digits", "bytes", "lines", "segments", "white"],
)
def test_a_capture_may_be_binary_or_hex_text_with_any_white_space(
    *, decode: Decode, written: bytes, stdin: bool
) -> None:
    result = decode(written, stdin=stdin)
    assert (result.status, result.err) == (0, "")
    assert [line["meter_id"] for line in result.lines] == [KAIFA.truth.meter_id]


@pytest.mark.parametrize("stdin", [False, True], ids=["file", "standard input"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_a_capture_may_be_a_recording(*, decode: Decode, end: str, stdin: bool) -> None:
    text = recorded(KAIFA.data, E450.data).replace("\n", end)
    result = decode(text.encode(), stdin=stdin)
    assert (result.status, result.err) == (0, "")
    assert result.lines == decode(KAIFA.data + E450.data).lines


def test_a_piece_of_a_recording_is_decoded_as_well(decode: Decode) -> None:
    lines = recorded(KAIFA.data, E450.data).splitlines()
    piece = lines[lines.index(str(Chunk(1.0, E450.data[:SIZE]))) :]
    result = decode("\n".join(piece).encode())
    assert (result.status, result.err) == (0, "")
    assert [line["meter_id"] for line in result.lines] == [E450.truth.meter_id]


def test_a_fault_in_a_recording_names_the_byte_of_all_its_chunks(decode: Decode) -> None:
    result = decode(recorded(KAIFA.data, damaged(KAIFA.data)).encode())
    assert (result.status, len(result.lines)) == (1, 1)
    assert f"mbus: byte {len(KAIFA.data)}: the checksum of a frame" in result.err


def test_a_damaged_recording_is_wrong_usage(decode: Decode) -> None:
    result = decode((recorded(KAIFA.data) + "1.5 7ea\n").encode())
    number = recorded(KAIFA.data).count("\n") + 1
    assert (result.status, result.out) == (2, "")
    assert f"cannot be read: line {number}: there are 3 hex digits, an odd number" in result.err


def test_a_recording_without_a_telegram_fails(decode: Decode) -> None:
    result = decode(recorded(b"\x01\x02\x03").encode())
    assert (result.status, result.out) == (1, "")
    assert result.err.endswith("link: no telegram in 3 bytes\n")


def test_a_dash_stands_for_standard_input(decode: Decode) -> None:
    assert decode(KAIFA.data, "-", stdin=True).status == 0


def test_an_odd_number_of_hex_digits_is_wrong_usage(decode: Decode) -> None:
    result = decode(KAIFA.data.hex()[:-1].encode())
    assert (result.status, result.out) == (2, "")
    assert f"holds {2 * len(KAIFA.data) - 1} hex digits" in result.err


def test_a_capture_that_is_not_there_is_wrong_usage(decode: Decode, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    result = decode(b"", str(missing), stdin=True)
    assert (result.status, result.out) == (2, "")
    assert f"the capture {missing} cannot be read: no such file or directory" in result.err


# --- Exit status and standard error ---


@pytest.mark.parametrize("capture", [b"", b"\n", b"\x01\x02\x03", b"0102"])
def test_a_capture_without_a_telegram_fails(decode: Decode, capture: bytes) -> None:
    result = decode(capture)
    assert (result.status, result.out) == (1, "")
    assert result.err.splitlines()[-1].startswith("link: no telegram in ")


def test_bytes_outside_of_frames_are_counted_and_no_failure(decode: Decode) -> None:
    result = decode(b"\x01\x02\x03" + KAIFA.data + b"\x04")
    assert result.status == 0
    assert result.err == "link: 4 bytes belong to no frame\n"
    assert len(result.lines) == 1


def test_a_damaged_telegram_fails_beside_a_good_one(decode: Decode) -> None:
    result = decode(damaged(KAIFA.data) + KAIFA.data)
    assert result.status == 1
    assert len(result.lines) == 1
    assert "mbus: byte 0: the checksum of a frame of 250 bytes is wrong\n" in result.err


def test_a_fault_names_layer_and_byte_in_the_capture(decode: Decode) -> None:
    result = decode(KAIFA.data + damaged(KAIFA.data))
    assert result.status == 1
    assert f"mbus: byte {len(KAIFA.data)}: the checksum of a frame" in result.err


def test_bytes_are_counted_in_the_capture_and_not_in_its_hex_text(decode: Decode) -> None:
    result = decode((KAIFA.data + damaged(KAIFA.data)).hex(" ").encode())
    assert f"mbus: byte {len(KAIFA.data)}: " in result.err


def test_a_telegram_that_is_cut_off_fails(decode: Decode) -> None:
    result = decode(KAIFA.data[:-10])
    assert (result.status, result.out) == (1, "")
    assert "mbus: byte 256: the bytes end inside a frame" in result.err


def test_without_the_key_the_output_names_the_meter_that_needs_one(decode: Decode) -> None:
    result = decode(KAIFA.data, key=None)
    (line,) = result.lines
    assert result.status == 1
    assert (line["registers"], line["readings"], line["timestamp"]) == ({}, {}, None)
    assert (line["encrypted"], line["authenticated"]) == (True, None)
    assert line["invocation_counter"] == 1
    title = KAIFA.truth.system_title.hex()
    assert line["system_title"] == title
    assert title in line["error"]
    assert f"ciphering: byte 0: the meter with system title {title} (KFM)" in result.err


def test_with_a_wrong_key_the_output_says_so(decode: Decode) -> None:
    result = decode(KAIFA.data, key=OTHER)
    (line,) = result.lines
    assert result.status == 1
    assert (line["registers"], line["readings"]) == ({}, {})
    assert "encryption key" in line["error"]
    assert result.err.startswith("ciphering: byte 0: ")


# --- Arguments ---


@pytest.mark.parametrize("option", ["--meter-type", "--meter-type=kaifa"])
def test_a_meter_type_may_be_chosen(decode: Decode, option: str) -> None:
    arguments = [option] if "=" in option else [option, "kaifa"]
    assert decode(KAIFA.data, *arguments).status == 0


def test_a_telegram_of_another_type_than_the_chosen_one_fails(decode: Decode) -> None:
    result = decode(KAIFA.data, "--meter-type", "e450")
    (line,) = result.lines
    assert result.status == 1
    assert (line["registers"], line["readings"]) == ({}, {})
    assert "comes from a Kaifa meter, but meter_type is e450" in result.err


def test_an_argument_overrides_the_environment(decode: Decode) -> None:
    assert decode(KAIFA.data, "--key", KEY.hex(), key=OTHER).status == 0
    assert decode(KAIFA.data, "--key", OTHER.hex(), key=KEY).status == 1


def test_the_authentication_key_may_come_from_the_environment(
    decode: Decode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(reading.AUTH_KEY_VARIABLE, AUTH_KEY.hex(":"))
    (line,) = decode(E450.data).lines
    assert line["authenticated"] is True


def test_a_key_may_come_from_a_file_that_the_environment_names(
    decode: Decode, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(KEY.hex() + "\n")
    monkeypatch.setenv(f"{reading.KEY_VARIABLE}_FILE", str(file))
    assert decode(KAIFA.data, key=None).status == 0
    monkeypatch.setenv(f"{reading.KEY_VARIABLE}_FILE", str(tmp_path / "missing"))
    result = decode(KAIFA.data, key=None)
    assert result.status == 2
    assert f"{reading.KEY_VARIABLE}_FILE: the file " in result.err


def test_an_empty_variable_counts_as_no_key(
    decode: Decode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(reading.KEY_VARIABLE, "")
    assert decode(KAIFA.data, key=None).status == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--meter-type", "nonsense"],
        ["--nonsense"],
        ["another-file"],
        ["--key", "36C6"],
        ["--auth-key", "", "--key", "xyz"],
    ],
)
def test_wrong_usage_has_its_own_exit_status(decode: Decode, arguments: list[str]) -> None:
    result = decode(KAIFA.data, *arguments, key=None)
    assert (result.status, result.out) == (2, "")
    assert "usage: " in result.err


@pytest.mark.parametrize(
    ("variable", "argument"),
    [(reading.KEY_VARIABLE, "--key"), (reading.AUTH_KEY_VARIABLE, "--auth-key")],
)
def test_an_error_about_a_wrong_key_names_the_option_or_variable(
    decode: Decode, monkeypatch: pytest.MonkeyPatch, variable: str, argument: str
) -> None:
    given = decode(KAIFA.data, argument, KEY.hex()[:-1], key=None)
    assert f"{argument}: the key has 31 hexadecimal digits" in given.err
    monkeypatch.setenv(variable, KEY.hex() + "0")
    found = decode(KAIFA.data, key=None)
    assert f"{variable}: the key has 33 hexadecimal digits" in found.err
    assert (given.status, found.status) == (2, 2)


@pytest.mark.parametrize("arguments", [["--help"], ["decode", "--help"], ["run", "--help"]])
def test_help_is_there(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith("usage: python3 -m app")


def test_help_names_the_variables_and_the_meter_types(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["decode", "--help"])
    said = capsys.readouterr().out
    for word in ("SMARTMETER_KEY", "SMARTMETER_AUTH_KEY", "auto", "kaifa", "sagemcom", "e450"):
        assert word in said


# --- Profiles of the user ---

LIST_OF_TWO = notification(axdr.uint16(2337), axdr.octet_string(b"EX123456"))
FICTITIOUS = """
manufacturer = "Example"
model = "X1"
addresses = ["ceff41"]
lists = ["example-2"]

[positional.example-2]
source = "made up"
values = [
    { obis = "1-0:32.7.0", type = "long-unsigned", scaler = -1, unit = "V" },
    { obis = "0-0:96.1.0", type = "octet-string" },
]
"""


@pytest.mark.parametrize("arguments", [[], ["--meter-type", "example"]], ids=["auto", "chosen"])
def test_a_meter_is_read_by_a_profile_of_the_user(
    decode: Decode, tmp_path: Path, arguments: list[str]
) -> None:
    capture = b"".join(links.Hdlc(source=b"\x41").frames(LIST_OF_TWO))
    assert decode(capture).lines[0]["meter_type"] is None
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "example.toml").write_text(FICTITIOUS)
    result = decode(capture, "--profiles", str(folder), *arguments)
    (line,) = result.lines
    assert (result.status, result.err) == (0, "")
    assert (line["meter_type"], line["manufacturer"], line["model"]) == ("example", "Example", "X1")
    assert line["meter_id"] == "EX123456"
    assert line["readings"] == {"voltage_l1": Decimal("233.7")}


def test_a_mistake_in_a_profile_of_the_user_is_wrong_usage(decode: Decode, tmp_path: Path) -> None:
    (tmp_path / "example.toml").write_text(FICTITIOUS.replace("scaler = -1", "scaler = -1.0"))
    result = decode(b"", "--profiles", str(tmp_path))
    assert (result.status, result.out) == (2, "")
    assert (
        "example.toml: positional: example-2: values.0.scaler: wanted is a whole number"
        in result.err
    )


# --- Keys stay secret ---


def test_no_output_holds_a_key(decode: Decode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes right or wrong, and however a key was given."""
    said = []
    short = OTHER.hex()[:-1]
    for capture in (KAIFA.data, E450.data, damaged(E450.data), b"", E450.data[:50]):
        for key in (KEY, OTHER):
            for auth_key in (AUTH_KEY, OTHER):
                result = decode(capture, "--key", key.hex(), "--auth-key", auth_key.hex())
                said.append(result)
    said.append(decode(KAIFA.data, "--key", short))
    said.append(decode(KAIFA.data, "--auth-key", short.upper()))
    monkeypatch.setenv(reading.AUTH_KEY_VARIABLE, short)
    said.append(decode(KAIFA.data))
    text = "\n".join(result.out + result.err for result in said).lower()
    for key in (KEY, AUTH_KEY, OTHER):
        for shown in (key.hex(), key.hex(" "), key.hex(":"), repr(key)[2:-1].lower()):
            assert shown not in text
    assert short not in text
    assert "ciphering" in text


@pytest.mark.parametrize("option", ["--Key", "--keys", "--KEY"])
def test_a_misspelt_option_does_not_print_the_key(decode: Decode, option: str) -> None:
    for arguments in ([option, KEY.hex()], [f"{option}={KEY.hex()}"]):
        result = decode(b"", *arguments, key=None)
        assert result.status == 2
        assert KEY.hex() not in (result.out + result.err).lower()


# --- As a program ---


def run(
    *arguments: str, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ADDON,
        input=stdin,
        env={**os.environ, **environment},
        capture_output=True,
        timeout=30,
        check=False,
    )


def test_the_program_reads_standard_input_and_keys_of_the_environment() -> None:
    done = run(
        "decode",
        "-",
        stdin=E450.data,
        SMARTMETER_KEY=KEY.hex(),
        SMARTMETER_AUTH_KEY=AUTH_KEY.hex(),
        TZ="UTC",
    )
    assert (done.returncode, done.stderr) == (0, b"")
    line = json.loads(done.stdout)
    assert line["meter_id"] == E450.truth.meter_id
    assert line["authenticated"] is True
    assert line["timestamp"] == "2026-07-01T12:00:05+00:00"


def test_the_program_reads_clocks_without_offset_in_the_zone_of_the_environment() -> None:
    try:
        ZoneInfo("Europe/Vienna")
    except ZoneInfoNotFoundError:
        pytest.skip("this machine has no time zone database")
    done = run("decode", stdin=E450.data, SMARTMETER_KEY=KEY.hex(), TZ="Europe/Vienna")
    assert json.loads(done.stdout)["timestamp"] == "2026-07-01T12:00:05+02:00"


@pytest.mark.parametrize("count", [1, 2000])
def test_a_closed_standard_output_ends_the_program_quietly(tmp_path: Path, count: int) -> None:
    """As ``decode capture | head -1`` does, whether the rest is long or short."""
    capture = tmp_path / "capture"
    capture.write_bytes(links.p1("XMX5LGBBFG1009394887", P1_LINES) * count)
    reads, writes = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-m", "app", "decode", str(capture)],
        cwd=ADDON,
        stdout=writes,
        stderr=subprocess.PIPE,
    ) as program:
        os.close(writes)
        os.close(reads)
        _, err = program.communicate(timeout=30)
    assert (program.returncode, err) == (1, b"")


def test_the_exit_status_says_what_went_wrong() -> None:
    assert run("decode", stdin=b"\x01\x02").returncode == 1
    assert run("decode", "--nonsense").returncode == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", ["decode", "listen", "record", "replay"])
def test_an_output_that_is_full_is_told_in_one_sentence(command: str, tmp_path: Path) -> None:
    capture = tmp_path / "capture"
    capture.write_bytes(telegram("aidon", "norway").data)
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "app", command, str(capture)],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ADDON)},
            check=False,
            timeout=30,
        )
    assert ended.returncode == 1
    assert b"Traceback" not in ended.stderr
    assert ended.stderr.endswith(b"the output cannot be written: no space left on device\n")


def test_a_folder_of_profiles_that_is_not_there_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "none"
    with pytest.raises(SystemExit) as ended:
        cli.main(["decode", "--profiles", str(folder), "-"])
    assert ended.value.code == 2
    assert f"--profiles {folder}: there is no such folder" in capsys.readouterr().err
