"""The documentation: what it names exists, what it shows is what the program says."""

import ast
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
import yaml
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from app import jsontext
from app.config import environment, options
from app.decoder import Decoder
from app.dlms.ciphering import Keys, parse_key
from app.line.trouble import Trouble
from app.listen import Report
from app.log import LEVELS
from app.meters import profile_files
from app.meters.profile import AUTO, Profile
from app.meters.quantities import Quantity
from app.meters.sensors import DIAGNOSTICS, LINE_DIAGNOSTICS, SENSORS, Sensor
from app.meters.telegram import Telegram
from app.mqtt.conversation import REPEAT_AFTER
from app.recordings.decode import describe
from app.transport import mode_search, recording
from app.transport.adapters import adapters
from app.transport.recording import Writer
from app.transport.serial_mode import SerialMode
from documents.fields import GROUPS, OPTION_HEADS, entry, label
from documents.fields import option_rows as fields_of_form
from documents.operators import (
    ELSEWHERE,
    HEADS,
    SHORT_HEADS,
    SOURCE_HEADS,
    Language,
    one_by_one,
    operators,
    plugs,
    rows,
    rows_beside,
    short_rows,
    source_rows,
)
from documents.pictures import drawings
from documents.tables import table as markdown
from simulator import __main__ as simulator
from simulator.demo_view import COLUMNS
from simulator.families import FAMILIES
from tests.support import captures
from tests.support.sentences import ENGLISH_ONES, keys, text
from tests.support.telegrams import ZONE, telegram

ROOT = Path(__file__).parents[2]
ADDON = ROOT / "smartmeter_addon"
README = ROOT / "README.md"
DOCS = ADDON / "DOCS.md"
STORE_PAGE = ADDON / "README.md"
ADDING = ROOT / "ADDING_A_METER.md"
COMMANDS = ("configure", "decode", "listen", "record", "replay")
BESIDE_THE_WAY = {
    "anonymous",
    "commands",
    "config",
    "configure",
    "language",
    "loading",
    "recordings",
}
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
TEXTS = (
    *(README, STORE_PAGE, DOCS, ADDON / "CHANGELOG.md", ADDING, CONTRIBUTING),
    *(ROOT / "RELIABILITY.md", ROOT / "BENCHMARKS.md", ROOT / "SECURITY.md"),
    *(ROOT / "docs" / "RELEASING.md", ROOT / "README.de.md", ROOT / "docs" / "de" / "DOCS.md"),
    ROOT / "docs" / "FLEET.md",
)
GERMAN = ROOT / "docs" / "de" / "DOCS.md"

ELLIPSIS = "…"

