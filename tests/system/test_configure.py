"""``configure`` as a user meets it: a terminal, a meter on a line, a broker."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.transport.mode_search import GAP
from simulator.ciphering import AUTH_KEY, KEY
from tests.support.configuring import (
    ADDON,
    NO_ADAPTERS,
    ROOT,
    Terminal,
    adapters,
    configuring,
    simulated,
)
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.program import bare_environment, running
from tests.support.telegrams import telegram

FAST = ("--interval", "0.5", "--pace", "0")
ADAPTER = "usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
STICK = "usb-ITead_Sonoff_Zigbee_3.0_USB_Dongle_Plus-if00-port0"
WRONG = "A5" * 16
PASSWORD = "not this one"


@pytest.fixture
def serial(tmp_path: Path) -> Path:
    """Give the folder that stands for /dev/serial/by-id."""
    folder = tmp_path / "by-id"
    folder.mkdir()
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give the folder in which the user is."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@contextmanager
def set_up(
    home: Path, serial: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """Run ``configure`` where one adapter is plugged in."""
    world = adapters(serial, (ADAPTER, "FT232R USB UART"))
    given = ("--options", "options.json", *arguments)
    with configuring(home, *given, environment=environment, before=world) as user:
        yield user


def log_in(user: Terminal, broker: Mosquitto) -> None:
    """Answer the questions about the broker."""
    user.answers("IP address of the broker", broker.host)
    user.answers("Port [1883]", str(broker.port))
    user.answers("User name [none]", broker.username)
    user.answers(f"Password of {broker.username}", broker.password)
    user.sees("lets this program in")


def finish(user: Terminal) -> None:
    user.answers("Write the options to", "")
    user.sees("The options are written.")
    assert user.ends() == 0


def options(home: Path) -> dict[str, Any]:
    file = home / "options.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return content


def shows_no_secret(user: Terminal, *secrets: str) -> None:
    for secret in (KEY.hex(), AUTH_KEY.hex(), WRONG, PASSWORD, Mosquitto.password, *secrets):
        assert secret.lower() not in user.written.lower()


# From nothing to the first telegram


async def test_a_ciphered_meter_whose_keys_and_password_are_mistyped_first(
    home: Path, serial: Path, broker: Mosquitto
) -> None:
    with simulated(serial / ADAPTER, "e450", "--list", "burgenland", *FAST):
        with set_up(home, serial) as user:
            user.sees(f"1 {serial / ADAPTER} (FT232R USB UART)")
            user.answers("The meter is at [1]:", "")
            user.sees("2400 8E1:")
            user.sees("A telegram: HDLC, 105 bytes, 2400 8E1.")
            user.sees("ciphered by the meter with system title 4c475a677012d687 (LGZ)")
            user.answers("Encryption key", "12345")
            user.sees("That were 5 characters")
            user.answers("Encryption key", WRONG)
            user.sees("This is not the key of this meter.")
            user.answers("Encryption key", KEY.hex())
            user.sees("The key fits.")
            user.answers("Authentication key", WRONG)
            user.sees("not the authentication key of this meter, though the encryption key")
            user.answers("Authentication key", AUTH_KEY.hex())
            user.sees("The authentication key fits.")
            user.sees("It is a Landis+Gyr E450, number 01234567: Energy import 5341.")
            user.answers("Name of the meter in Home Assistant [Landis+Gyr E450]", "Cellar")
            user.answers("another meter, at a line of its own? [y/N]", "perhaps")
            user.sees("Please answer y or n.")
            user.answers("another meter", "n")
            user.answers("IP address of the broker", broker.host)
            user.answers("Port [1883]", str(broker.port))
            user.answers("User name [none]", "")
            user.sees("wants a user name and a password")
            user.answers("User name [none]", broker.username)
            user.answers("Password of addons", PASSWORD)
            user.sees("refuses this user name or this password")
            user.answers("User name [addons]", "")
            user.answers("Password of addons", broker.password)
            user.sees("lets this program in")
            assert not (home / "options.json").exists()
            finish(user)
            shows_no_secret(user)
        assert options(home) == {
            "device": str(serial / ADAPTER),
            "key": KEY.hex(),
            "auth_key": AUTH_KEY.hex(),
            "name": "Cellar",
            "mqtt": {
                "host": broker.host,
                "port": broker.port,
                "username": broker.username,
                "password": broker.password,
            },
            "language": "en",
        }
        async with running(json.dumps(options(home)), home) as program:
            await program.logs("connected to the MQTT broker")
            await program.logs("first telegram of Landis+Gyr E450 01234567")


@pytest.mark.parametrize(
    ("family", "variant", "shown"),
    [
        ("kaifa-nordic", "norway-13", "A telegram: HDLC"),
        ("dsmr", "dsmr5", "A telegram: P1"),
        ("dsmr2", "dsmr2", "A telegram: P1"),
    ],
)
async def test_a_meter_in_the_clear_wants_no_key(
    home: Path, serial: Path, broker: Mosquitto, family: str, variant: str, shown: str
) -> None:
    with simulated(serial / ADAPTER, family, "--list", variant, *FAST):
        with set_up(home, serial) as user:
            user.answers("The meter is at [1]:", "1")
            user.sees(shown)
            user.sees("not ciphered, so no key is needed")
            user.answers("Name of the meter", "")
            user.answers("another meter", "")
            log_in(user, broker)
            finish(user)
            assert "Encryption key" not in user.text
        assert options(home).keys() == {"device", "mqtt", "language"}
        async with running(json.dumps(options(home)), home) as program:
            await program.logs("first telegram of")


@pytest.mark.parametrize(
    ("family", "variant"),
    [("kaifa", "tinetz"), ("sagemcom-p1", "styria"), ("am550", "swiss-ciphered")],
)
def test_other_ciphered_meters(
    home: Path, serial: Path, broker: Mosquitto, family: str, variant: str
) -> None:
    with (
        simulated(serial / ADAPTER, family, "--list", variant, *FAST),
        set_up(home, serial) as user,
    ):
        user.answers("The meter is at [1]:", "")
        user.answers("Encryption key", WRONG)
        user.sees("This is not the key of this meter.")
        user.answers("Encryption key", KEY.hex(" ").upper())
        user.sees("The key fits.")
        if family == "sagemcom-p1":
            user.answers("Authentication key", AUTH_KEY.hex())
            user.sees("The authentication key fits.")
        user.answers("Name of the meter", "")
        user.answers("another meter", "")
        log_in(user, broker)
        finish(user)
        shows_no_secret(user)


def test_a_german_sees_german(home: Path, serial: Path, broker: Mosquitto) -> None:
    with (
        simulated(serial / ADAPTER, "dsmr", *FAST),
        set_up(home, serial, environment={"LC_ALL": "", "LANG": "de_AT.UTF-8"}) as user,
    ):
        user.answers("Der Zähler hängt an [1]:", "")
        user.sees("Bezug 5341.")
        user.answers("Name des Zählers in Home Assistant", "Zähler im Keller")
        user.answers("noch einen Zähler", "nein")
        user.answers("IP-Adresse des Brokers", broker.host)
        user.answers("Port [1883]", str(broker.port))
        user.answers("Benutzername [keiner]", broker.username)
        user.answers("Passwort von addons", broker.password)
        user.answers("schreiben? [J/n]", "J")
        user.sees("Die Optionen sind geschrieben.")
        assert user.ends() == 0
    assert options(home)["name"] == "Zähler im Keller"
    assert options(home)["language"] == "de"


# What can be wrong with the line


def test_no_adapter_is_plugged_in_until_one_is(home: Path, serial: Path) -> None:
    world = adapters(serial, (ADAPTER, "FT232R USB UART")) + (
        "every = list_ports.comports\n"
        f"here = Path({str(serial / ADAPTER)!r}).exists\n"
        "list_ports.comports = lambda: every() if here() else []\n"
    )
    with configuring(home, "--options", "o", before=world) as user:
        user.sees("No serial adapter is plugged in.")
        user.answers("The meter is at:", "")
        user.sees("No serial adapter is plugged in.")
        user.answers("The meter is at:", "what?")
        user.sees("That is neither one of the numbers")
        with simulated(serial / ADAPTER, "dsmr", *FAST):
            user.answers("The meter is at:", "")
            user.answers("The meter is at [1]:", "")
            user.sees("A telegram: P1")


def test_a_radio_stick_is_named_and_never_proposed(home: Path, serial: Path) -> None:
    names = [(STICK, "Sonoff Zigbee 3.0 USB Dongle Plus"), (ADAPTER, "FT232R USB UART")]
    with (
        simulated(serial / ADAPTER, "dsmr", *FAST),
        simulated(serial / STICK, "dsmr", *FAST),
        configuring(home, "--options", "o", before=adapters(serial, *names)) as user,
    ):
        user.sees(f"1 {serial / ADAPTER} (FT232R USB UART)")
        user.sees("looks like the radio stick of another program")
        user.answers("The meter is at [1]:", "3")
        user.sees("That is neither one of the numbers")
        user.answers("The meter is at [1]:", "")
        user.sees(f"Listening to {serial / ADAPTER}.")


@pytest.fixture
def silent(serial: Path) -> Iterator[int]:
    """Give the other end of an adapter's line, over which nothing comes by itself."""
    controller, terminal = os.openpty()
    (serial / ADAPTER).symlink_to(os.ttyname(terminal))
    yield controller
    os.close(controller)
    os.close(terminal)


