"""Telegrams made to do harm, and what the program must never do.

Whoever has the key of a meter, or a line without ciphering, can send anything. None of it may break
topics, JSON, the log or the memory, and the honest meter on the same line is read on.
"""

import ast
import asyncio
import json
import os
import re
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.dlms import ciphering
from app.dlms.ciphering import Cipher
from app.fault import Kind
from app.meters.telegram import Telegram
from simulator import axdr, clock, links
from simulator.ciphering import AUTH_KEY, KEY, Ciphering
from simulator.meters import obis_bytes
from simulator.wires import TcpServer
from tests.support.mosquitto import TIMEOUT, Mosquitto, Seen
from tests.support.program import ADDON, Program, options, running
from tests.support.pushing import Pushing
from tests.support.simulated import Adapter, SimulatedMeter
from tests.support.telegrams import BOTH_KEYS, NOON, ZONE, decoder, notification

LONGEST_MESSAGE = 20_000
LONGEST_LINE = 4_000
GROWTH = 12_000
"""Kilobytes: several copies of the longest telegram, and what Python keeps for later."""

TOPIC = re.compile(
    r"(smartmeter(/[a-z0-9_-]{1,64})?/status|smartmeter/[a-z0-9_-]{1,64}/(state|details|diagnostics)"
    r"|smartmeter/line/1/diagnostics"
    r"|homeassistant/device/(smartmeter_[a-z0-9_-]{1,64}|smartmeter-reader_smartmeter)/config)"
)
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (INFO|NOTICE|WARNING|ERROR) +\S")

STRINGS = {
    "wildcards": "+/#",
    "slashes": "../../homeassistant/status",
    "a system topic": "$SYS/broker",
    "quotes": '","number":"x","x":{"y":"',
    "a JSON object": '{"power": 9999}',
    "new lines": "7\n2026-11-21 12:00:00 CRITICAL forged\r\nforged too",
    "control characters": "7\x00\x07\x1b[2J\x1b]0;forged\x07\x7f\x9b",
    "other letters": "Zähler Süd ☃ 表",
    "text that turns": "7\u202eforged\u2066\u200b",
    "a template": "{{ states('lock.door') }}{% for x in range(9**9) %}",
    "a format": "%s%n{0.__class__}",
    "64 KB": "7" * 65_000,
    "64 KB of wildcards": "#" * 65_000,
    "nothing": "",
    "blanks": " " * 300,
}


def row(code: str, value: axdr.Node, scaler: int = 0, unit: int = 27) -> tuple[axdr.Node, ...]:
    """Give a code, its value, and its scaler and unit."""
    scale = axdr.structure(axdr.int8(scaler), axdr.enum(unit))
    return axdr.octet_string(obis_bytes(code)), value, scale


def nested(depth: int) -> axdr.Raw:
    return axdr.Raw(b"\x02\x01" * depth + b"\x00")


POWER = row("1-0:1.7.0", axdr.uint32(321))
NUMBER = axdr.octet_string(obis_bytes("0-0:96.1.0"))
UTF8 = axdr.Type.UTF8_STRING

BODIES: dict[str, tuple[axdr.Body, ...]] = {
    **{
        f"{kind} as the number": (NUMBER, axdr.Node(UTF8, text), *POWER)
        for kind, text in STRINGS.items()
    },
    **{
        f"{kind} as the name, in octets": (
            axdr.octet_string(obis_bytes("0-0:42.0.0")),
            axdr.octet_string(text.encode()),
            *POWER,
        )
        for kind, text in STRINGS.items()
    },
    "text as a power": (*row("1-0:1.7.0", axdr.Node(UTF8, '1,"power":2')), *POWER[:1]),
    "nesting of 16": (*POWER, nested(14)),
    "nesting of 1000": (*POWER, nested(1000)),
    "a string longer than the telegram": (*POWER, axdr.Raw(b"\x0a\x84\xff\xff\xff\xff7")),
    "a list longer than the telegram": (*POWER, axdr.Raw(b"\x01\x83\xff\xff\xff")),
    "bits longer than the telegram": (*POWER, axdr.Raw(b"\x04\x84\xff\xff\xff\xff\x00")),
    "a compact array of arrays without end": (
        *POWER,
        axdr.Raw(b"\x13" + b"\x01\xff\xff" * 10 + b"\x11\x82\xff\xff" + bytes(9)),
    ),
    "30000 nulls": (*POWER, *[axdr.null()] * 30_000),
    "a number of 19 digits, times 10 to 127": row(
        "1-0:1.8.0", axdr.Node(axdr.Type.INT64, 2**63 - 1), 127, 30
    ),
    "a number by 10 to 128": row("1-0:1.8.0", axdr.Node(axdr.Type.INT64, -(2**63)), -128, 30),
    "no number": row("1-0:1.7.0", axdr.Node(axdr.Type.FLOAT64, float("nan"))),
    "infinity": row("1-0:1.7.0", axdr.Node(axdr.Type.FLOAT32, float("-inf"))),
    "the greatest float": row("1-0:1.7.0", axdr.Node(axdr.Type.FLOAT64, 1.7e308), 127),
    "truth as a power": row("1-0:1.7.0", axdr.Node(axdr.Type.BOOLEAN, value=True)),
}
"""By what is hostile about them."""