Table = list[dict[str, str]]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def names(paths: tuple[Path, ...]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def section(path: Path, title: str) -> str:
    """Give what stands under a heading, up to the next one of its level or above."""
    match = re.search(rf"^(#+) {re.escape(title)}\n(.*)", read(path), re.MULTILINE | re.DOTALL)
    assert match, f"{path.name} has no heading {title}"
    # A line of code may begin like a heading.
    code = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
    hidden = code.sub(lambda block: " " * len(block[0]), match[2])
    end = re.search(rf"^#{{1,{len(match[1])}}} ", hidden, re.MULTILINE)
    return match[2][: end.start()] if end else match[2]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def prose(text: str) -> str:
    """Give a text without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)


def tables(text: str) -> Iterator[Table]:
    for lines in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        head, _, *rows = [
            [cell.strip() for cell in line.strip().strip("|").split(" |")]
            for line in lines.splitlines()
        ]
        assert all(len(row) == len(head) for row in rows), lines
        yield [dict(zip(head, row, strict=True)) for row in rows]


def table(text: str, column: str) -> Table:
    (found,) = [rows for rows in tables(text) if column in rows[0]]
    return found


def code(cell: str) -> str:
    match = re.fullmatch(r"`(.+)`", cell)
    assert match, cell
    return match[1]


# the options


def schema_leaves(schema: Mapping[str, object], path: str = "") -> Iterator[str]:
    for key, value in schema.items():
        yield path + key
        fields = value[0] if isinstance(value, list) else value
        if isinstance(fields, dict):
            yield from schema_leaves(fields, f"{path}{key}.")


def option_rows() -> Table:
    text = section(DOCS, "Options")
    return [row for rows in tables(text) if "Option" in rows[0] for row in rows]


def test_the_options_tables_name_every_option_of_the_form_and_no_other() -> None:
    schema = yaml.safe_load(read(ADDON / "config.yaml"))["schema"]
    assert [code(row["Option"]) for row in option_rows()] == [
        *(path for path in schema_leaves(schema) if "." not in path),
        *(path for path in schema_leaves(schema) if "." in path),
    ]


def test_the_options_tables_name_the_fields_as_the_form_does() -> None:
    shown = {code(row["Option"]): row["Field in the form"] for row in option_rows()}
    assert shown == {path: label(path, "en") for path in shown}
    assert shown["key"] == "Key (*Schlüssel*)"


def test_the_defaults_in_the_options_tables_are_those_of_the_program() -> None:
    parsed = options.parse({"additional_meters": [{}]}, ["auto"])
    objects = {
        "": (parsed, parsed.meters[0], parsed.meters[0].keys),
        "mqtt": (parsed.mqtt,),
        "influxdb": (parsed.influxdb,),
        "additional_meters": (parsed.meters[1], parsed.meters[1].keys),
    }
    renamed = {"key": "encryption", "auth_key": "authentication"}
    for row in option_rows():
        path = code(row["Option"])
        group, _, name = path.rpartition(".")
        if path in ("mqtt", "mqtt.topics", "influxdb", "additional_meters"):
            expected = "empty"
        elif group == "mqtt.topics":
            expected = "needed"
        else:
            (value,) = [
                getattr(one, renamed.get(name, name))
                for one in objects[group]
                if hasattr(one, renamed.get(name, name))
            ]
            words = {None: "empty", False: "off", True: "on"}
            expected = next((word for one, word in words.items() if value is one), f"`{value}`")
        if path == "mqtt.port":
            expected += f", with TLS `{options.parse({'mqtt': {'tls': True}}, []).mqtt.port}`"
        assert row["Default"] == expected, path


@pytest.mark.parametrize(
    "foreign",
    [
        {"org", "bucket", "token"},
        {"database", "username", "password", "retention_policy"},
        {"username", "password", "retention_policy", "org", "bucket"},
    ],
    ids=["InfluxDB 1", "InfluxDB 2", "InfluxDB 3"],
)
def test_the_program_takes_every_example_in_the_options_tables(foreign: set[str]) -> None:
    given: dict[str, Any] = {
        "mqtt": {"topics": [{}]},
        "influxdb": {},
        "additional_meters": [{}],
    }
    for row in option_rows():
        group, _, name = code(row["Option"]).rpartition(".")
        if row["Example"] == "see below" or (group == "influxdb" and name in foreign):
            continue
        target: Any = given
        for step in filter(None, group.split(".")):
            target = target[step]
            target = target[0] if isinstance(target, list) else target
        target[name] = yaml.safe_load(code(row["Example"]))
    parsed = options.parse(given, ["auto", *profile_files.load()])
    assert len(parsed.meters) == 2
    assert parsed.mqtt.tls
    assert len(parsed.mqtt.topics) == 1
    assert parsed.influxdb.url


def test_the_program_takes_every_example_of_options() -> None:
    examples = [
        example
        for block in blocks(read(DOCS), "yaml")
        if "triggers" not in (example := yaml.safe_load(block))  # of Home Assistant's
    ]
    by_hand = section(README, "Without Home Assistant's Supervisor")
    examples += [json.loads(block) for block in blocks(by_hand, "json")]
    assert len(examples) > 3
    for example in examples:
        options.parse(example, ["auto", *profile_files.load()])


def test_each_variable_that_is_named_is_an_option_s() -> None:
    options_ = {environment.variable(one) for one in (*environment.TEXTS, *environment.VALUES)}
    compose = read(ROOT / "compose.yaml")
    named = set(re.findall(r"\bSMARTMETER_[A-Z_]*[A-Z]\b", read(README) + read(DOCS) + compose))
    others = {"SMARTMETER_ADAPTER"}  # compose's own, for the device that it hands over
    assert {name.removesuffix(environment.FILE_SUFFIX) for name in named} <= options_ | others
    assert named >= others | {"SMARTMETER_KEY_FILE", "SMARTMETER_MQTT_PASSWORD_FILE"}


# the meters


TYPE = "`meter_type`"
PROFILES = profile_files.load()


def meter_rows(path: Path = README) -> Table:
    title = "Supported meters" if path == README else "Is my meter supported?"
    return table(section(path, title), TYPE)


def script(*command: str, environment: Mapping[str, str] | None = None) -> str:
    """Give what a script of the repository prints."""
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        timeout=60,
    ).stdout


@pytest.mark.parametrize("path", [README, DOCS], ids=names((README, DOCS)))
def test_the_table_of_meters_is_what_the_script_makes_of_the_profiles(path: Path) -> None:
    assert script("script/meters") in read(path)


@pytest.mark.parametrize("path", [README, DOCS], ids=names((README, DOCS)))
def test_the_table_of_meters_has_every_profile_and_no_other(path: Path) -> None:
    assert [code(row[TYPE]) for row in meter_rows(path)] == list(PROFILES)


@pytest.mark.parametrize("family", PROFILES.values(), ids=lambda family: family.type)
def test_the_table_of_meters_says_what_a_profile_says(family: Profile) -> None:
    (row,) = [row for row in meter_rows() if code(row[TYPE]) == family.type]
    models = {family.model, *family.models.values()}
    words = {word for model in models for word in re.findall(r"[\w.-]*\w", model)}
    assert [word for word in words if word not in row["Meter"]] == []
    assert family.manufacturer in row["Meter"]
    modes = re.findall(r"\d+ \d[NEO]\d", row["Serial mode"])
    assert modes == [str(mode) for mode in family.serial_modes]
    assert row["Grid operator"] == ", ".join(family.operators)
    for column in ("Grid operator", "Interface", "Keys, and where to ask", "Published"):
        assert row[column]


def test_every_family_is_told_what_it_was_tried_with() -> None:
    rows = table(section(README, "Supported meters"), "Family")
    assert [code(row["Family"]) for row in rows] == list(PROFILES)
    for row in rows:
        tried = PROFILES[code(row["Family"])].verified == "capture"
        assert bool(row["Tried with the telegrams of"]) == tried
        assert tried or row["By documentation only"]


@pytest.mark.parametrize("path", [README, DOCS], ids=names((README, DOCS)))
def test_meters_that_cannot_be_read_are_named(path: Path) -> None:
    title = "Supported meters" if path == README else "Is my meter supported?"
    text = section(path, title)
    for name in ("AMIS", "NES 83334", "Elgama", "Slovenia", "Croatia", "SML"):
        assert name in text


# the grid operators


@pytest.mark.parametrize("family", PROFILES.values(), ids=lambda family: family.type)
def test_whoever_has_a_meter_finds_the_operator_and_with_it_the_make(family: Profile) -> None:
    text = read(DOCS)
    found = [row for listed in tables(text) if "My meter" in listed[0] for row in listed]
    name = ""
    for row in found:  # only the first row of an operator names it
        head = next(iter(row))
        name = row[head] = row[head] or name
    make = family.manufacturer.partition(" ")[0]
    for name in one_by_one(family):
        meters = [row["My meter"] for row in found if name in next(iter(row.values()))]
        assert meters, name
        assert any(make in meter or "P1" in meter for meter in meters), (name, make)


def test_every_operator_that_is_named_has_a_meter_that_is_read() -> None:
    named = {name for family in PROFILES.values() for name in one_by_one(family)}
    named.add("Reutte")  # named by no profile, but its meters are those of TINETZ
    for operator in operators("en"):
        is_read = any(meter.is_read for meter in operator.meters)
        assert is_read == any(name in operator.name for name in named), operator.name


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_operator_says_all_that_a_householder_asks(language: Language) -> None:
    for operator in operators(language):
        assert operator.name
        assert operator.meters
        if any(meter.is_read for meter in operator.meters):
            assert all((operator.ask, operator.keys, operator.source))


def test_english_and_german_say_the_same_of_an_operator() -> None:
    for english, german in zip(operators("en"), operators("de"), strict=True):
        assert english.country == german.country
        assert len(english.meters) == len(german.meters)
        for one, other in ((english.ask, german.ask), (english.source, german.source)):
            assert re.findall("`[^`]+`", one) == re.findall("`[^`]+`", other)
            assert re.findall(r"20\d\d", one) == re.findall(r"20\d\d", other)


@pytest.mark.parametrize(("path", "language"), [(DOCS, "en"), (GERMAN, "de")], ids=["en", "de"])
def test_the_tables_of_operators_are_what_the_script_makes(path: Path, language: Language) -> None:
    text = read(path)
    for head, of_austria in ((HEADS, True), (ELSEWHERE, False)):
        beside = [] if of_austria else [*rows_beside(PROFILES.values())]
        made = [*rows(language, of_austria=of_austria), *beside]
        assert markdown(head[language], made) in text
    assert markdown(SOURCE_HEADS[language], source_rows(language)) in text


@pytest.mark.parametrize(
    ("path", "language"), [(README, "en"), (ROOT / "README.de.md", "de")], ids=["en", "de"]
)
def test_the_short_table_is_what_the_script_makes(path: Path, language: Language) -> None:
    assert markdown(SHORT_HEADS[language], short_rows(language)) in read(path)


@pytest.mark.parametrize(
    ("path", "end"),
    [(README, "\n## Try it"), (ROOT / "README.de.md", "\nAlles Weitere")],
    ids=["en", "de"],
)
def test_the_part_of_the_readme_for_households_fits_on_two_screens(path: Path, end: str) -> None:
    """Two of some 45 lines: a row of a table is one, a picture none."""
    part = read(path).partition(end)[0].splitlines()
    text = [line for line in part if line and not line.startswith("![")]
    assert sum(1 if line.startswith("|") else 1 + len(line) // 130 for line in text) < 90


@pytest.mark.parametrize("path", [DOCS, GERMAN], ids=["en", "de"])
def test_the_first_half_answers_what_to_do_with_the_letter(path: Path) -> None:
    titles = re.findall(r"^##+ (.+)$", prose(read(path)), re.MULTILINE)
    first = titles[: len(titles) // 2]
    for name in ("Netz Burgenland", "Netz NÖ", "Vorarlberg"):
        assert any(name in title for title in first)


@pytest.mark.parametrize("path", [README, ROOT / "README.de.md"], ids=["en", "de"])
def test_the_oldest_home_assistant_is_that_of_the_configuration(path: Path) -> None:
    oldest = yaml.safe_load(read(ADDON / "config.yaml"))["homeassistant"].removesuffix(".0")
    assert re.findall(r"\*\*Home Assistant\*\* (\d+\.\d+)", read(path)) == [oldest]


# the German documents, and the drawings


def test_the_german_tables_of_options_are_those_of_the_form() -> None:
    head = re.escape(markdown(OPTION_HEADS, ()))
    found = re.findall(rf"^{head}(?:\|.*\n)+", read(GERMAN), re.MULTILINE)
    assert found == [markdown(OPTION_HEADS, fields_of_form("de", group)) for group in GROUPS]
    schema = yaml.safe_load(read(ADDON / "config.yaml"))["schema"]
    listed = re.findall(r"^\| `([a-z_.]+)` \|", "".join(found), re.MULTILINE)
    assert sorted(listed) == sorted(schema_leaves(schema))


def test_the_german_names_of_sensors_are_the_program_s() -> None:
    known = {(one.name_de, one.name_en, one.unit or "") for one in SENSORS.values()}
    for row in table(section(GERMAN, "Was Sie in Home Assistant sehen"), "Sensor"):
        assert (row["Sensor"], row["Name auf Englisch"], row["Einheit"]) in known


def test_the_german_way_to_read_the_app_s_device_names_its_entities() -> None:
    rows = table(section(GERMAN, "Was Sie in Home Assistant sehen"), "Auf dem Gerät")
    named = set(re.findall(r"\*(.+?)\*", " ".join(row["Auf dem Gerät"] for row in rows)))
    shown = {row.name_de for key, row in LINE_DIAGNOSTICS.items() if key != "problem"}
    assert named == shown


def test_the_automation_is_the_same_in_german() -> None:
    """It is tried in a real Core as it stands in English."""
    english, german = (
        yaml.safe_load(block)
        for path in (DOCS, GERMAN)
        for block in blocks(read(path), "yaml")
        if block.startswith("alias:")
    )
    words = {english["alias"]: german["alias"]}
    for one, other in zip(english["actions"], german["actions"], strict=True):
        if "data" in one:
            words[one["action"]] = other["action"]
            words |= dict(zip(one["data"].values(), other["data"].values(), strict=True))
    text = json.dumps(english)
    for one, other in words.items():
        text = text.replace(json.dumps(one), json.dumps(other))
    assert json.loads(text) == german


def test_the_messages_in_the_german_table_are_explained_in_english_too() -> None:
    messages = table(section(GERMAN, "Wenn etwas nicht geht"), "Im Protokoll")
    assert len(messages) > 10
    for row in messages:
        assert row["Im Protokoll"] in read(DOCS), row


@pytest.mark.parametrize("path", [GERMAN, ROOT / "README.de.md"], ids=["DOCS", "README"])
def test_the_fields_that_are_named_in_german_are_the_form_s(path: Path) -> None:
    schema = yaml.safe_load(read(ADDON / "config.yaml"))["schema"]
    form = {str(entry(one, "de")["name"]) for one in schema_leaves(schema)}
    fields = r"\*\*(Schlüssel|Sprache der \w+|Auth\w+|Weitere \w+|Serieller \w+|Adresse)\*\*"
    named = set(re.findall(fields, read(path)))
    assert "Schlüssel" in named
    assert named <= form


def test_german_problems_name_a_field_as_the_form_does() -> None:
    sentences = read(ADDON / "app" / "language" / "sentences" / "de.toml")
    named = dict(re.findall(r"\b([a-z_]+) \(([A-ZÄÖÜ][\w ]+)\)", sentences))
    wanted = {"auth_key", "device", "key", "meter_type", "serial_mode", "url"}
    assert named == {path: entry(path, "de")["name"] for path in wanted}


@pytest.mark.parametrize("name", ["wiring-mbus", "wiring-p1", "wiring-optical", "form"])
def test_a_drawing_is_what_the_script_draws(name: str) -> None:
    drawn = dict(drawings())
    for file in (f"{name}.svg", f"{name}.de.svg"):
        assert read(ROOT / "docs" / file) == drawn[file], "run script/pictures"


def test_every_pin_that_is_drawn_is_told_in_the_text() -> None:
    mbus, p1 = (one for one in blocks(section(DOCS, "Hardware"), "text") if "pin" in one)
    for shown, name in ((mbus, "mbus"), (p1, "p1")):
        wired = [pin.number for pin in plugs("en")[name] if pin.terminal]
        assert [int(number) for number in re.findall(r"pin (\d) [^\n]*---", shown)] == wired


# what is found by itself


def test_the_serial_modes_that_are_tried_are_those_of_the_program() -> None:
    (listed, _) = blocks(section(DOCS, "What is found by itself"), "text")
    assert listed.splitlines() == [str(mode) for mode in mode_search.USUAL]


def test_the_patience_that_is_told_is_that_of_the_search() -> None:
    text = section(DOCS, "What is found by itself")
    assert mode_search.FAILED_BURSTS == 2
    assert "When two telegrams have gone by" in text
    assert f"{mode_search.LONGEST_TRIAL:.0f} seconds of bytes without a pause" in text
    assert mode_search.LOYALTY == 600
    assert "after ten minutes of bytes" in text


@pytest.mark.parametrize(
    "name", ["Zigbee", "Z-Wave", "EnOcean", "RFXtrx", "SkyConnect", "ConBee", "Sonoff", "Aeotec"]
)
def test_a_stick_that_is_left_alone_is_known_to_the_program(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert name in section(DOCS, "What is found by itself")
    stick, meter = ListPortInfo("/dev/ttyUSB0"), ListPortInfo("/dev/ttyUSB1")
    stick.vid = meter.vid = 0x10C4
    stick.description, meter.description = f"{name} stick", "USB UART"
    monkeypatch.setattr(list_ports, "comports", lambda: [stick, meter])
    assert [adapter.foreign for adapter in adapters()] == [True, False]


def test_the_search_takes_the_time_that_is_told() -> None:
    """One start of the measured ones, which lies between the shortest and the longest."""
    title = "How long the search for the serial mode takes"
    told = table(section(README, title), "Mode of the meter")
    paths = os.pathsep.join((str(ADDON), str(ROOT)))
    measured = script(
        "-m", "trials.mode_search", "--starts", "1", environment={"PYTHONPATH": paths}
    )
    (rows,) = tables(measured)
    modes = [str(mode) for mode in mode_search.USUAL]
    assert [row["Mode of the meter"] for row in told] == modes
    assert [row["Mode of the meter"] for row in rows] == modes

    def seconds(row: Mapping[str, str], column: str) -> int:
        return int(row[column].removesuffix(" s"))

    for row, one in zip(told, rows, strict=True):
        assert row.keys() == one.keys()
        assert seconds(row, "Shortest") <= seconds(one, "Median") <= seconds(row, "Longest")
        assert seconds(one, "Again, longest") <= seconds(row, "Again, longest")


# the sensors


def base(sensor: Sensor) -> tuple[str, str, str, str]:
    """Give key, names and unit of a sensor without its phase, tariff, quadrant or number."""
    numbered = re.compile(
        r"_l[123](?=_average$|$)|_tariff_\d$|(?<=relay)_\d$|(?<=message)_\d$"
        r"| L[123]$| (tariff|Tarif) \d$|(?<=^Relay) \d$|(?<=^Relais) \d$"
        r"|(?<=^Message) \d$|(?<=^Nachricht) \d$"
    )
    quadrant = re.compile(r"_q[1-4]$| [Qq]uadrant [1-4]$")
    key, english, german = (
        quadrant.sub("", numbered.sub("", text))
        for text in (sensor.key, sensor.name_en, sensor.name_de)
    )
    return key, english, german, sensor.unit or ""


def has(key: str, *numbered: str) -> bool:
    """Tell whether there is a sensor of some number, such as a phase, for a key of the table."""
    stem, average, _ = key.partition("_average")
    return any(f"{stem}_{number}{average}" in SENSORS for number in numbered)


def test_the_table_of_sensors_has_every_sensor_with_its_names_and_unit() -> None:
    rows = table(section(DOCS, "What you see in Home Assistant"), "Reading")
    listed = [
        (code(row["Reading"]), row["Name in English"], row["Name in German"], row["Unit"])
        for row in rows
    ]
    assert len(set(listed)) == len(listed)
    assert set(listed) == {base(sensor) for sensor in SENSORS.values()}


def test_the_table_of_sensors_says_which_have_phases_or_tariffs_and_which_are_disabled() -> None:
    for row in table(section(DOCS, "What you see in Home Assistant"), "Reading"):
        key = code(row["Reading"])
        remark = row[""]
        assert ("phase" in remark) == has(key, "l1"), key
        assert ("tariffs" in remark) == has(key, "tariff_1", "q1_tariff_1"), key
        assert ("quadrant" in remark) == has(key, "q1"), key
        assert remark.startswith("for each") == (key not in SENSORS), key
        some = [sensor for sensor in SENSORS.values() if base(sensor)[0] == key]
        # That tariffs 3 to 5 are disabled is said under the table.
        shown = {one.enabled for one in some if not re.search(r"_tariff_[345]$", one.key)}
        assert ("disabled" in remark) == (False in shown), key
        assert ("Diagnostic" in remark) == some[0].diagnostic, key


def test_the_table_of_diagnostics_has_every_one_with_its_names_and_unit() -> None:
    rows = table(section(DOCS, "What you see in Home Assistant"), "Diagnostic")
    listed = [
        (code(row["Diagnostic"]), row["Name in English"], row["Name in German"], row["Unit"])
        for row in rows
    ]
    assert listed == [base(sensor) for sensor in DIAGNOSTICS.values()]
    for row in rows:
        assert ("disabled" in row[""]) != DIAGNOSTICS[code(row["Diagnostic"])].enabled


def test_the_table_of_the_readers_diagnostics_has_every_one_with_its_names_and_unit() -> None:
    rows = table(section(DOCS, "The device of the app itself"), "Entity")
    listed = [
        (code(row["Entity"]), row["Name in English"], row["Name in German"], row["Unit"])
        for row in rows
    ]
    assert listed == [base(sensor) for sensor in LINE_DIAGNOSTICS.values()]


def test_the_times_at_which_values_are_sent_again_are_the_program_s() -> None:
    times = [f"{after:.0f}" for after in accumulate(REPEAT_AFTER)]
    told = f"sent again after {', '.join(times[:-1])} and {times[-1]} seconds"
    assert told in section(DOCS, "How often values come")


def test_every_kind_of_problem_is_listed() -> None:
    text = section(DOCS, "What you see in Home Assistant")
    (sentence,) = [line for line in text.splitlines() if line.startswith("The `kind` of a problem")]
    told = {trouble.value for trouble in Trouble}
    assert set(re.findall("`([^`]+)`", sentence)) - {"kind"} == told


# what was shown by the program


def test_the_decode_example_gives_what_is_printed_under_it() -> None:
    text = section(README, "Decode a telegram")
    (command,) = [block for block in blocks(text, "sh") if "app decode" in block]
    (printed,) = blocks(text, "json")
    (key,) = re.findall(r"SMARTMETER_KEY=(\w+)", command)
    (capture,) = re.findall(r"<<'END'\n(.*)^END$", command, re.MULTILINE | re.DOTALL)
    ended = subprocess.run(
        [sys.executable, "-m", "app", "decode"],
        input=capture,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "SMARTMETER_KEY": key, "PYTHONPATH": str(ADDON)},
        timeout=30,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.count("\n") == 1
    assert re.sub(r"\s", "", printed) == re.sub(r"\s", "", ended.stdout)


def test_the_decode_example_is_a_capture_that_may_be_shown() -> None:
    captures = json.loads(read(ROOT / "tests" / "vectors" / "shippable.json"))
    text = section(README, "Decode a telegram")
    (capture,) = [one for one in captures if f"`{one['id']}`" in text]
    assert capture["raw_hex"] in re.sub(r"\s", "", text)
    assert f"SMARTMETER_KEY={capture['key']}".lower() in text.lower()


def test_the_recording_that_is_shown_is_the_beginning_of_the_decode_example() -> None:
    text = section(README, "Decode a telegram")
    (shown,) = blocks(text, "text")
    chunks = recording.read(shown.encode())
    (capture,) = re.findall(r"<<'END'\n(.*)^END$", text, re.MULTILINE | re.DOTALL)
    assert re.sub(r"\s", "", capture).startswith("".join(one.data.hex() for one in chunks))
    written = io.StringIO()
    writer = Writer(
        written,
        iter([0.0, *(one.seconds for one in chunks)]).__next__,
        begun=datetime.fromisoformat("2021-09-27T09:47:15+02:00"),
        mode=SerialMode.parse("2400 8E1"),
    )
    for one in chunks:
        writer.write(one.data)
    version = re.compile("smart meter reader .*")
    assert version.sub("", written.getvalue()) == version.sub("", shown)


def test_every_member_that_decode_prints_is_described() -> None:
    text = section(README, "Decode a telegram")
    (printed,) = blocks(text, "json")
    described = {
        name for row in table(text, "Member") for name in re.findall(r"`(\w+)`", row["Member"])
    }
    assert described == json.loads(printed).keys() | {"details", "other_meters", "unknown", "error"}


def test_every_member_that_decode_may_print_is_described() -> None:
    text = section(README, "Decode a telegram")
    described = set(re.findall(r"`(\w+)`", "".join(row["Member"] for row in table(text, "Member"))))
    captures = json.loads(read(ROOT / "tests" / "vectors" / "shippable.json"))
    printed: set[str] = set()
    for capture in captures:
        one = Decoder(Keys(), PROFILES, ZONE, AUTO)
        for event in one.feed(bytes.fromhex(capture["raw_hex"])):
            if isinstance(event, Telegram):
                printed |= describe(event).keys()
    assert described - {"unknown"} == printed - {"unknown"}


# listening, and what is added by hand


KEY = "000102030405060708090A0B0C0D0E0F"


def heard(telegram: bytes, own: Path | None = None, line: str = "/dev/ttyUSB0 (9600 8N1)") -> str:
    """Give what `listen` prints of one telegram, without the time of day."""
    report = Report()
    one = Decoder(Keys(parse_key(KEY)), profile_files.load(own), ZONE, AUTO)
    report.received(len(telegram))
    lines = [
        f"{'' if index else '00:00:00':8} {text}"
        for event in one.feed(telegram)
        for index, text in enumerate(report.event(event))
    ]
    report.opened(line)
    report.ended(one.frames, one.junk)
    lines += report.block()
    return "".join(f"{text}\n" for text in lines)


def timeless(text: str) -> str:
    """Give what `listen` printed without the time of day and the version of Python."""
    text = re.sub(r"^\d\d:\d\d:\d\d ", "00:00:00 ", text, flags=re.MULTILINE)
    return re.sub(r"Python 3[\d.]+", "Python 3", text)


def nordlicht() -> bytes:
    """The telegram of the fictitious meter that the pages add."""
    (command,) = [one for one in blocks(read(ADDING), "sh") if "app decode" in one]
    assert f"SMARTMETER_KEY={KEY}" in command
    (digits,) = re.findall(r"<<'END'\n(.*)^END$", command, re.MULTILINE | re.DOTALL)
    return bytes.fromhex(digits)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with the profile of the fictitious meter."""
    (example, _) = blocks(section(DOCS, "A profile of your own"), "toml")
    (tmp_path / "nordlicht.toml").write_text(example, encoding="utf-8")
    return tmp_path


def test_the_output_of_listen_for_a_meter_that_nobody_knows_is_what_it_prints() -> None:
    (shown,) = blocks(section(DOCS, "Listen"), "text")
    first, _, rest = shown.partition("\n")
    assert first == "reading /dev/ttyUSB0 (9600 8N1); Ctrl-C ends"
    assert timeless(rest) == timeless(heard(nordlicht()))


def test_the_output_of_listen_in_the_readme_has_the_form_of_what_it_prints() -> None:
    (shown,) = blocks(section(README, "Listen to a line"), "text")
    made = heard(telegram("kaifa", "netznoe-1ph").data, line="/dev/ttyMeter (2400 8E1)")

    def form(line: str) -> str:
        register = re.fullmatch(r"( +\d-\d:\S+ +[a-z].*?)   +[\d.]+(.*)", line)
        if register:
            return "".join(register.groups())
        return re.sub(r"[0-9a-f]{8,}|\d[\d:.+ -]*", "#", line)

    def forms(text: str) -> list[str]:
        lines = text.splitlines()
        return [form(line) for line in lines if not re.search(r" ! |^\d+ x |^\d+ bytes", line)]

    first, _, rest = shown.partition("\n")
    assert first == "reading /dev/ttyMeter (2400 8E1); Ctrl-C ends"
    assert forms(rest) == forms(made)


@pytest.mark.parametrize("path", [README, DOCS], ids=names((README, DOCS)))
def test_the_block_for_a_bug_report_that_is_shown_holds_no_full_number(path: Path) -> None:
    title = "Listen to a line" if path == README else "Listen"
    (shown,) = blocks(section(path, title), "text")
    above, _, block = shown.partition("-----")
    numbers = re.findall(r"number (\w+)|by (\w{16})|octet-string +(\w+)", above)
    assert numbers
    assert [one for found in numbers for one in found if one and one in block] == []
    assert KEY not in shown


def test_the_profile_of_the_fictitious_meter_reads_its_telegram_as_shown(own: Path) -> None:
    known, _ = blocks(section(DOCS, "A profile of your own"), "text")
    printed, _, _ = heard(nordlicht(), own).partition("-----")
    assert timeless(known) == printed
    title = re.search(r"ciphered by \w+ \((\w+)\)", known)
    assert title
    assert profile_files.load(own)["nordlicht"].makers == (title[1],)


def test_the_profile_that_changes_a_shipped_one_changes_what_is_said(own: Path) -> None:
    (_, example) = blocks(section(DOCS, "A profile of your own"), "toml")
    (own / "e450.toml").write_text(example, encoding="utf-8")
    changed, shipped = profile_files.load(own)["e450"], PROFILES["e450"]
    assert changed.nominal
    assert shipped.nominal
    assert {key for key, of in changed.nominal.items() if of != shipped.nominal[key]} == {
        Quantity.VOLTAGE
    }
    assert changed.nominal[Quantity.VOLTAGE] == -1
    others = [field.name for field in fields(shipped) if field.name not in ("nominal", "own")]
    assert [getattr(changed, name) for name in others] == [
        getattr(shipped, name) for name in others
    ]


def test_the_mistake_in_a_profile_is_told_as_shown(own: Path) -> None:
    _, shown = blocks(section(DOCS, "A profile of your own"), "text")
    path = own / "profiles" / "nordlicht.toml"
    path.parent.mkdir()
    example = read(own / "nordlicht.toml")
    path.write_text(example.replace('"9600 8N1"', '"9600"'), encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "app", "run", "--options", str(own / "options.json")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ADDON), "NO_COLOR": "1"},
        timeout=30,
    )
    assert ended.returncode == 1
    times = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", re.MULTILINE)
    assert times.sub("", ended.stdout) == times.sub("", shown)