@pytest.mark.usefixtures("silent")
def test_a_silent_meter(home: Path, serial: Path, broker: Mosquitto) -> None:
    with set_up(home, serial, "--seconds", "1") as user:
        user.answers("The meter is at [1]", "")
        user.sees("2400 8E1: nothing yet")
        user.sees("Nothing came from the meter.")
        user.sees("1 listen once more 2 choose another line 3 go on without")
        user.answers("What now? [1]", "")
        user.sees("Nothing came from the meter.")
        user.answers("What now?", "2")
        user.answers("The meter is at", str(serial / ADAPTER))
        user.answers("What now?", "4")
        user.sees("answer with one of the numbers")
        user.answers("What now?", "3")
        user.sees("no key can be tried")
        user.answers("Encryption key", KEY.hex())
        user.answers("Name of the meter", "")
        user.answers("another meter", "")
        log_in(user, broker)
        finish(user)
    assert options(home)["key"] == KEY.hex()


def test_bytes_that_are_no_telegram(home: Path, serial: Path, silent: int) -> None:
    with set_up(home, serial, "--seconds", "2", "--serial-mode", "9600 8N1") as user:
        user.answers("The meter is at [1]", "")
        user.sees("9600 8N1: nothing yet")
        os.write(silent, bytes(range(0x80, 0xB0)))
        user.sees("48 bytes")
        user.sees("a8 a9 aa ab ac ad ae af")
        user.sees("Bytes came, but no telegram that can be read.")