class Sender:
    """Somebody with the keys, who sends whatever can be sent."""

    def __init__(self) -> None:
        self._counter = 0
        self._link = links.Hdlc(blocks=(1500,))
        self._moment = clock.date_time(NOON.astimezone(ZONE), clock.COMPLETE)

    def frames(self, *body: axdr.Body, title: bytes = b"EVL\x00\x00\x00\x00\x01") -> bytes:
        self._counter += 1
        plain = notification(*body, time=self._moment)
        cipher = Ciphering(KEY, AUTH_KEY, authenticated=True)
        apdu = cipher.protect(plain, system_title=title, counter=self._counter)
        return b"".join(self._link.frames(apdu))


def constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def see_nothing_broke(messages: list[Seen], program: Program) -> None:
    for seen in messages:
        assert TOPIC.fullmatch(seen.topic), seen.topic
        assert len(seen.payload) < LONGEST_MESSAGE, seen.topic
        if not seen.topic.endswith("/status"):
            found = json.loads(seen.payload, parse_constant=constant)
            assert isinstance(found, dict)
            assert found.get("power") != 9999
        elif seen.payload:
            assert seen.payload in ("online", "offline")
    for line in program.lines:
        assert LINE.match(line), line
        assert len(line) < LONGEST_LINE, line
        assert line.rstrip("\n").isprintable(), line


async def test_no_telegram_breaks_topics_json_the_log_or_memory(
    broker: Mosquitto, tmp_path: Path
) -> None:
    sender = Sender()
    with closing(await TcpServer.listen(0)) as gateway:
        meter = SimulatedMeter(gateway, "e450", zone=UTC)
        honest = Pushing(meter)
        given = options(broker, f"tcp://127.0.0.1:{gateway.port}")
        async with broker.watch() as home, running(given, tmp_path) as program:
            await program.ready()
            async with asyncio.timeout(TIMEOUT):
                await gateway.clients(1)
            await honest.next(home)
            before = program.resident
            for kind, body in BODIES.items():
                gateway.write(sender.frames(*body))
                assert await honest.next(home) < TIMEOUT, kind
            for title in (b'+/#\n\r\x00\x1b"', b"\xff" * 8, b'{"a":"b"'):
                gateway.write(sender.frames(*POWER, title=title))
                await honest.next(home)
            assert program.resident - before < GROWTH
            see_nothing_broke(home.messages, program)
            assert (await program.stop()).status == 0
        ids = {seen.topic.split("/")[1] for seen in home.messages if "/state" in seen.topic}
        assert len(ids) > 3  # what is well-formed was read, under a name that does no harm
        assert {"homeassistant", "_", ""}.isdisjoint(ids)
    kept = json.loads((tmp_path / "state.json").read_text("utf-8"))
    assert (tmp_path / "state.json").stat().st_size < 200_000
    assert kept["version"] == 2


@pytest.mark.parametrize("kind", BODIES)
def test_after_a_hostile_telegram_the_next_is_read(kind: str) -> None:
    made, sender = decoder(), Sender()
    heard = made.feed(sender.frames(*BODIES[kind]))
    assert heard
    (good,) = made.feed(sender.frames(*POWER))
    assert isinstance(good, Telegram)
    assert good.reading is not None
    assert good.reading.values == {"power_import": 321}


# Tags


class Counting:
    """AES-GCM that counts how often it is asked, and for how much."""

    def __init__(self, gcm: AESGCM) -> None:
        self._gcm = gcm
        self.work: list[int] = []

    def encrypt(self, nonce: bytes, data: bytes, additional: bytes | None) -> bytes:
        self.work.append(len(data))
        return self._gcm.encrypt(nonce, data, additional)