def test_every_key_of_a_profile_is_explained() -> None:
    rows = table(section(DOCS, "A profile of your own"), "Key")
    explained = {key for row in rows for key in re.findall(r"`(\w+)`", row["Key"])}
    assert explained == {str(key) for key in profile_files._PROFILE_SCHEMA.schema} | {"based_on"}


def test_the_meter_that_is_added_is_decoded_as_shown(tmp_path: Path) -> None:
    (example,) = blocks(read(ADDING), "toml")
    assert re.match(r"# [^:\n]+: ", example)  # what script/meters takes the name from
    (tmp_path / "nordlicht.toml").write_text(example, encoding="utf-8")
    unknown, known, _ = blocks(read(ADDING), "json")
    for folder, shown in ((None, unknown), (tmp_path, known)):
        one = Decoder(Keys(parse_key(KEY)), profile_files.load(folder), ZONE, AUTO)
        (event,) = one.feed(nordlicht())
        assert isinstance(event, Telegram)
        assert jsontext.dumps(describe(event)) == jsontext.dumps(
            json.loads(shown, parse_float=Decimal)
        )


def test_the_meter_that_is_added_says_all_that_a_shipped_profile_says(tmp_path: Path) -> None:
    (example,) = blocks(read(ADDING), "toml")
    (tmp_path / "nordlicht.toml").write_text(example, encoding="utf-8")
    one = profile_files.load(tmp_path)["nordlicht"]
    assert all((one.operators, one.interface, one.keys, one.publishes, one.serial_modes))