def test_a_mode_that_gives_no_telegram_is_followed_by_the_next(
    home: Path, serial: Path, silent: int
) -> None:
    with set_up(home, serial) as user:
        user.answers("The meter is at [1]", "")
        user.sees("2400 8E1: nothing yet")
        for _ in range(2):
            time.sleep(1.2 * GAP)
            os.write(silent, bytes(range(0x80, 0xB0)))
        user.sees("2400 8E1: 96 bytes")
        user.sees("9600 8N1: nothing yet")
        os.write(silent, telegram("kaifa-nordic", "norway-13").data)
        user.sees("A telegram: HDLC")
        user.sees("9600 8N1.")
        (shown,) = [line for line in user.screen.lines if line.startswith("  2400 8E1:")]
        assert shown.endswith("a8 a9 aa ab ac ad ae af")


def until_it_listens(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)


def test_a_gateway(home: Path, broker: Mosquitto) -> None:
    port = free_port()
    command = [sys.executable, "-m", "simulator", "--meter", "kaifa", "--tcp", str(port), *FAST]
    meter = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        until_it_listens(port)
        with configuring(home, "--options", "options.json") as user:
            user.answers("The meter is at", f"tcp://127.0.0.1:{port}")
            user.answers("Encryption key", KEY.hex())
            user.answers("Name of the meter", "")
            user.answers("another meter", "")
            log_in(user, broker)
            finish(user)
    finally:
        meter.kill()
        meter.wait()
    assert options(home)["url"] == f"tcp://127.0.0.1:{port}"
    assert "device" not in options(home)


