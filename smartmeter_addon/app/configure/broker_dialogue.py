"""The part of the dialogue about the MQTT broker: it ends with a login that worked."""

from collections.abc import Mapping, MutableMapping
from typing import Any, Final

from app.config import checks
from app.config.options import (
    MQTT_PORT,
    MQTT_TLS_PORT,
    MqttOptions,
    OptionsError,
    parse,
)
from app.configure import raw
from app.configure.interview import Interview, Question, SetupError, yes_no
from app.configure.raw import Raw
from app.configure.steps import Ask, Form, LoggedIn, LogIn, Say, Steps
from app.meters.profile import AUTO
from app.mqtt.explain import Cause

_MAX_PORT: Final = 65535
_LOGIN: Final = frozenset({Cause.LOGIN_WANTED, Cause.LOGIN_WRONG})


_HOST_FLAG: Final = "--mqtt-host"
_PASSWORD_FLAG: Final = "--mqtt-password-file"  # noqa: S105 - no password


def require_answers(
    interview: Interview, given: Mapping[str, str], known: Mapping[str, Any]
) -> None:
    """See to it that what is given about the broker goes together, before anything is tried.

    Of a script, also that it has said all: nobody can be asked later.

    Args:
        interview: asks.
        given: answers by the names of questions.
        known: the group ``mqtt`` in the file.

    Raises:
        SetupError: an answer is missing, or contradicts another one.
    """
    if given.get("mqtt_ca") and not _is_encrypted(given, known):
        raise SetupError(Say("given.ca_without_tls", {"flag": "--mqtt-ca", "tls": "--mqtt-tls"}), 2)
    interview.require("mqtt_host", _HOST_FLAG, given, raw.text_of(known, "host"))
    user = raw.text_of(known, "username")
    chosen = given.get("mqtt_username", user)
    if chosen:
        kept = known.get("password") if chosen == user else ""
        interview.require("mqtt_password", _PASSWORD_FLAG, given, str(kept or ""))


def _is_encrypted(given: Mapping[str, str], known: Mapping[str, Any]) -> bool:
    return given["mqtt_tls"] == "yes" if "mqtt_tls" in given else known.get("tls") is True


def ask_broker(
    interview: Interview, given: MutableMapping[str, str], known: Mapping[str, Any]
) -> Steps[Raw]:
    """Ask about the broker until a login has worked.

    Args:
        interview: asks.
        given: answers by the names of questions.
        known: the group ``mqtt`` in the file.

    Returns:
        The group, with the options that were not asked about.

    Raises:
        SetupError: see `Interview`.
    """
    group = dict(known)
    login_only = False
    while True:
        if not login_only:
            yield from _ask_place(interview, given, group)
        yield from _ask_account(interview, given, group)
        broker = _options(group)
        result: LoggedIn = yield LogIn(broker)
        if not result.failed:
            break
        yield from interview.tell(_refusal(result, broker))
        login_only = result.cause in _LOGIN
        if login_only:
            raw.put(group, "password", "")
    yield Say("broker.fits", {"host": broker.host, "port": broker.port})
    for topic in result.unheard:
        beginning, _, _ = topic.partition("/")
        yield Say("broker.unheard", {"topic": topic, "filter": f"{beginning}/#"})
    return group


def _ask_place(interview: Interview, given: MutableMapping[str, str], group: Raw) -> Steps[None]:
    """Ask where the broker is, and whether the connection is encrypted."""
    host = Question(
        Ask("mqtt_host", enter=raw.text_of(group, "host") or None),
        lambda text: raw.checked(checks.host, _wanted(text)),
        _HOST_FLAG,
        raw.text_of(group, "host") or None,
    )
    group["host"] = yield from interview.ask(host, given)
    ca = given.pop("mqtt_ca", "")
    raw.put(group, "ca", ca or raw.text_of(group, "ca"))
    is_tls = group.get("tls") is True
    usual = str(group.get("port") or (MQTT_TLS_PORT if is_tls or ca else MQTT_PORT))
    port = Question(Ask("mqtt_port", enter=usual), _parse_port, "--mqtt-port", usual)
    group["port"] = yield from interview.ask(port, given)
    # By its port, as hardly anybody has to be asked.
    if "mqtt_tls" in given or (group["port"] == MQTT_TLS_PORT and not is_tls):
        group["tls"] = yield from interview.ask(
            yes_no("mqtt_tls", "--mqtt-tls, --no-mqtt-tls", enter=True), given
        )


def _ask_account(interview: Interview, given: MutableMapping[str, str], group: Raw) -> Steps[None]:
    """Ask as whom to log in."""
    known = raw.text_of(group, "username")
    username = Question(
        Ask("mqtt_username", enter=known or Say("enter.none")),
        lambda text: raw.checked(checks.text("a user name"), text),
        "--mqtt-username",
        known,
    )
    name = yield from interview.ask(username, given)
    raw.put(group, "username", name)
    password = group.get("password") if name == known else None
    text = ""
    if name:
        question = Question(
            Ask(
                "mqtt_password",
                Form.SECRET,
                {"user": name},
                Say("enter.known") if password else None,
            ),
            lambda text: _password(_wanted(text)),
            _PASSWORD_FLAG,
            password if isinstance(password, str) and password else None,
        )
        text = yield from interview.ask(question, given)
    raw.put(group, "password", text)


def _options(group: Raw) -> MqttOptions:
    """Give the options of the group, checked as a whole.

    Raises:
        SetupError: some do not go together.
    """
    try:
        return parse({"mqtt": group}, [AUTO]).mqtt
    except OptionsError as error:
        raise SetupError(Say("options.wrong", {"problems": "; ".join(error.problems)})) from None


def _refusal(result: LoggedIn, broker: MqttOptions) -> Say:
    if result.cause is None:
        return Say("broker.other", {"reason": result.reason})
    parameters = {"host": broker.host, "port": broker.port, "words": result.words}
    return Say(f"broker.{result.cause.name.lower()}", parameters)


def _parse_port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= _MAX_PORT:
        raise ValueError("a port is from 1 to 65535")
    return port


def _password(text: str) -> str:
    """Check a password, and leave it as it is, blanks included."""
    raw.checked(checks.password, text)
    return text


def _wanted(text: str) -> str:
    if not text:
        raise ValueError("an answer is wanted")
    return text