def test_the_capture_that_is_added_passes_the_tests_of_the_captures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (example,) = blocks(read(ADDING), "toml")
    (tmp_path / "nordlicht.toml").write_text(example, encoding="utf-8")
    capture = json.loads(blocks(read(ADDING), "json")[-1], parse_float=Decimal)
    assert bytes.fromhex(capture["raw_hex"]) == nordlicht()
    shipped = json.loads(read(ROOT / "tests" / "vectors" / "shippable.json"))
    assert [key for key in capture if any(key not in other for other in shipped)] == []
    assert captures.differences(capture) != []
    with_it = profile_files.load(tmp_path)
    monkeypatch.setattr(profile_files, "load", lambda: with_it)
    assert captures.differences(capture) == []
    assert captures.differences(capture, "nordlicht") == []
    assert captures.differences(capture, piecemeal=True) == []


# what the log says


HOLE = "\0"


@cache
def sentences() -> frozenset[str]:
    """Give every text in the program but its docstrings, with a hole where a value comes in."""

    def visit(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return  # a docstring
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield re.sub(r"%(s|d|\.\df)|\{\w+\}", HOLE, node.value)
        elif isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values
            )
        else:
            for child in ast.iter_child_nodes(node):
                yield from visit(child)

    sources = sorted((ADDON / "app").rglob("*.py"))
    assert sources
    texts = (text for path in sources for text in visit(ast.parse(read(path))))
    said = ENGLISH_ONES
    of_catalogue = {re.sub(r"\{\w+\}", HOLE, text(said, key)) for key in keys(said)}
    return frozenset(texts) | of_catalogue