def test_an_adapter_that_another_program_reads(home: Path, serial: Path) -> None:
    with simulated(serial / ADAPTER, "dsmr", *FAST), set_up(home, serial) as user:
        other = os.open(serial / ADAPTER, os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(other, fcntl.LOCK_EX)
        user.answers("The meter is at [1]", "")
        user.sees("Another program has")
        user.sees("sudo systemctl stop smartmeter")
        os.close(other)
        user.answers("What now? [1]", "")
        user.sees("A telegram: P1")


NOBODY = """
import os
import app.cli
import app.commands.configure
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
"""
as_nobody = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def public() -> Iterator[Path]:
    """Give a folder that everybody may look into."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@as_nobody
def test_an_adapter_that_the_user_may_not_open(public: Path) -> None:
    world = adapters(public, (ADAPTER, "FT232R USB UART")) + NOBODY
    with (
        simulated(public / ADAPTER, "dsmr", *FAST),
        configuring(public, "--options", "o", before=world) as user,
    ):
        (public / ADAPTER).resolve().chmod(0o600)
        user.answers("The meter is at [1]", "")
        user.sees("You may not open")
        user.sees("dialout")


@as_nobody
def test_options_that_the_user_may_not_read(public: Path) -> None:
    (public / "options.json").write_text("{}")
    (public / "options.json").chmod(0o600)
    with configuring(public, "--options", "options.json", before=NO_ADAPTERS + NOBODY) as user:
        user.sees("Start the set-up with sudo.")
        assert user.ends() == 1


def test_a_device_that_is_missing_and_a_gateway_that_refuses(home: Path) -> None:
    with configuring(home, "--options", "o") as user:
        user.answers("The meter is at", "/dev/serial/by-id/usb-none")
        user.sees("There is no /dev/serial/by-id/usb-none.")
        user.answers("What now?", "2")
        user.answers("The meter is at", f"tcp://127.0.0.1:{free_port()}")
        user.sees("refuses the connection.")
        user.answers("What now?", "2")
        user.answers("The meter is at", "/dev/null")
        user.sees("/dev/null is no serial device.")


# What can be wrong with the broker


def test_a_broker_that_is_away(home: Path, serial: Path, broker: Mosquitto) -> None:
    broker.stop()
    with simulated(serial / ADAPTER, "dsmr", *FAST), set_up(home, serial) as user:
        user.answers("The meter is at [1]", "")
        user.answers("Name of the meter", "")
        user.answers("another meter", "")
        user.answers("IP address of the broker", "nobody.invalid")
        user.answers("Port", "70000")
        user.sees("A port is a number from 1 to 65535.")
        user.answers("Port", "1883")
        user.answers("User name", "")
        user.sees("The name nobody.invalid is not known in the network.")
        user.answers("IP address of the broker, like 192.168.1.10 [nobody.invalid]", broker.host)
        user.answers("Port [1883]", str(broker.port))
        user.answers("User name", "")
        user.sees(f"Nothing answers at {broker.host}:{broker.port}.")
        broker.start()
        user.answers("IP address of the broker", "")
        user.answers("Port", "")
        user.answers("User name", broker.username)
        user.answers("Password", broker.password)
        user.sees("lets this program in")
        finish(user)


# Scripts


def script(
    home: Path, *arguments: str, world: str = NO_ADAPTERS, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run it without a terminal; what it might read would be an answer."""
    code = f"import sys\nsys.path.insert(0, {str(ADDON)!r})\n{world}\n"
    code += "import app.cli\nsys.exit(app.cli.main())"
    return subprocess.run(
        [sys.executable, "-c", code, "configure", "--options", "options.json", *arguments],
        input="y\n" * 50,
        capture_output=True,
        text=True,
        check=False,
        cwd=home,
        env={**bare_environment(), "LANG": "C.UTF-8", **variables},
        timeout=60,
    )


def answers(home: Path, broker: Mosquitto, key: str = KEY.hex()) -> tuple[str, ...]:
    """Give an answer to every question, the secrets in files."""
    for name, secret in (("key", key), ("auth", AUTH_KEY.hex()), ("password", broker.password)):
        (home / name).write_text(f"{secret}\n")
    return (
        *("--key-file", "key", "--auth-key-file", "auth", "--name", "Cellar"),
        *("--mqtt-host", broker.host, "--mqtt-port", str(broker.port)),
        *("--mqtt-username", broker.username, "--mqtt-password-file", "password"),
    )


def test_with_all_answers_given_nothing_is_asked(
    home: Path, serial: Path, broker: Mosquitto
) -> None:
    given = (*answers(home, broker), "--device", str(serial / ADAPTER))
    with simulated(serial / ADAPTER, "e450", "--list", "burgenland", *FAST):
        ended = script(home, *given)
        assert (ended.returncode, ended.stderr) == (0, "")
        by_script = options(home)
        with configuring(home, "--options", "options.json", "--yes", *given) as user:
            user.sees("The options are written.")
            assert user.ends() == 0
            assert "[" not in user.text.partition("Ctrl-C")[2]
            shows_no_secret(user)
    assert options(home) == by_script
    assert by_script["key"] == KEY.hex()
    assert by_script["auth_key"] == AUTH_KEY.hex()
    assert by_script["mqtt"]["password"] == broker.password
    for secret in (KEY.hex(), AUTH_KEY.hex(), broker.password):
        assert secret not in ended.stdout
    assert "\x1b" not in ended.stdout


def test_secrets_from_the_environment(home: Path, serial: Path, broker: Mosquitto) -> None:
    (home / "password").write_text(broker.password)
    with simulated(serial / ADAPTER, "kaifa", *FAST):
        ended = script(
            home,
            world=adapters(serial, (ADAPTER, "FT232R USB UART")),
            SMARTMETER_KEY=KEY.hex(),
            SMARTMETER_MQTT_HOST=broker.host,
            SMARTMETER_MQTT_PORT=str(broker.port),
            SMARTMETER_MQTT_USERNAME=broker.username,
            SMARTMETER_MQTT_PASSWORD_FILE=str(home / "password"),
        )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert options(home)["key"] == KEY.hex()
    assert options(home)["device"] == str(serial / ADAPTER)


@pytest.mark.parametrize(
    ("left_out", "flag"),
    [
        ("--device", "--device"),
        ("--key-file", "--key-file"),
        ("--mqtt-host", "--mqtt-host"),
        ("--mqtt-password-file", "--mqtt-password-file"),
    ],
)
def test_a_missing_answer_is_named_in_one_sentence(
    home: Path, serial: Path, broker: Mosquitto, left_out: str, flag: str
) -> None:
    given = [*answers(home, broker), "--device", str(serial / ADAPTER)]
    position = given.index(left_out)
    del given[position : position + 2]
    with simulated(serial / ADAPTER, "kaifa", *FAST):
        ended = script(home, *given)
    assert ended.returncode == 2
    assert flag in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not (home / "options.json").exists()


def test_a_database_or_the_console_is_enough(home: Path, serial: Path) -> None:
    device = ("--device", str(serial / ADAPTER))
    with simulated(serial / ADAPTER, "dsmr", *FAST):
        ended = script(home, *device, "--yes", "--no-mqtt")
        assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
        assert "influxdb" in ended.stderr
        for output in (
            {"influxdb": {"url": "http://127.0.0.1:8086", "database": "house"}},
            {"console": "json"},
        ):
            for arguments in (("--yes",), ("--yes", "--no-mqtt")):
                (home / "options.json").write_text(json.dumps(output))
                ended = script(home, *device, *arguments)
                assert (ended.returncode, ended.stderr) == (0, "")
                assert options(home) == {**output, "device": device[1], "language": "en"}
        with set_up(home, serial) as user:
            user.answers("The meter is at", "")
            user.answers("Name of the meter", "")
            user.answers("another meter", "")
            user.answers("IP address of the broker, like 192.168.1.10 [none]", "")
            user.sees("Broker: none")
            finish(user)
    assert "mqtt" not in options(home)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--key-file", "key", "--no-key"), ("--key-file", "--no-key")),
        (("--device", "/dev/a", "--url", "tcp://h:1"), ("--device", "--url")),
        (("--device", "ttyUSB7"), ("ttyUSB7", "--device")),
        (("--url", "http://foo"), ("--url",)),
        (("--seconds", "nan"), ("--seconds",)),
        (("--mqtt-host", "h", "--mqtt-ca", "/ca.pem"), ("--mqtt-ca", "--mqtt-tls")),
        (("--no-mqtt", "--mqtt-host", "h"), ("--no-mqtt", "--mqtt-host")),
        (("--options", "none/options.json"), ("none",)),
        (("--options", "."), ("folder",)),
    ],
)
def test_wrong_arguments_are_refused_at_once(
    home: Path, arguments: tuple[str, ...], named: tuple[str, ...]
) -> None:
    (home / "key").write_text(KEY.hex())
    ended = script(home, *arguments)
    assert ended.returncode == 2
    last = ended.stderr.splitlines()[-1]
    assert all(one in last for one in named)
    assert "Traceback" not in ended.stderr
    assert "Listening" not in ended.stdout
    assert [file.name for file in home.iterdir()] == ["key"]