def test_a_wrong_tag_takes_as_much_work_as_a_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is compared by the standard library's function whose time tells nothing."""
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(ciphering, "compare_digest", compare)
    apdu = Ciphering(KEY, AUTH_KEY, authenticated=True).protect(
        notification(*POWER), system_title=b"EVL\0\0\0\0\1", counter=7
    )
    work = []
    for flipped in (None, -1, -6, -12):
        sent = bytearray(apdu)
        if flipped is not None:
            sent[flipped] ^= 1
        cipher = Cipher(BOTH_KEYS)
        counting = Counting(AESGCM(KEY))
        monkeypatch.setattr(ciphering, "_gcm", {KEY: counting}.__getitem__)
        _, authenticated = cipher.open(ciphering.parse(bytes(sent)))
        assert authenticated is (flipped is None)
        work.append(counting.work)
    assert work == [work[0]] * 4
    assert [len(one) for one, _ in compared] == [ciphering.TAG_SIZE] * 4


@pytest.mark.parametrize("byte", range(1, 13))
def test_a_telegram_with_a_wrong_tag_gives_no_value(byte: int) -> None:
    sent = bytearray(
        Ciphering(KEY, AUTH_KEY, authenticated=True).protect(
            notification(*POWER), system_title=b"EVL\0\0\0\0\1", counter=7
        )
    )
    sent[-byte] ^= 0x80
    (told,) = decoder().feed(links.Hdlc().frames(bytes(sent))[0])
    assert isinstance(told, Telegram)
    assert told.fault is not None
    assert told.fault.kind is Kind.AUTH_KEY_WRONG
    assert told.reading is None
    assert told.registers is None


# No port, no process


def listening(pid: int) -> list[str]:
    """Give the sockets of a process that wait for somebody to call."""
    own = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile: the folder's own, for one
            own.add(str(entry.readlink()))
    found = []
    for table, state in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        for line in Path(f"/proc/{pid}/net/{table}").read_text("ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == state and f"socket:[{fields[9]}]" in own:
                found.append(line)
    return found


def children(pid: int) -> str:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return "".join((task / "children").read_text("ascii") for task in tasks)


async def test_the_program_opens_no_port_and_starts_no_process(
    broker: Mosquitto, adapter: Adapter, tmp_path: Path
) -> None:
    stream = Pushing(SimulatedMeter(adapter, "kaifa", zone=UTC))
    async with (
        broker.watch() as home,
        running(options(broker, adapter.path), tmp_path) as program,
    ):
        await program.ready()
        await stream.next(home)
        assert listening(program.pid) == []
        assert children(program.pid) == ""


async def test_the_check_for_open_ports_finds_one() -> None:
    async with await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1"):
        assert listening(os.getpid())


FORBIDDEN = {
    *("subprocess", "multiprocessing", "pickle", "marshal", "shelve", "ctypes", "pty", "code"),
    *("os.system", "os.popen", "os.fork", "eval", "exec", "compile", "__import__", "yaml"),
    *("create_subprocess_exec", "create_subprocess_shell", "start_server", "create_server"),
    *("os.execv", "os.spawnv", "os.posix_spawn", "start_unix_server", "socketserver"),
}


def names(tree: ast.Module) -> Iterator[str]:
    """Give what a module imports, and what it calls."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (alias.name.partition(".")[0] for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                yield module.partition(".")[0]
                yield from (alias.name for alias in node.names)
            case ast.Call(func=ast.Name(id=name)):
                yield name
            case ast.Call(func=ast.Attribute(attr=name, value=ast.Name(id=of))):
                yield f"{of}.{name}"
                if of != "re":
                    yield name


@pytest.mark.parametrize(
    "path", sorted((ADDON / "app").rglob("*.py")), ids=lambda path: str(path.relative_to(ADDON))
)
def test_no_module_imports_or_calls_what_runs_code_or_opens_a_server(path: Path) -> None:
    found = FORBIDDEN & set(names(ast.parse(path.read_text("utf-8"))))
    assert found == ({"create_server"} if path.parts[-2:] == ("page", "server.py") else set())


@pytest.mark.parametrize("code", ["import subprocess", "os.system(x)", "asyncio.start_server()"])
def test_the_check_for_forbidden_calls_finds_them(code: str) -> None:
    assert not FORBIDDEN.isdisjoint(names(ast.parse(code)))