def quoted_messages() -> list[str]:
    """Give the messages under Troubleshooting: those that begin an item, and those of its lead."""
    text = prose(section(DOCS, "Troubleshooting"))
    lead = text.split("\n### ")[0]
    return [
        *re.findall(r"^- `([^`]+)`", text, re.MULTILINE),
        *re.findall(r"`([^`]+)`", lead),
        "no auth_key is set",
        "this meter sends no tag to check",
    ]


@pytest.mark.parametrize("message", quoted_messages())
def test_a_message_under_troubleshooting_is_one_of_the_program(message: str) -> None:
    assert message in read(DOCS)
    pattern = re.compile(re.escape(message).replace(ELLIPSIS, f"{HOLE}[{HOLE} :()]*"))
    assert [sentence for sentence in sentences() if pattern.search(sentence)] or composed(message)


def composed(message: str) -> bool:
    """Tell whether a message is a sentence of the program with another of its texts at the hole."""
    likely = [
        sentence
        for sentence in sentences()
        if HOLE in sentence
        and len(sentence.replace(HOLE, "")) >= 8
        and message.startswith(sentence.partition(HOLE)[0])
        and message.endswith(sentence.rpartition(HOLE)[2])
    ]
    texts = [re.escape(text) for text in sentences() if " " in text and HOLE not in text]
    filling = "|".join([ELLIPSIS, *texts])
    return any(
        re.fullmatch(re.escape(sentence).replace(HOLE, f"(?:{filling})"), message)
        for sentence in likely
    )