def test_a_wrong_key_and_a_wrong_password_end_a_script(
    home: Path, serial: Path, broker: Mosquitto
) -> None:
    device = ("--device", str(serial / ADAPTER))
    with simulated(serial / ADAPTER, "kaifa", *FAST):
        ended = script(home, *answers(home, broker, WRONG), *device)
        assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
        assert "not the key of this meter" in ended.stderr
        given = answers(home, broker)
        (home / "password").write_text(PASSWORD)
        ended = script(home, *given, *device)
        assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
        assert "refuses this user name or this password" in ended.stderr
        assert PASSWORD not in ended.stdout + ended.stderr
    assert not (home / "options.json").exists()


@pytest.mark.usefixtures("silent")
def test_a_silent_line_ends_a_script_unless_it_may_be_silent(
    home: Path, serial: Path, broker: Mosquitto
) -> None:
    given = [*answers(home, broker), "--device", str(serial / ADAPTER), "--seconds", "0.5"]
    ended = script(home, *given)
    assert ended.returncode == 1
    assert "Nothing came from the meter." in ended.stderr
    ended = script(home, *given, "--accept-silence")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert options(home)["key"] == KEY.hex()


def test_two_meters_by_arguments_into_a_file_that_is_there(
    home: Path, serial: Path, broker: Mosquitto
) -> None:
    kept = {"update_interval": 20, "log_level": "debug", "mqtt": {"base_topic": "house"}}
    (home / "options.json").write_text(json.dumps(kept))
    given = answers(home, broker)
    with (
        simulated(serial / ADAPTER, "e450", "--list", "burgenland", *FAST),
        simulated(serial / "second", "dsmr", *FAST),
    ):
        ended = script(
            home,
            *("--device", str(serial / ADAPTER), *given),
            *("--another-meter", "--device", str(serial / "second"), "--name", "Attic"),
        )
    assert (ended.returncode, ended.stderr) == (0, "")
    written = options(home)
    assert written["update_interval"] == 20
    assert written["log_level"] == "debug"
    assert written["mqtt"]["base_topic"] == "house"
    assert written["additional_meters"] == [{"device": str(serial / "second"), "name": "Attic"}]