def log_lines() -> list[str]:
    texts = read(README), read(DOCS).replace(section(DOCS, "Lines on the console"), "")
    return [
        line
        for text in texts
        for line in re.findall(r"^(?:program \| )?\d{4}-.*$", text, re.MULTILINE)
    ]


@pytest.mark.parametrize("line", log_lines())
def test_a_line_of_the_log_that_is_shown_is_one_that_the_program_writes(line: str) -> None:
    match = re.fullmatch(r"(?:program \| )?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ([A-Z]+) +(.+)", line)
    assert match
    assert match[1].lower() in LEVELS
    # A sentence with a few words of its own; two holes and a colon would fit anything.
    patterns = [
        re.escape(sentence).replace(HOLE, ".*")
        for sentence in sentences()
        if len(sentence.replace(HOLE, "")) >= 8
    ]
    assert any(re.search(pattern + "$", match[2]) for pattern in patterns)


def test_every_reason_for_which_a_telegram_is_not_read_is_explained() -> None:
    text = read(DOCS)
    for start in (
        "sends ciphered telegrams and no key is given",
        "deciphering gives no telegram",
        "the authentication key does not fit",
        "the telegram comes from ",
        "no profile knows",
        "a list that meters of the type",
    ):
        assert any(start in sentence for sentence in sentences()), start
        assert start in text