# Ctrl-C


def begin(user: Terminal) -> None:
    user.sees("The meter is at")


def listening(user: Terminal) -> None:
    controller, terminal = os.openpty()
    silent = os.ttyname(terminal)
    user.answers("The meter is at", silent)
    user.sees("nothing yet")
    os.close(controller)
    os.close(terminal)


def asking_for_the_key(user: Terminal) -> None:
    user.answers("The meter is at", "")
    user.sees("Encryption key")
    user.types(KEY.hex()[:20], enter=False)


def asking_for_the_name(user: Terminal) -> None:
    asking_for_the_key(user)
    user.types(KEY.hex()[20:])
    user.answers("Authentication key", "")
    user.sees("Name of the meter")


def asking_for_the_port(user: Terminal) -> None:
    asking_for_the_name(user)
    user.types("")
    user.answers("another meter", "")
    user.answers("IP address of the broker", Mosquitto.host)
    user.sees("Port")


def asking_whether_to_write(user: Terminal, broker: Mosquitto) -> None:
    asking_for_the_port(user)
    user.types(str(broker.port))
    user.answers("User name", broker.username)
    user.answers("Password", broker.password)
    user.sees("Write the options to")


@pytest.mark.parametrize(
    ("until", "end"),
    [
        *((begin, end) for end in ("interrupt", "terminate", "end of input")),
        *((listening, end) for end in ("interrupt", "terminate")),
        *((asking_for_the_key, end) for end in ("interrupt", "terminate")),
        (asking_for_the_name, "interrupt"),
        *((asking_for_the_port, end) for end in ("interrupt", "end of input")),
    ],
)
def test_whenever_it_is_ended_all_stays_as_it_was(
    home: Path, serial: Path, until: Callable[[Terminal], None], end: str
) -> None:
    before = '{"mqtt": {"host": "kept"}}'
    (home / "options.json").write_text(before)
    arguments = ("--interval", "0.5", "--pace", "0", "--list", "burgenland")
    with simulated(serial / ADAPTER, "e450", *arguments), set_up(home, serial) as user:
        until(user)
        if end == "interrupt":
            user.interrupts()
        elif end == "terminate":
            user.signals(signal.SIGTERM)
        else:
            user.types("\x04", enter=False)
        user.sees("The set-up was ended. Nothing was written.")
        assert user.ends() == 130
        assert user.echoes
        shows_no_secret(user, KEY.hex()[:20])
    assert (home / "options.json").read_text() == before
    assert [file.name for file in home.iterdir()] == ["options.json"]