# names, links, words


def anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", prose(read(path)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("text", TEXTS, ids=names(TEXTS))
def test_every_relative_link_leads_somewhere(text: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", prose(read(text))):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = text.parent / path if path else text
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def test_the_map_of_the_program_names_every_stage() -> None:
    rows = table(section(CONTRIBUTING, "The map"), "Folder")
    folders = {path.parent.name for path in (ADDON / "app").glob("*/__init__.py")}
    assert {code(row["Folder"]) for row in rows} == folders - BESIDE_THE_WAY
    beside = section(CONTRIBUTING, "The map").partition("Beside that way stand")[2]
    assert all(f"`{folder}`" in beside for folder in BESIDE_THE_WAY)


def test_the_glossary_explains_few_words_and_each_once() -> None:
    words = [row["Word"] for row in table(section(CONTRIBUTING, "Words"), "Word")]
    assert len(words) == len(set(words)) <= 21


@pytest.mark.parametrize("text", TEXTS, ids=names(TEXTS))
def test_every_file_named_exists(text: Path) -> None:
    of_the_user = {
        *("kaifa-ma309-tinetz.txt", "my-meter.txt", "log.txt"),
        *(
            "options.json",
            "state.json",
            "fleet.json",
            "meters.json",
            "data/options.json",
            "/etc/ser2net.yaml",
            "nordlicht.toml",
            "e450.toml",
        ),
        "smartmeter_addon/app/meters/profiles/nordlicht.toml",  # added, and taken away again
    }
    words = re.findall(r"`([^`\s]+)", prose(read(text)))
    words += re.findall(r"(?:script|smartmeter_addon)/[\w./-]+", read(text))
    for word in words:
        is_file = re.fullmatch(r"(?:[\w.-]+/)*[\w-]+\.(?:md|py|sh|txt|toml|ya?ml|json)", word)
        in_the_tree = word.startswith(("script/", "simulator", "smartmeter_addon", "tests/"))
        if word in of_the_user or not (is_file or in_the_tree):
            continue
        folders = (ROOT, ADDON, ADDON / "app")
        assert any((folder / word).exists() for folder in folders), word


def test_every_capture_that_the_program_names_is_one_that_is_shipped() -> None:
    shipped = {one["id"] for one in captures.SHIPPED}
    word = re.compile(r"\bcaptures?[\s#]+`*([a-z]\w*(?:-[\w*]+)+)")
    named = {
        name
        for path in (ADDON / "app").rglob("*")
        if path.suffix in {".py", ".toml"}
        for name in word.findall(read(path))
    }
    assert named
    assert named - shipped == set()


def test_the_options_of_the_demo_that_are_named_exist() -> None:
    text = prose(section(README, "Try it without a meter"))
    named = re.findall(r"`[^`]*?(--[\w-]+)", text)
    assert named
    assert [option for option in named if option not in read(ROOT / "script" / "demo")] == []


def test_the_rows_of_the_demo_that_are_shown_are_those_of_the_program() -> None:
    """Head and rows: what it shows of the values of the first row gives that row."""
    (shown, *_) = blocks(section(README, "Try it without a meter"), "text")
    head, *rows = [
        line.removeprefix("   home | ")
        for line in shown.splitlines()
        if re.match(r"   home \| (\d\d:|  +Import)", line)
    ]
    assert len({len(row) for row in (head, *rows)}) == 1
    columns = re.findall(r"\S+ \S+", head)
    assert [one.split()[0] for one in columns] == list(COLUMNS.values())[:3] + [
        "L1",
        "L2",
        "L3",
    ] * 2


@pytest.mark.parametrize(("document", "word"), [(DOCS, "Infrared"), (GERMAN, "Infrarot")])
def test_the_e450_of_netz_burgenland_is_simulated_as_it_is_described(
    document: Path, word: str
) -> None:
    (told,) = re.findall(
        rf"^- \*\*{word}, Landis\+Gyr E450\*\*: .*?(\d+) .*?(\d+ \d[NE]\d)\.",
        document.read_text("utf-8"),
        re.MULTILINE,
    )
    made = FAMILIES["e450"]["burgenland"]
    assert (str(made.interval), made.serial_mode) == told


def simulations() -> list[str]:
    rows = table(section(README, "Simulate a meter"), "Command")
    return [code(row["Command"]) for row in rows]


@pytest.mark.parametrize("command", simulations())
def test_a_command_of_the_simulator_that_is_shown_is_one(command: str) -> None:
    first, *arguments = command.split()
    assert first == "script/simulate"
    assert simulator.parse(arguments).meter


def test_the_arguments_of_the_program_that_are_shown_exist() -> None:
    texts = [read(path) for path in (README, DOCS, ADDING)]
    shown = [
        (command, option)
        for text in texts
        for command, rest in re.findall(r"python -m app (\w+)([^`\n]*)", text)
        for option in re.findall(r"--[\w-]+", rest) or [""]
    ]
    assert {command for command, _ in shown} == {"run", *COMMANDS}
    shown += [("listen", option) for option in ("--serial-mode", "--seconds", "--profiles")]
    shown += [("decode", "--profiles")]
    environment = {"PYTHONPATH": str(ADDON)}
    told = {
        command: script("-m", "app", command, "--help", environment=environment)
        for command in ("run", *COMMANDS)
    }
    for command, option in shown:
        assert option in told[command]
    for option in re.findall(r"`(--[\w-]+)", prose(section(README, "Listen to a line"))):
        assert option in told["listen"]
    guided = re.findall(r"(--[\w-]+)", section(README, "The set-up in a terminal"))
    assert len(set(guided)) > 8
    assert [option for option in guided if option not in f"{told['configure']} --help"] == []
    for option in re.findall(
        r"`(--[\w-]+)", prose(section(README, "Record a line, and replay it"))
    ):
        assert option in told["record"] + told["replay"] + read(ROOT / "simulator" / "__main__.py")


def test_a_command_that_is_shown_says_where_the_program_is() -> None:
    """A reader who comes by a link to a section has not read those before; the guide is one."""
    parts = [read(ADDING)]
    for path in (README, DOCS):
        parts += re.split(r"^##+ ", read(path), flags=re.MULTILINE)
    commands = 0
    for part in parts:
        exported = False
        for line in part.splitlines():
            exported |= "export PYTHONPATH=smartmeter_addon" in line
            if ".venv/bin/python -m app" in line:
                commands += 1
                assert exported or "PYTHONPATH=smartmeter_addon" in line, line
    assert commands > 10


def test_every_package_that_is_installed_has_its_reason() -> None:
    text = section(README, "Dependencies")
    files = [*ROOT.glob("requirements-*.txt"), ADDON / "requirements.txt"]
    # What releases are made with brings dozens; what was asked for has its reason.
    files = [file.with_suffix(".in") if "release" in file.name else file for file in files]
    packages = {
        package
        for file in files
        for package in re.findall(r"^([\w.-]+)==", read(file), re.MULTILINE)
    }
    assert "aiomqtt" in packages
    assert [name for name in sorted(packages) if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("text", [README, STORE_PAGE, DOCS], ids=names((README, STORE_PAGE, DOCS)))
def test_an_app_is_introduced_as_an_add_on_once_and_called_app_from_then_on(text: Path) -> None:
    words = re.sub(r"`[^`]+`|called Add-ons in older versions", "", prose(read(text)))
    assert len(re.findall("add-on", words, re.IGNORECASE)) == 1
    assert "app (add-on)" in words


@pytest.mark.parametrize("text", TEXTS, ids=names(TEXTS))
def test_no_path_of_a_machine_is_shown(text: Path) -> None:
    assert re.findall(r"(?:/home/|/root/|/tmp/|/work/|/Users/)\S*", read(text)) == []