def test_it_can_be_ended_while_the_broker_does_not_answer(
    home: Path, serial: Path, broker: Mosquitto
) -> None:
    with simulated(serial / ADAPTER, "dsmr", *FAST), set_up(home, serial) as user:
        user.answers("The meter is at", "")
        user.answers("Name of the meter", "")
        user.answers("another meter", "")
        user.answers("IP address of the broker", broker.host)
        user.answers("Port", str(broker.port))
        with broker.stalled():
            user.answers("User name", "")
            user.sees("Logging in at")
            assert not user.ended_within(0.5)
            user.interrupts()
            user.sees("The set-up was ended. Nothing was written.")
            assert user.ends() == 130
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("answer", ["n", "\x03"])
def test_until_the_last_question_nothing_is_written(
    home: Path, serial: Path, broker: Mosquitto, answer: str
) -> None:
    arguments = ("--interval", "0.5", "--pace", "0", "--list", "burgenland")
    with simulated(serial / ADAPTER, "e450", *arguments), set_up(home, serial) as user:
        asking_whether_to_write(user, broker)
        user.types(answer, enter=answer == "n")
        user.sees("Nothing was written.")
        assert user.ends() == (1 if answer == "n" else 130)
    assert list(home.iterdir()) == []


@pytest.mark.usefixtures("silent")
def test_what_is_typed_while_nothing_is_asked_is_neither_shown_nor_taken(
    home: Path, serial: Path
) -> None:
    with set_up(home, serial, "--seconds", "2") as user:
        user.answers("The meter is at [1]", "")
        user.sees("nothing yet")
        user.types(f"{KEY.hex()}\n3")
        user.sees("What now? [1]:")
        assert not user.ended_within(0.5)
        assert KEY.hex() not in user.written
        user.types("2")
        user.sees("The meter is at")


@pytest.mark.parametrize(
    "module", ["argparse", "voluptuous", "app.cli", "paho.mqtt", "app.decoder"]
)
def test_ctrl_c_while_it_is_loaded_has_no_traceback(home: Path, module: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "app", "configure", "--options", home / "o"],
        cwd=ADDON,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    assert any(line.rstrip().endswith(f" {module}") for line in process.stderr)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors
    assert list(home.iterdir()) == []


def test_the_terminal_is_given_back_as_it_was(home: Path, serial: Path, broker: Mosquitto) -> None:
    with simulated(serial / ADAPTER, "dsmr", *FAST), set_up(home, serial) as user:
        user.answers("The meter is at [1]", "")
        user.answers("Name of the meter", "")
        user.answers("another meter", "")
        log_in(user, broker)
        finish(user)
        assert termios.tcgetattr(user.terminal) == user.settings
